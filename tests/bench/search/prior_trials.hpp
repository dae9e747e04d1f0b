// Finished trials to ask a planner, or a peer, for the next one after.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/search/benchmarks.hpp"

namespace assay::bench {

struct PriorTrials {
  std::vector<space::Params> points;
  std::vector<trial::Metrics> results;
};

/// Random points; late: every second one lies close to the best points, as a search leaves them, so that fronts are
/// long. Of hartmann6, ackley20, dtlz2 and dtlz2_20; Error(config) for others. The same for the same `round`.
PriorTrials prior_trials(const Benchmark& benchmark, const std::string& problem, std::int64_t trials, bool late,
                         std::uint64_t round);

}  // namespace assay::bench
