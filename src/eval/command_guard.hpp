// Ends a command's whole process group when the worker dies, even by SIGKILL: the parent-death signal reaches only the
// command itself, not what it started.
#pragma once

#include <sys/types.h>

namespace assay::eval {

class CommandGuard {
 public:
  /// Forks a small process that waits for the end of this one. Where that fails, commands run unguarded.
  CommandGuard();
  ~CommandGuard();
  CommandGuard(const CommandGuard&) = delete;             // owns a process
  CommandGuard& operator=(const CommandGuard&) = delete;  // owns a process
  /// Names the process group to end.
  void watch(pid_t group);

 private:
  pid_t pid_ = -1;
  int channel_ = -1;
  bool watching_ = false;
};

}  // namespace assay::eval
