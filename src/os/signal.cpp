#include "os/signal.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace assay::os {
namespace {

// A signal handler can reach nothing but static storage; lock-free atomics are safe in it, and other threads ask too.
std::atomic<int> received = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void on_stop(int signal) {
  if (signal == SIGINT && received == SIGINT) ::_exit(130);
  received = signal;
}

void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (::sigaction(signal, &action, nullptr) != 0) {
    base::fail(base::Exit::defect, "sigaction({}) failed: {}", signal, std::strerror(errno));
  }
}

}  // namespace

void catch_stop_signals() {
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT}) install(signal, on_stop);
  struct sigaction before {};
  if (::sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) install(SIGHUP, on_stop);
  install(SIGPIPE, SIG_IGN);
  install(SIGXFSZ, SIG_IGN);
}

int stop_signal() { return received; }

void request_stop(int signal) { received = signal; }

std::string signal_name(int signal) {
  switch (signal) {
    case SIGUSR1:
      return "SIGUSR1";
    case SIGUSR2:
      return "SIGUSR2";
    case SIGHUP:
      return "SIGHUP";
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGKILL:
      return "SIGKILL";
    case SIGSEGV:
      return "SIGSEGV";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "signal " + std::to_string(signal);
  }
}

}  // namespace assay::os
