#include <algorithm>
#include <cmath>
#include <limits>

#include "arch/lower.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "search/planners.hpp"
#include "search/seen.hpp"

namespace assay::search {
namespace {

/// Candidates per network that is picked: enough for spread, few enough to build them all on a login node.
constexpr std::size_t pool_per_pick = 25;
/// Weight of the distance in the space beside the distance in the features: tells networks of equal size apart.
constexpr double weight_of_space = 0.1;

struct Candidate {
  space::Params params;
  std::vector<double> features, place;  ///< place: in the unit cube of the space
};

std::vector<space::Params> candidates_of(const space::Space& space, std::uint64_t seed, std::size_t count) {
  base::Rng rng(seed, "proxy", 0, "reference networks");
  std::vector<space::Params> points{space.defaults()};
  if (auto all = space.enumerate(count)) {
    rng.shuffle(*all);
    points.insert(points.end(), all->begin(), all->end());
  } else {
    for (std::size_t i = 0; i < 2 * count; ++i) points.push_back(space.sample(rng));
  }
  std::vector<space::Params> distinct;
  std::unordered_set<std::string> seen;
  for (auto& point : points) {
    if (distinct.size() < count + 1 && seen.insert(text_of(point)).second) distinct.push_back(std::move(point));
  }
  return distinct;
}

/// Features scaled to their range over all candidates.
void scale(std::vector<Candidate>& pool) {
  for (std::size_t j = 0; j < pool.front().features.size(); ++j) {
    const auto less = [j](const auto& a, const auto& b) { return a.features[j] < b.features[j]; };
    const auto [lo, hi] = std::minmax_element(pool.begin(), pool.end(), less);
    const double base = lo->features[j], range = hi->features[j] - base;
    for (auto& candidate : pool) candidate.features[j] = range > 0 ? (candidate.features[j] - base) / range : 0;
  }
}

double mean_square(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return a.empty() ? 0 : sum / static_cast<double>(a.size());
}

double distance(const Candidate& a, const Candidate& b) {
  return std::sqrt(mean_square(a.features, b.features)) + weight_of_space * std::sqrt(mean_square(a.place, b.place));
}

}  // namespace

std::vector<double> size_features(const space::Space& space, const space::Params& params, std::int64_t outputs) {
  const auto concrete = space.instantiate(params);
  if (!concrete.contains("model") || !concrete["model"].contains("blocks")) return space.encode(params);
  const auto counts = arch::count(arch::lower(concrete["model"], outputs));
  return {std::log1p(static_cast<double>(counts.parameters)), std::log1p(static_cast<double>(counts.multiply_adds))};
}

std::vector<space::Params> reference_set(const space::Space& space, std::uint64_t seed, int count,
                                         const std::function<std::vector<double>(const space::Params&)>& features) {
  std::vector<Candidate> pool;
  for (auto& params : candidates_of(space, seed, pool_per_pick * static_cast<std::size_t>(std::max(count, 1)))) {
    try {
      auto values = features(params);
      pool.push_back({params, std::move(values), space.encode(params)});
    } catch (const base::Error& error) {
      if (pool.empty()) throw;  // the defaults must work; other points may be invalid networks
      base::log_detail("no reference network: {}", error.what());
    }
  }
  scale(pool);

  std::vector<space::Params> picks{pool.front().params};
  std::vector<double> nearest(pool.size(), std::numeric_limits<double>::infinity());
  std::size_t last = 0;
  while (static_cast<int>(picks.size()) < count) {
    for (std::size_t i = 0; i < pool.size(); ++i) nearest[i] = std::min(nearest[i], distance(pool[i], pool[last]));
    last = static_cast<std::size_t>(std::max_element(nearest.begin(), nearest.end()) - nearest.begin());
    if (!(nearest[last] > 0)) break;  // the space has no further point
    picks.push_back(pool[last].params);
  }
  return picks;
}

}  // namespace assay::search
