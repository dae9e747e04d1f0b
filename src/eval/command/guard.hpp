// Ends all that a command started, when it ended itself and when the worker dies, even by SIGKILL: the parent-death
// signal reaches only the command, a group's signal only what did not leave the group.
#pragma once

#include <sys/types.h>

#include <string>

#include "os/process.hpp"

namespace assay::eval {

class CommandGuard {
 public:
  /// Forks a small process that waits for the end of this one. Where that fails, commands run unguarded.
  CommandGuard();
  /// What the command left behind ends here.
  ~CommandGuard();
  CommandGuard(const CommandGuard&) = delete;             // owns a process
  CommandGuard& operator=(const CommandGuard&) = delete;  // owns a process
  /// Puts the mark into the environment of the command that is going to be watched.
  os::Command marked(os::Command command) const;
  /// Names the process group to end.
  void watch(pid_t group);

 private:
  std::string id_;    ///< ASSAY_COMMAND of all that the command starts
  std::string mark_;  ///< NAME=value
  pid_t pid_ = -1;
  int channel_ = -1;
  bool watching_ = false;
};

}  // namespace assay::eval
