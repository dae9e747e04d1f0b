// One factory per algorithm; make_planner chooses among them by name.
#pragma once

#include <memory>
#include <vector>

#include "search/ranking.hpp"
#include "study/planner.hpp"

namespace assay::search {

std::unique_ptr<study::Planner> make_random(std::shared_ptr<const space::Space> space,
                                            std::vector<study::Proposal> first);

/// All points in an order shuffled by `seed`, so that any part of the grid is a fair sample of it; reals take five
/// values, even in their distribution. Error(config) for more than 1,000,000 points.
std::unique_ptr<study::Planner> make_grid(std::shared_ptr<const space::Space> space, std::uint64_t seed);

struct EvolutionSettings {
  std::int64_t population = 24;  ///< the youngest so many trials with a result may have offspring
  std::int64_t tournament = 6;   ///< so many of them are drawn, the best is the parent
};

/// Regularised evolution (Real et al., "Regularized evolution for image classifier architecture search", AAAI 2019)
/// without generations: each proposal looks at the trials that are committed by then, ordered by number.
std::unique_ptr<study::Planner> make_evolution(std::shared_ptr<const space::Space> space, EvolutionSettings settings,
                                               MetricLimits limits, std::vector<study::Proposal> first);

/// [search] points: values by parameter name (or its last part, where that is clear), defaults for the rest.
std::vector<study::Proposal> listed_points(const config::Config& config, const space::Space& space);

}  // namespace assay::search
