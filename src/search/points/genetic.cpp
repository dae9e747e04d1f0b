#include "search/points/genetic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::search {
namespace {

/// Other children have one parent.
constexpr double crossover_share = 0.9;
/// Attempts to find a second parent that is not the first.
constexpr int partner_tries = 10;

/// Each decision is made again with probability 1/d: about one, and none in a third of the children.
space::Params mutated(const space::Space& space, space::Params child, base::Rng& rng) {
  const auto decisions = static_cast<double>(std::max<std::size_t>(child.size(), 1));
  if (rng.uniform() < std::pow(1 - 1 / decisions, decisions)) return child;
  return space.mutate(child, rng, 1 / decisions);
}

}  // namespace

Genetic::Genetic(const Setup& setup) : PointSearch(setup), population_(setup.config.integer("search.population")) {}

trial::Proposal Genetic::draw(trial::TrialId trial, base::Rng& rng) {
  if (version_ != history().version()) {
    std::vector<trial::Scored> trials;
    for (const auto id : history().scored()) trials.push_back({history().at(id).trial.get(), *history().at(id).score});
    living_ = survivors(std::move(trials), static_cast<std::size_t>(population_));
    version_ = history().version();
  }
  if (trial < population_ || living_.size() < 2) return {.params = space().sample(rng), .note = "random"};
  const auto* mother = living_[select(living_, rng)].trial;
  if (rng.uniform() >= crossover_share)
    return {.params = space().mutate(mother->first.params, rng), .note = fmt::format("child of {}", mother->id)};
  const auto* father = mother;
  for (int attempt = 0; attempt < partner_tries && father == mother; ++attempt)
    father = living_[select(living_, rng)].trial;
  auto child = space().crossover(mother->first.params, father->first.params, rng);
  return {.params = mutated(space(), std::move(child), rng),
          .note = fmt::format("child of {} and {}", mother->id, father->id)};
}

}  // namespace assay::search
