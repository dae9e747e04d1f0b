#include "eval/command_guard.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>

namespace assay::eval {
namespace {

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
[[noreturn]] void guard(int channel) {
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_IGN);
  pid_t group = 0, over = 0;
  if (read_pid(channel, group) && !read_pid(channel, over) && group > 1) ::kill(-group, SIGKILL);
  ::_exit(0);
}

}  // namespace

CommandGuard::CommandGuard() {
  int channel[2];
  if (::pipe2(channel, O_CLOEXEC) != 0) return;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(channel[1]);
    ::setpgid(0, 0);
    guard(channel[0]);
  }
  ::close(channel[0]);
  channel_ = channel[1];
}

CommandGuard::~CommandGuard() {
  if (pid_ < 0) {
    if (channel_ >= 0) ::close(channel_);
    return;
  }
  const pid_t over = 0;
  [[maybe_unused]] auto written = ::write(channel_, &over, sizeof over);
  [[maybe_unused]] auto twice = ::write(channel_, &over, sizeof over);  // a guard without a group waits for two
  ::close(channel_);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void CommandGuard::watch(pid_t group) {
  if (pid_ > 0) [[maybe_unused]]
    const auto written = ::write(channel_, &group, sizeof group);
}

}  // namespace assay::eval
