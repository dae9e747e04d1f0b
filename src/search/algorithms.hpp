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
  std::int64_t population = 24;  ///< so many trials may have offspring; as many begin at random
  std::int64_t tournament = 6;   ///< so many of them are drawn, the best is the parent
};

/// Evolution without generations: each proposal looks at the trials that are committed by then. One objective:
/// regularised (Real et al., "Regularized evolution for image classifier architecture search", AAAI 2019): the youngest
/// trials live, so that a lucky measurement dies out. Several: the best live, by Pareto layer and crowding (Deb et al.,
/// NSGA-II, 2002).
std::unique_ptr<study::Planner> make_evolution(std::shared_ptr<const space::Space> space, EvolutionSettings settings,
                                               MetricLimits limits, std::vector<study::Proposal> first);

/// [search] points: values by parameter name (or its last part, where that is clear), defaults for the rest.
std::vector<study::Proposal> listed_points(const config::Config& config, const space::Space& space);

}  // namespace assay::search
