// A search run from its first trial to its last, in memory, with rungs: who was measured when, and what it cost.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/search/benchmarks.hpp"
#include "trial/planner.hpp"

namespace assay::bench {

struct Result {
  trial::ItemId item;
  int epochs = 1;    ///< that the trial had been trained for
  double spent = 0;  ///< epochs trained by all trials until this one ended; a checkpoint saves those before it
  trial::Metrics metrics;
};

/// Asks the planner as `workers` workers would, whose items end in the order in which they began. Results in that
/// order; failed ones are left out. Ends when the planner says so, or after `most_epochs` (0: no limit). Error(defect)
/// if it waits while nobody works.
std::vector<Result> run(trial::Planner& planner, const Benchmark& benchmark, const std::vector<trial::Fidelity>& rungs,
                        std::int64_t trials, std::uint64_t seed, std::int64_t workers, double most_epochs = 0);

}  // namespace assay::bench
