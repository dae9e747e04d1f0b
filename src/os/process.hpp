// Child processes in process groups of their own.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/file.hpp"

namespace assay::os {

struct Command {
  std::vector<std::string> arguments;              ///< argv; [0] is looked up in PATH
  std::map<std::string, std::string> environment;  ///< added to the inherited one
  std::vector<std::string> scrub;                  ///< prefixes of inherited variables to drop, e.g. "OMPI_"
  Path folder;                                     ///< working folder; empty: inherited
  Path standard_output, standard_error;            ///< files, appended to; empty: inherited
  int standard_input = -1;                         ///< descriptor, stays the caller's; -1: inherited
  bool own_group = true;                           ///< own process group, so that all descendants can be signalled
  bool die_with_parent = true;                     ///< SIGKILL when the parent dies (PR_SET_PDEATHSIG)
};

struct Ended {
  int code = 0;    ///< exit status, or -1 after a signal
  int signal = 0;  ///< the signal that ended it, or 0
};

/// One started process. The destructor kills the group if it still runs.
class Child {
 public:
  /// Throws Error(io) if the program cannot be started.
  explicit Child(const Command& command);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;             // owns a process
  Child& operator=(const Child&) = delete;  // owns a process

  pid_t pid() const { return pid_; }
  /// Nothing while it runs.
  std::optional<Ended> poll();
  Ended wait();
  /// To the whole group.
  void signal(int signal) const;

 private:
  pid_t pid_ = -1;
  bool group_ = true;
  std::optional<Ended> ended_;
};

/// Runs to the end and returns what it printed on standard output; standard error is dropped. For small questions to
/// tools such as squeue. Code 127: the tool does not exist.
struct Captured {
  Ended ended;
  std::string output;
};
Captured capture(const std::vector<std::string>& arguments, double timeout_seconds = 30);

}  // namespace assay::os
