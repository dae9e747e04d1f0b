// Hutter, Hoos, Leyton-Brown, "Sequential model-based optimization for general algorithm configuration", LION 5, 2011:
// a random forest of the costs (3.2), expected improvement of log costs (4.1, from Hutter et al., GECCO 2009), local
// search for the most promising points, every fifth at random (3.3). Several objectives: Knowles, "ParEGO", IEEE
// Transactions on Evolutionary Computation 10, 2006: each proposal for another weighting of them.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include "search/algorithms.hpp"
#include "search/points/forest.hpp"
#include "search/points/point_search.hpp"
#include "search/points/sobol_points.hpp"
#include "space/encoding.hpp"

namespace assay::search {
namespace {

constexpr std::size_t starts = 8;      ///< local searches from good trials, and as many from good random points
constexpr std::size_t neighbours = 8;  ///< looked at in each step
constexpr int most_steps = 10;
constexpr double parego_rho = 0.05;
/// Sobol points to begin with: one per parameter and so many at least, but no more than this part of all.
constexpr std::int64_t least_startup = 10, startup_part = 4;

/// A point as the forest sees it: numbers in [0, 1], categories by their place, sets item by item. What does not exist
/// at a point is below all numbers, or a category of its own.
class Inputs {
 public:
  explicit Inputs(const space::Space& space)
      : mixed_(space, space::Encoding::mixed), flags_(space, space::Encoding::one_hot) {
    const auto is_set = [&](const space::Column& column) {
      return space.parameters()[column.parameter].domain.kind == space::Kind::subset;
    };
    for (std::size_t i = 0; i < mixed_.columns().size(); ++i) {
      const auto& column = mixed_.columns()[i];
      if (is_set(column)) continue;
      from_mixed_.push_back(i);
      features_.push_back({column.categories == 0 ? 0 : column.categories + 1});
    }
    for (std::size_t i = 0; i < flags_.columns().size(); ++i) {
      if (!is_set(flags_.columns()[i])) continue;
      from_flags_.push_back(i);
      features_.push_back({0});
    }
  }

  const std::vector<Feature>& features() const { return features_; }

  std::vector<double> row(const space::Params& params) const {
    std::vector<double> row;
    row.reserve(features_.size());
    const auto mixed = mixed_(params);
    for (const auto i : from_mixed_) {
      const auto categories = mixed_.columns()[i].categories;
      row.push_back(mixed[i] < 0 && categories > 0 ? categories : mixed[i]);
    }
    if (from_flags_.empty()) return row;
    const auto flags = flags_(params);
    for (const auto i : from_flags_) row.push_back(flags[i]);
    return row;
  }

 private:
  space::Encoder mixed_, flags_;
  std::vector<std::size_t> from_mixed_, from_flags_;  ///< columns
  std::vector<Feature> features_;
};

/// Costs in [0, 1] of one objective, or of one weighting of several (ParEGO, augmented Chebyshev).
std::vector<double> scalarised(const std::vector<const trial::Score*>& scores, base::Rng& rng) {
  const auto axes = scores.front()->values.size();
  std::vector<double> weights, costs;
  double sum = 0;
  for (std::size_t j = 0; j < axes; ++j) sum += weights.emplace_back(-std::log(1 - rng.uniform()));
  std::vector<double> best(axes, -INFINITY), worst(axes, INFINITY);
  for (const auto* score : scores) {
    for (std::size_t j = 0; j < axes; ++j) {
      best[j] = std::max(best[j], score->values[j]);
      worst[j] = std::min(worst[j], score->values[j]);
    }
  }
  for (const auto* score : scores) {
    double most = 0, total = 0;
    for (std::size_t j = 0; j < axes; ++j) {
      const double range = best[j] - worst[j], share = range > 0 ? (best[j] - score->values[j]) / range : 0;
      const double cost = axes == 1 ? share : weights[j] / sum * share;
      most = std::max(most, cost);
      total += cost;
    }
    costs.push_back(axes == 1 ? most : most + parego_rho * total);
  }
  return costs;
}

/// Logarithms: the differences between good points count most. The zero lies below the least cost by as much as the
/// lowest twentieth of the costs is wide.
void to_logarithms(std::vector<double>& costs) {
  auto sorted = costs;
  std::sort(sorted.begin(), sorted.end());
  const double spread = std::max(sorted[sorted.size() / 20] - sorted.front(), 1e-3 * (sorted.back() - sorted.front()));
  for (auto& cost : costs) cost = std::log(cost - sorted.front() + (spread > 0 ? spread : 1));
}

/// Logarithms of costs. What misses a threshold costs more than all that meet them, what breaks constraints more than
/// all others, by how far it breaks them.
std::vector<double> log_costs(const std::vector<const trial::Score*>& scores, base::Rng& rng) {
  std::vector<const trial::Score*> kept;
  std::copy_if(scores.begin(), scores.end(), std::back_inserter(kept), [](auto* score) { return score->feasible(); });
  auto known = kept.empty() ? std::vector<double>() : scalarised(kept, rng);
  double within = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (trial::class_of(*kept[i]) == 0) within = std::max(within, known[i]);
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (trial::class_of(*kept[i]) == 1) known[i] += within;
  }
  const double worst = kept.empty() ? 0 : *std::max_element(known.begin(), known.end());
  std::vector<double> costs;
  std::size_t next = 0;
  for (const auto* score : scores) {
    const double violation = score->violation;
    const double share = std::isfinite(violation) ? violation / (1 + violation) : 1;
    costs.push_back(score->feasible() ? known[next++] : worst + share);
  }
  to_logarithms(costs);
  return costs;
}

/// Of a log-normal cost, below the cost exp(best).
double expected_improvement(const Prediction& at, double best) {
  const auto normal = [](double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); };
  const double variance = std::max(at.variance, 1e-10), deviation = std::sqrt(variance);
  const double v = (best - at.mean) / deviation;
  return std::exp(best) * normal(v) - std::exp(0.5 * variance + at.mean) * normal(v - deviation);
}

