#include "eval/command/guard.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <utility>

#include "os/host.hpp"
#include "os/orphans.hpp"

namespace assay::eval {
namespace {

constexpr const char* mark_name = "ASSAY_COMMAND";

bool read_pid(int channel, pid_t& value) {
  for (;;) {
    const auto count = ::read(channel, &value, sizeof value);
    if (count == sizeof value) return true;
    if (count < 0 && errno == EINTR) continue;
    return false;
  }
}

/// After fork in a process with threads: only async-signal-safe calls. The first number is the group, the second one
/// says that all is over; the end of the channel means that the worker is gone.
[[noreturn]] void guard(int channel, const char* mark) {
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_IGN);
  pid_t group = 0, over = 0;
  if (read_pid(channel, group) && !read_pid(channel, over) && group > 1) {
    ::kill(-group, SIGKILL);
    os::kill_marked(mark);
  }
  ::_exit(0);
}

void tell(int channel, pid_t value) {
  [[maybe_unused]] const auto sent = ::send(channel, &value, sizeof value, MSG_NOSIGNAL);
}

}  // namespace

CommandGuard::CommandGuard() : id_(os::random_name()), mark_(std::string(mark_name) + "=" + id_) {
  int channel[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) return;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(channel[1]);
    ::setpgid(0, 0);
    guard(channel[0], mark_.c_str());
  }
  ::close(channel[0]);
  channel_ = channel[1];
}

CommandGuard::~CommandGuard() {
  if (watching_) os::kill_marked(mark_.c_str());
  if (channel_ < 0) return;
  if (!watching_) tell(channel_, 0);
  tell(channel_, 0);
  ::close(channel_);
  while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

os::Command CommandGuard::marked(os::Command command) const {
  command.environment[mark_name] = id_;
  return command;
}

void CommandGuard::watch(pid_t group) {
  watching_ = true;
  if (channel_ >= 0) tell(channel_, group);
}

}  // namespace assay::eval
