#include "os/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "base/time.hpp"
#include "os/rights.hpp"

extern char** environ;

namespace assay::os {
namespace {

using base::Exit;
using base::fail;

std::vector<std::string> child_environment(const Command& command) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    bool drop = command.environment.contains(std::string(name));
    for (const auto& prefix : command.scrub) drop = drop || name.starts_with(prefix);
    if (!drop) variables.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

int open_for_append(const Path& path, int fallback) {
  if (path.empty()) return fallback;
  return create_as_folder(path, 0666,
                          [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666); });
}

// Runs between fork and exec: only async-signal-safe calls. Reports errno through `report` if exec fails.
[[noreturn]] void become(const Command& command, char** arguments, char** variables, int out, int error, int report,
                         pid_t parent) {
  if (command.own_group) ::setpgid(0, 0);
  if (command.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
  }
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
  int problem = 0;
  if (!command.folder.empty() && ::chdir(command.folder.c_str()) != 0) problem = errno;
  if (problem == 0 && (::dup2(out, STDOUT_FILENO) < 0 || ::dup2(error, STDERR_FILENO) < 0)) problem = errno;
  if (problem == 0 && command.standard_input >= 0 && ::dup2(command.standard_input, STDIN_FILENO) < 0) problem = errno;
  if (problem == 0) {
    ::execvpe(arguments[0], arguments, variables);
    problem = errno;
  }
  [[maybe_unused]] const auto written = ::write(report, &problem, sizeof problem);
  ::_exit(127);
}

}  // namespace

Child::Child(const Command& command) : group_(command.own_group) {
  auto argument_texts = command.arguments;
  auto variable_texts = child_environment(command);
  auto arguments = pointers(argument_texts);
  auto variables = pointers(variable_texts);
  const int out = open_for_append(command.standard_output, STDOUT_FILENO);
  const int error = open_for_append(command.standard_error, STDERR_FILENO);
  int report[2];
  if (out < 0 || error < 0 || ::pipe2(report, O_CLOEXEC) != 0) {
    fail(Exit::io, "cannot start {}: {}", command.arguments.at(0), std::strerror(errno));
  }
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(command, arguments.data(), variables.data(), out, error, report[1], parent);
  const int fork_error = errno;
  ::close(report[1]);
  if (out != STDOUT_FILENO) ::close(out);
  if (error != STDERR_FILENO) ::close(error);
  int problem = 0;
  if (pid_ < 0) problem = fork_error;
  if (pid_ > 0 && ::read(report[0], &problem, sizeof problem) == sizeof problem) {
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  ::close(report[0]);
  if (problem != 0) {
    fail(Exit::io, "cannot start {}: {}. Is it installed and in PATH?", command.arguments.at(0),
         std::strerror(problem));
  }
  if (group_) ::setpgid(pid_, pid_);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), group_(other.group_), ended_(other.ended_) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(group_, other.group_);
  std::swap(ended_, other.ended_);
  return *this;
}

Child::~Child() {
  if (pid_ < 0 || ended_) return;
  ::kill(group_ ? -pid_ : pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<Ended> Child::poll() {
  if (ended_ || pid_ < 0) return ended_;
  int status = 0;
  const auto result = ::waitpid(pid_, &status, WNOHANG);
  if (result == 0 || (result < 0 && errno == EINTR)) return std::nullopt;
  if (result < 0) fail(Exit::defect, "waitpid({}) failed: {}", pid_, std::strerror(errno));
  ended_ = WIFEXITED(status) ? Ended{WEXITSTATUS(status), 0} : Ended{-1, WTERMSIG(status)};
  return ended_;
}

Ended Child::wait() {
  for (;;) {
    if (const auto ended = poll()) return *ended;
    ::usleep(5000);
  }
}

void Child::signal(int signal) const {
  if (pid_ > 0) ::kill(group_ ? -pid_ : pid_, signal);
}

Captured capture(const std::vector<std::string>& arguments, double timeout_seconds) {
  int channel[2];
  if (::pipe2(channel, O_CLOEXEC) != 0) fail(Exit::io, "pipe failed: {}", std::strerror(errno));
  Captured result;
  std::optional<Child> child;
  try {
    child.emplace(Command{.arguments = arguments,
                          .environment = {},
                          .scrub = {},
                          .folder = {},
                          .standard_output = "/proc/self/fd/" + std::to_string(channel[1]),
                          .standard_error = "/dev/null"});
  } catch (const base::Error&) {
    ::close(channel[0]);
    ::close(channel[1]);
    return {Ended{127, 0}, {}};
  }
  ::close(channel[1]);
  const double end = base::steady_seconds() + timeout_seconds;
  char buffer[4096];
  for (;;) {
    pollfd watch{channel[0], POLLIN, 0};
    const int left = static_cast<int>(1000 * (end - base::steady_seconds()));
    if (left <= 0) {
      child->signal(SIGKILL);
      break;
    }
    const int ready = ::poll(&watch, 1, left);
    if (ready < 0 && errno != EINTR) break;
    if (ready <= 0) continue;
    const auto count = ::read(channel[0], buffer, sizeof buffer);
    if (count <= 0) break;
    result.output.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(channel[0]);
  result.ended = child->wait();
  return result;
}

}  // namespace assay::os
