#include "eval/command/keep_alive.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/time.hpp"
#include "os/file.hpp"

namespace assay::eval {
namespace {

/// Seconds for a process that nobody needs any more to end by itself.
constexpr double farewell_seconds = 2;
constexpr std::size_t most_output = 1 << 20;

os::Command with_input(os::Command command, int input) {
  command.standard_input = input;
  command.standard_output = command.standard_error = command.folder / "output.log";
  return command;
}

std::filesystem::path made(const std::filesystem::path& folder) {
  os::make_folders(folder);
  return folder / "output.log";
}

}  // namespace

KeptCommand::Channel::Channel() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    base::fail(base::Exit::io, "no channel to the command: {}", std::strerror(errno));
  }
  near_end = ends[0], far_end = ends[1];
}

KeptCommand::Channel::~Channel() {
  close_near_end();
  close_far_end();
}

void KeptCommand::Channel::close_far_end() {
  if (far_end >= 0) ::close(std::exchange(far_end, -1));
}

void KeptCommand::Channel::close_near_end() {
  if (near_end >= 0) ::close(std::exchange(near_end, -1));
}

KeptCommand::KeptCommand(os::Command command)
    : output_(made(command.folder)), child_(with_input(guard_.marked(std::move(command)), channel_.far_end)) {
  channel_.close_far_end();
  guard_.watch(child_.pid());
}

KeptCommand::~KeptCommand() {
  channel_.close_near_end();
  try {
    const double end = base::steady_seconds() + farewell_seconds;
    while (!child_.poll() && base::steady_seconds() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  } catch (const std::exception&) {
    // Its fate is unknown; the signal below ends whatever is left.
  }
  child_.signal(SIGKILL);
}

bool KeptCommand::send(const std::string& line) {
  const auto bytes = line + "\n";
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto count = ::send(channel_.near_end, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

std::uint64_t KeptCommand::printed() const { return os::file_size(output_).value_or(0); }

std::string KeptCommand::output(std::uint64_t offset) const {
  const auto size = printed();
  offset = std::min(offset, size);  // somebody may have emptied it
  if (size - offset > most_output) offset = size - most_output;
  return os::read_part(output_, offset, most_output);
}

}  // namespace assay::eval
