// Hutter, Hoos, Leyton-Brown, "Sequential model-based optimization for general algorithm configuration", LION 5, 2011:
// a random forest of the costs (3.2), expected improvement of log costs (4.1, from Hutter et al., GECCO 2009), local
// search for the most promising points, every fifth at random (3.3). Several objectives: Knowles, "ParEGO", IEEE
// Transactions on Evolutionary Computation 10, 2006: each proposal for another weighting of them.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "search/algorithms.hpp"
#include "search/forest.hpp"
#include "search/point_search.hpp"
#include "space/domain.hpp"

namespace assay::search {
namespace {

constexpr std::size_t starts = 8;      ///< local searches from good trials, and as many from good random points
constexpr std::size_t neighbours = 8;  ///< looked at in each step
constexpr int most_steps = 10;
constexpr double parego_rho = 0.05;
/// Random trials to begin with: one per parameter and so many at least, but no more than this part of all.
constexpr std::int64_t least_startup = 10, startup_part = 4;

/// A point as the forest sees it: numbers in [0, 1], categories by their place, sets item by item. What does not exist
/// at a point is below all numbers, or a category of its own.
class Encoding {
 public:
  explicit Encoding(const space::Space& space) : parameters_(space.parameters()) {
    for (const auto& [name, domain, role, conditions, where] : parameters_) {
      if (by_item(domain)) {
        features_.resize(features_.size() + domain.items.size());
      } else {
        features_.push_back({categorical(domain) ? *space::count(domain) + 1 : 0});
      }
    }
  }

  const std::vector<Feature>& features() const { return features_; }

  std::vector<double> row(const space::Params& params) const {
    std::vector<double> row;
    row.reserve(features_.size());
    for (const auto& parameter : parameters_) {
      const auto& domain = parameter.domain;
      const auto found = params.find(parameter.name);
      const auto* value = found == params.end() ? nullptr : &found->second;
      if (by_item(domain)) {
        add_items(row, domain, value);
      } else if (categorical(domain)) {
        row.push_back(static_cast<double>(value == nullptr ? *space::count(domain) : space::ordinal(domain, *value)));
      } else {
        row.push_back(value == nullptr ? -1 : space::to_unit(domain, *value));
      }
    }
    return row;
  }

 private:
  static bool by_item(const space::Domain& domain) { return domain.kind == space::Kind::subset; }
  static bool categorical(const space::Domain& domain) {
    return domain.kind == space::Kind::choice && !domain.ordered && domain.items.size() < 64;
  }
  static void add_items(std::vector<double>& row, const space::Domain& domain, const space::Value* value) {
    const auto* labels = value == nullptr ? nullptr : std::get_if<std::vector<std::string>>(value);
    for (const auto& item : domain.items) {
      row.push_back(labels == nullptr
                        ? -1
                        : static_cast<double>(std::count(labels->begin(), labels->end(), space::to_text(item))));
    }
  }

  const std::vector<space::Parameter>& parameters_;
  std::vector<Feature> features_;
};

/// Costs in [0, 1] of one objective, or of one weighting of several (ParEGO, augmented Chebyshev).
std::vector<double> scalarised(const std::vector<const Score*>& scores, base::Rng& rng) {
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
        encoding_(*setup.space),
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

  study::Proposal draw(study::TrialId trial, base::Rng& rng) override {
    const bool explore = rng.uniform() < random_share_;
    if (trial < startup_ || history().scored().size() < 2 || explore)
      return {.params = space().sample(rng), .note = "random"};
    learn(trial);
    return {.params = most_promising(rng), .note = "most promising to the forest"};
  }

  /// The forest is a function of the study and the number of the trial.
  void learn(study::TrialId trial) {
    if (learned_ == std::pair(history().version(), trial)) return;
    base::Rng rng(seed_, "smac", trial, "forest");
    std::vector<std::vector<double>> rows;
    std::vector<const Score*> kept, broken;
    std::vector<study::TrialId> kept_ids, broken_ids;
    for (const auto id : history().scored()) {
      const auto& score = *history().at(id).score;
      (score.feasible() ? kept : broken).push_back(&score);
      (score.feasible() ? kept_ids : broken_ids).push_back(id);
    }
    for (const auto* ids : {&kept_ids, &broken_ids}) {
      for (const auto id : *ids) rows.push_back(row_of(id));
    }
    auto costs = kept.empty() ? std::vector<double>() : scalarised(kept, rng);
    const double worst = kept.empty() ? 0 : *std::max_element(costs.begin(), costs.end());
    for (const auto* score : broken) {
      const double share = std::isfinite(score->violation) ? score->violation / (1 + score->violation) : 1;
      costs.push_back(worst + share);
    }
    to_logarithms(costs);
    ranking_.resize(costs.size());
    for (std::size_t i = 0; i < costs.size(); ++i)
      ranking_[i] = {costs[i], i < kept.size() ? kept_ids[i] : broken_ids[i - kept.size()]};
    std::sort(ranking_.begin(), ranking_.end());
    best_ = ranking_.front().first;
    // Nobody knows yet what running trials give: the median, so that others do not go there too. Failed ones cost as
    // much as the worst.
    const double middle = ranking_[ranking_.size() / 2].first, last = ranking_.back().first;
    for (const auto id : history().pending()) {
      rows.push_back(row_of(id));
      costs.push_back(middle);
    }
    for (const auto* ids : {&history().failed(), &history().stopped()}) {
      for (const auto id : *ids) {
        rows.push_back(row_of(id));
        costs.push_back(last);
      }
    }
    forest_ = Forest(encoding_.features(), rows, costs, settings_, rng);
    learned_ = {history().version(), trial};
  }

  std::vector<double> row_of(study::TrialId id) const { return encoding_.row(history().at(id).trial->what.params); }

  Candidate judged(space::Params params) const {
    const double promise = expected_improvement(forest_.predict(encoding_.row(params)), best_);
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
      if (known(candidate.params)) return;
      if (best.params.empty() || candidate.promise > best.promise) best = candidate;
    };
    for (std::size_t i = 0; i < from_random; ++i) climb(random[i], consider, rng);
    for (std::size_t i = 0; i < std::min(starts, ranking_.size()); ++i)
      climb(judged(history().at(ranking_[i].second).trial->what.params), consider, rng);
    return best.params.empty() ? space().sample(rng) : std::move(best.params);
  }

  template <class Consider>
  void climb(Candidate here, const Consider& consider, base::Rng& rng) const {
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

  Encoding encoding_;
  std::uint64_t seed_;
  double random_share_;
  std::size_t random_points_;
  std::int64_t startup_;
  ForestSettings settings_;
  Forest forest_;
  std::vector<std::pair<double, study::TrialId>> ranking_;  ///< log cost and number, the best first
  double best_ = 0;                                         ///< log cost
  std::pair<std::uint64_t, study::TrialId> learned_{0, -1};
};

}  // namespace

std::unique_ptr<study::Planner> make_smac(const Setup& setup) { return std::make_unique<Smac>(setup); }

}  // namespace assay::search
