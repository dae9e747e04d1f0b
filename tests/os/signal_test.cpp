// Which signals ask for a clean stop, in processes of their own.
#include "os/signal.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace assay;

namespace {

/// What a process does that gets the signal: 0 it has noted it; 1 it has not; -1 it was ended by it.
int after(int signal, bool ignored = false) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(signal, ignored ? SIG_IGN : SIG_DFL);
    os::catch_stop_signals();
    ::raise(signal);
    ::_exit(os::stop_signal() == signal ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("every signal that schedulers, shells and terminals end a program with asks for a clean stop") {
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP}) {
    INFO(os::signal_name(signal));
    CHECK(after(signal) == 0);
  }
  CHECK(os::signal_name(SIGHUP) == "SIGHUP");
  CHECK(after(SIGHUP, true) == 1);  // nohup
  CHECK(after(SIGPIPE) == 1);
}
