// What a simulation counts: file operations by kind and time, trials, looks, and the figures that they make.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "simulate/simulation.hpp"

namespace assay::simulate {

class Counters {
 public:
  Counters(const trial::Judge& judge, const std::vector<trial::Fidelity>& fidelities)
      : judge_(judge), fidelities_(fidelities), best_curves_(fidelities.size()) {}

  /// Listings, opens and links, at a time.
  void metadata(double time, double count);
  /// Reads, writes and syncs.
  void data(double count) { operations_ += count; }
  void look(double seconds) { looks_.push_back(seconds); }
  void conflict() { ++conflicts_; }
  void claimed(double time) { last_claim_ = time; }
  void proposed(double planner_seconds);
  void evaluated(double start, double end) { evaluated_.emplace_back(start, end); }
  void measured(const trial::Measurement& measurement);
  void committed(double time) { makespan_ = time > makespan_ ? time : makespan_; }

  /// `round_operations` of a collector each `round_seconds`; 0: there is none.
  SimulationFigures figures(std::int64_t workers, double round_operations, double round_seconds) const;

 private:
  double busy(std::int64_t workers) const;
  double metadata_until(double time) const;

  const trial::Judge& judge_;
  const std::vector<trial::Fidelity>& fidelities_;
  std::vector<double> slots_;  ///< metadata operations in each ten seconds
  double operations_ = 0;      ///< of all kinds
  std::vector<double> looks_;
  std::vector<std::pair<double, double>> evaluated_;
  /// By fidelity: what was measured at one does not compare with another's.
  std::vector<std::vector<std::pair<std::int64_t, double>>> best_curves_;
  std::int64_t conflicts_ = 0, proposals_ = 0, measured_ = 0;
  double planner_seconds_ = 0, last_claim_ = 0, makespan_ = 0;
};

}  // namespace assay::simulate
