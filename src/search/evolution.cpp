#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "search/algorithms.hpp"
#include "search/point_search.hpp"

namespace assay::search {
namespace {

class Evolution final : public PointSearch {
 public:
  Evolution(std::shared_ptr<const space::Space> space, EvolutionSettings settings, MetricLimits limits,
            std::vector<study::Proposal> first)
      : PointSearch(std::move(space), std::move(first)), settings_(settings), limits_(std::move(limits)) {}

  base::Json describe() const override {
    return {{"algorithm", "evolution"}, {"population", settings_.population}, {"tournament", settings_.tournament}};
  }

 private:
  study::Proposal draw(const study::StudyView& view, study::TrialId trial, base::Rng& rng) override {
    const auto living = trial < settings_.population ? std::vector<Scored>{} : population(view);
    if (living.empty()) return {.params = space().sample(rng), .note = "random"};
    const auto* parent = tournament(living, rng);
    return {.params = space().mutate(parent->what.params, rng), .note = fmt::format("child of {}", parent->id)};
  }

  /// Those that may have offspring, best first. Failed ones never get here.
  std::vector<Scored> population(const study::StudyView& view) const {
    const auto size = static_cast<std::size_t>(settings_.population);
    const bool by_age = view.objectives().size() == 1;
    std::vector<Scored> living;
    const auto& trials = view.trials();
    for (auto trial = trials.rbegin(); trial != trials.rend(); ++trial) {
      if (by_age && living.size() == size) break;
      if (!*trial) continue;
      if (auto scored = score_of(**trial, view.objectives(), limits_)) living.push_back(std::move(*scored));
    }
    return ranked(std::move(living), size);
  }

  const study::Trial* tournament(const std::vector<Scored>& living, base::Rng& rng) const {
    auto winner = living.size();
    for (std::int64_t i = 0; i < settings_.tournament; ++i) {
      winner = std::min(winner, static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(living.size()))));
    }
    return living[winner].trial;
  }

  EvolutionSettings settings_;
  MetricLimits limits_;
};

}  // namespace

std::unique_ptr<study::Planner> make_evolution(std::shared_ptr<const space::Space> space, EvolutionSettings settings,
                                               MetricLimits limits, std::vector<study::Proposal> first) {
  settings.tournament = std::max<std::int64_t>(1, std::min(settings.tournament, settings.population));
  return std::make_unique<Evolution>(std::move(space), settings, std::move(limits), std::move(first));
}

}  // namespace assay::search
