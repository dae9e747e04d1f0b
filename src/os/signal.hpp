// Signals that ask for a clean stop. The handler only sets a flag; loops ask at step boundaries.
#pragma once

#include <csignal>
#include <string>

namespace assay::os {

/// Catches SIGUSR1, SIGUSR2, SIGTERM, SIGINT and SIGHUP (unless it is ignored: nohup) from now on. A second SIGINT ends
/// the process at once. SIGXFSZ and SIGPIPE are ignored, so that a full quota and a closed pipe arrive as errors.
void catch_stop_signals();

/// The signal that asked for a stop, 0 if none did.
int stop_signal();

/// "SIGUSR2" and the like.
std::string signal_name(int signal);

/// For tests and for stopping by other means than a signal.
void request_stop(int signal);

}  // namespace assay::os
