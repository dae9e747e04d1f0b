// MPI for host data and start-up; groups of g ranks that train one network together. A process that was not started by an
// MPI launcher never calls MPI_Init.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace assay::comm {

/// The ranks that train one network together. Copies share the communicator.
class Group {
 public:
  /// A group of this process alone.
  Group();
  int rank() const;
  int size() const;
  /// Index among the ranks on this node: chooses the GPU.
  int local_rank() const;
  /// Sums `count` floats over the group, in place, on the CPU.
  void sum(float* values, std::int64_t count) const;
  /// The largest value any rank brings: agree to stop at the same step.
  int max(int value) const;
  void broadcast(std::string& bytes, int root = 0) const;
  void barrier() const;

  struct Impl;
  const std::shared_ptr<Impl>& impl() const { return impl_; }

 private:
  friend class World;
  std::shared_ptr<Impl> impl_;
};

/// MPI_COMM_WORLD of this process, for the lifetime of main.
class World {
 public:
  /// Starts MPI if a launcher started this process. Error(config) if the world is smaller than what was launched (ranks
  /// do not see each other: wrong launcher), naming launcher and remedy.
  World();
  ~World();
  World(const World&) = delete;             // MPI is started once
  World& operator=(const World&) = delete;  // MPI is started once

  int rank() const;
  int size() const;
  /// Splits the world into groups of `ranks`; Error(config) if that does not divide the size.
  Group groups(int ranks) const;

 private:
  bool started_ = false;
};

}  // namespace assay::comm
