// A command that stays alive: one process for many trials, told of each by a line of JSON on its standard input, so
// that what is slow to start (`import torch`) is paid once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "eval/command/guard.hpp"
#include "os/process.hpp"

namespace assay::eval {

class KeptCommand {
 public:
  /// Starts the command in `command.folder`, which is made; its output goes to output.log there.
  explicit KeptCommand(os::Command command);
  /// The end of its input is the sign to end; a process that does not is killed after `grace` seconds.
  ~KeptCommand();
  KeptCommand(const KeptCommand&) = delete;             // owns a process
  KeptCommand& operator=(const KeptCommand&) = delete;  // owns a process

  /// Sends one line; false if the process does not take it any more.
  bool send(const std::string& line);
  os::Child& child() { return child_; }
  /// Bytes printed so far.
  std::uint64_t printed() const;
  /// What was printed from `offset` on, at most 1 MiB.
  std::string output(std::uint64_t offset) const;

 private:
  struct Channel {
    Channel();
    ~Channel();
    Channel(const Channel&) = delete;             // owns descriptors
    Channel& operator=(const Channel&) = delete;  // owns descriptors
    void close_far_end();
    void close_near_end();
    int near_end = -1, far_end = -1;
  };

  std::filesystem::path output_;
  CommandGuard guard_;  ///< forked before the channel exists: its copy would hold the input open
  Channel channel_;
  os::Child child_;
};

}  // namespace assay::eval
