#include "bench/search/prior_trials.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace assay::bench {
namespace {

/// Where the best points lie; -1: any value will do. The last stands for all that follow.
std::vector<double> centre_of(const std::string& problem) {
  if (problem == "hartmann6") return {0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573};
  if (problem == "dtlz2" || problem == "dtlz2_20") return {-1, 0.5};
  if (problem == "ackley20") return {0.5};
  base::fail(base::Exit::config, "a prior can be made of hartmann6, ackley20, dtlz2 or dtlz2_20, not {}", problem);
}

}  // namespace

PriorTrials prior_trials(const Benchmark& benchmark, const std::string& problem, std::int64_t trials, bool late,
                         std::uint64_t round) {
  const auto space = space::Space::load(benchmark.config);
  const auto centre = centre_of(problem);
  base::Rng rng(round, "bench", 0, "prior");
  PriorTrials prior;
  for (std::int64_t n = 0; n < trials; ++n) {
    auto params = space.sample(rng);
    std::size_t i = 0;
    for (auto& [name, value] : params) {
      const double middle = centre[std::min(i++, centre.size() - 1)];
      if (late && n % 2 == 1 && middle >= 0) value = middle + 0.1 * (rng.uniform() - 0.5);
    }
    prior.results.push_back(*benchmark.measure(params, benchmark.epochs));
    prior.points.push_back(std::move(params));
  }
  return prior;
}

}  // namespace assay::bench
