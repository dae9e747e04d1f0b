// MPI for host data and start-up; groups of g ranks that train one network together. A process that was not started by
// an MPI launcher never calls MPI_Init. A collective that fails ends the whole world: the ranks cannot agree any more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

/// MPI_COMM_WORLD of this process, for the lifetime of main. Groups must end before it.
class World {
 public:
  /// Starts MPI if a launcher started this process as one of several. Error(config) if the world is smaller than what
  /// was launched (ranks do not see each other: wrong launcher), naming launcher and remedy.
  World();
  /// While an exception unwinds, MPI is left as it is: a rank that ends so makes its launcher end the others too.
  ~World();
  World(const World&) = delete;             // MPI is started once
  World& operator=(const World&) = delete;  // MPI is started once

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// Splits the world into groups of `ranks` neighbours; Error(config) if that does not divide the size.
  Group groups(int ranks) const;

 private:
  bool started_ = false;
  int rank_ = 0, size_ = 1, local_rank_ = 0;
};

/// What the launcher's environment says, before MPI is asked. Open MPI's variables win over Slurm's: under mpirun,
/// Slurm's step variables describe the helper that started the ranks on each node.
struct Launch {
  std::string launcher;          ///< "mpirun", "srun", "the launcher"; empty: started by hand
  std::optional<int> size;       ///< how many processes it started, where it says so
  bool process_manager = false;  ///< PMIx or PMI is there: the ranks can find each other
};
Launch detect_launch();

/// Ends every rank of the world if MPI runs; returns if it does not.
void abort_world(int exit_code);

}  // namespace assay::comm