class Smac final : public PointSearch {
 public:
  explicit Smac(const Setup& setup)
      : PointSearch(setup),
        inputs_(*setup.space),
        sobol_(setup.space->parameters().size(), setup.seed),
        seed_(setup.seed),
        random_share_(setup.config.number("search.smac.random_share")),
        random_points_(static_cast<std::size_t>(setup.config.integer("search.smac.random_points"))),
        startup_(setup.config.integer("search.smac.startup")) {
    settings_.trees = static_cast<int>(setup.config.integer("search.smac.trees"));
    const auto parameters = static_cast<std::int64_t>(setup.space->parameters().size());
    const auto most = std::max<std::int64_t>(setup.config.integer("search.max_trials") / startup_part, 2);
    if (startup_ == 0) startup_ = std::min(most, std::max(least_startup, parameters));
  }

 private:
  struct Candidate {
    space::Params params;
    double promise = 0;  ///< expected improvement
  };

  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) override {
    if (trial < startup_) {
      auto params = space().decode(sobol_.at(static_cast<std::uint64_t>(trial)));
      if (space().satisfies_constraints(params) && !proposed_before(params))
        return {.params = std::move(params), .note = "sobol"};
      return {.params = space().sample(rng), .note = "random"};
    }
    if (history().scored().size() < 2 || rng.uniform() < random_share_)
      return {.params = space().sample(rng), .note = "random"};
    learn(trial);
    return {.params = most_promising(rng), .note = "most promising to the forest"};
  }

  /// The forest is a function of the study and the number of the trial.
  void learn(trial::TrialId trial) {
    if (learned_ == std::pair(history().version(), trial)) return;
    learned_ = {history().version(), trial};
    base::Rng rng(seed_, "smac", trial, "forest");
    std::vector<trial::TrialId> ids, failed = history().failed();
    std::vector<const trial::Score*> scores;
    for (const auto* list : {&history().scored(), &history().stopped()}) {
      for (const auto id : *list) {
        const auto& score = history().at(id).score;
        (score ? ids : failed).push_back(id);
        if (score) scores.push_back(&*score);
      }
    }
    auto costs = log_costs(scores, rng);
    ranking_.clear();
    for (std::size_t i = 0; i < costs.size(); ++i) ranking_.emplace_back(costs[i], ids[i]);
    std::sort(ranking_.begin(), ranking_.end());
    // Nobody knows yet what running trials give: the median, so that others do not go there too. Failed ones cost as
    // much as the worst.
    ids.insert(ids.end(), history().pending().begin(), history().pending().end());
    costs.resize(ids.size(), ranking_[ranking_.size() / 2].first);
    ids.insert(ids.end(), failed.begin(), failed.end());
    costs.resize(ids.size(), ranking_.back().first);
    std::vector<std::vector<double>> rows;
    for (const auto id : ids) rows.push_back(inputs_.row(history().at(id).trial->first.params));
    forest_ = Forest(inputs_.features(), rows, costs, settings_, rng);
  }

  Candidate judged(space::Params params) const {
    const double promise = expected_improvement(forest_.predict(inputs_.row(params)), ranking_.front().first);
    return {std::move(params), promise};
  }

  /// Local searches from the best trials and the best of many random points.
  space::Params most_promising(base::Rng& rng) const {
    const auto more = [](const Candidate& a, const Candidate& b) { return a.promise > b.promise; };
    std::vector<Candidate> random;
    for (std::size_t i = 0; i < random_points_; ++i) random.push_back(judged(space().sample(rng)));
    const auto from_random = std::min(starts, random.size());
    std::partial_sort(random.begin(), random.begin() + static_cast<std::ptrdiff_t>(from_random), random.end(), more);
    Candidate best;
    const auto consider = [&](const Candidate& candidate) {
      if (proposed_before(candidate.params)) return;
      if (best.params.empty() || candidate.promise > best.promise) best = candidate;
    };
    for (std::size_t i = 0; i < from_random; ++i) local_search(random[i], consider, rng);
    for (std::size_t i = 0; i < std::min(starts, ranking_.size()); ++i)
      local_search(judged(history().at(ranking_[i].second).trial->first.params), consider, rng);
    return best.params.empty() ? space().sample(rng) : std::move(best.params);
  }

  template <class Consider>
  void local_search(Candidate here, const Consider& consider, base::Rng& rng) const {
    consider(here);
    for (int step = 0; step < most_steps; ++step) {
      Candidate next;
      for (std::size_t i = 0; i < neighbours; ++i) {
        auto one = judged(space().mutate(here.params, rng));
        consider(one);
        if (i == 0 || one.promise > next.promise) next = std::move(one);
      }
      if (next.promise <= here.promise) return;
      here = std::move(next);
    }
  }

  Inputs inputs_;
  SobolPoints sobol_;  ///< to begin with
  std::uint64_t seed_;
  double random_share_;
  std::size_t random_points_;
  std::int64_t startup_;
  ForestSettings settings_;
  Forest forest_;
  std::vector<std::pair<double, trial::TrialId>> ranking_;  ///< log cost and number, the best first
  std::pair<std::uint64_t, trial::TrialId> learned_{0, -1};
};

}  // namespace

std::unique_ptr<trial::Planner> make_smac(const Setup& setup) { return std::make_unique<Smac>(setup); }

}  // namespace assay::search
