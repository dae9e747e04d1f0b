// Sums of CUDA buffers over a group by NCCL, on a stream of its own between two events: the caller's stream waits for
// the result, the host does not. The headers of CUDA and NCCL stay inside nccl.cpp.
#pragma once

#include <cstdint>
#include <memory>

#include "comm/world.hpp"

namespace assay::comm {

class Nccl {
 public:
  /// Collective over the group; `device` is this rank's GPU, already current. Error(config) if two ranks share one GPU,
  /// or if the program was built without CUDA. One communicator per group: make it once, not per trial.
  Nccl(const Group& group, int device);
  ~Nccl();
  Nccl(const Nccl&) = delete;             // owns a communicator and a stream
  Nccl& operator=(const Nccl&) = delete;  // owns a communicator and a stream

  /// Sums `count` floats at the device address `values` in place. Ordered after the work already on `stream` (a
  /// cudaStream_t) and before the work put there later.
  void sum(float* values, std::int64_t count, void* stream) const;
  /// Ends the world if NCCL noticed a failure meanwhile (a dead peer, a lost link). Cheap; ask once per epoch.
  void check() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::comm
