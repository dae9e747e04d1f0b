// Who still works: leases observed on this process's own clock, and proof of death on the same machine.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "study/log_reader.hpp"
#include "study/record.hpp"

namespace assay::study {

/// This process as the first record of its log shows it; `reservation`: seconds for which its claims outlive it.
Hello greet(const std::string& worker, double reservation = 0);

/// Seconds without a word after which what a worker claimed may be taken over. By hand that is its patience and the
/// lease, which allows for clocks that differ: such a claim is judged by recorded times, as nobody watches it so long.
double hold_seconds(const trial::WorkerInfo& worker, double lease);
/// True if a worker by hand has not spoken for so long by its records and this machine's wall clock; never true of a
/// worker without patience.
bool reservation_over(const trial::WorkerInfo& worker, double lease);

class Liveness {
 public:
  /// `self`: this process, as greet() tells.
  explicit Liveness(const Hello& self);

  /// True if it is proven that the worker's process is gone: same host, boot and pid namespace, and no process has that
  /// pid and start time any more. Never true for what cannot be known.
  bool proven_dead(const trial::WorkerInfo& worker);
  /// The same without regard to patience: no byte will come any more, though its claims may hold.
  bool process_gone(const trial::WorkerInfo& worker);

  /// True if no byte came for `lease` seconds, all of them seconds in which this worker's own bytes reached the disk.
  static bool lease_over(const LogProgress& progress, std::optional<double> healthy_since, double lease);

 private:
  struct Look {
    double time = 0;
    bool dead = false;
  };
  trial::WorkerInfo self_;
  bool knows_processes_ = false;
  std::map<std::string, Look> looks_;
};

}  // namespace assay::study
