#include <fmt/format.h>

#include <algorithm>

#include "search/algorithms.hpp"
#include "search/elite.hpp"
#include "search/points/point_search.hpp"

namespace assay::search {
namespace {

class Evolution final : public PointSearch {
 public:
  explicit Evolution(const Setup& setup)
      : PointSearch(setup),
        population_(setup.config.integer("search.population")),
        mutation_(setup.config.number("search.mutation")),
        tournament_(std::min(setup.config.integer("search.tournament"), population_)),
        elite_(static_cast<std::size_t>(population_)) {}

 private:
  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) override {
    const auto* parent = trial < population_ || history().scored().empty() ? nullptr
                         : history().objectives().size() == 1              ? youngest_winner(rng)
                                                                           : elite_winner(rng);
    if (parent == nullptr) return {.params = space().sample(rng), .note = "random"};
    const auto& params = parent->first.params;
    return {.params = mutation_ > 0 ? space().mutate(params, rng, mutation_) : space().mutate(params, rng),
            .note = fmt::format("child of {}", parent->id)};
  }

  /// Measured on nas-bench-macro with 50 to 200 trials: the front wants more variety than a single best.
  std::int64_t tournament() const {
    if (tournament_ > 0) return tournament_;
    return std::max<std::int64_t>(1, history().objectives().size() == 1 ? population_ * 3 / 4 : population_ / 4);
  }

  /// Failed trials are not among those that live.
  const trial::Trial* youngest_winner(base::Rng& rng) const {
    const auto& scored = history().scored();
    const auto living = std::min(scored.size(), static_cast<std::size_t>(population_));
    const Observation* best = nullptr;
    for (std::int64_t i = 0; i < tournament(); ++i) {
      const auto place = scored.size() - 1 - static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(living)));
      const auto& drawn = history().at(scored[place]);
      // Of equal ones the younger wins, whatever the order in which they are drawn.
      const bool wins = best == nullptr || trial::better(*drawn.score, *best->score) ||
                        (!trial::better(*best->score, *drawn.score) && drawn.trial->id > best->trial->id);
      if (wins) best = &drawn;
    }
    return best->trial.get();
  }

  const trial::Trial* elite_winner(base::Rng& rng) {
    const auto& living = elite_.update(history());
    auto winner = living.size();
    for (std::int64_t i = 0; i < tournament(); ++i) {
      winner = std::min(winner, static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(living.size()))));
    }
    return living[winner].trial;
  }

  std::int64_t population_;
  double mutation_;          ///< probability for each decision; 0: one decision
  std::int64_t tournament_;  ///< 0: by the number of objectives
  Elite elite_;              ///< for several objectives
};

}  // namespace

std::unique_ptr<trial::Planner> make_evolution(const Setup& setup) { return std::make_unique<Evolution>(setup); }

}  // namespace assay::search
