// The selection of NSGA-III: who lives is who stands nearest to directions that few others stand near to.
// Deb, Jain, "An evolutionary many-objective optimization algorithm using reference-point-based nondominated sorting
// approach, part I", IEEE Transactions on Evolutionary Computation 18, 2014.
#pragma once

#include <cstddef>
#include <vector>

#include "base/random.hpp"
#include "stats/pareto.hpp"

namespace assay::search {

/// Costs (less is better) moved and scaled so that the ideal point is 0 and the plane through the extreme points meets
/// every axis at 1 (section IV-C, algorithm 2). Where the extreme points span no plane: the largest cost of the front
/// `layers` == 0, per axis, becomes 1.
stats::Points normalised(const stats::Points& costs, const std::vector<int>& layers);

/// The direction whose line through the origin is nearest, and the distance to it (IV-D, algorithm 3).
struct Niche {
  std::size_t direction = 0;
  double distance = 0;
};
Niche nearest(const std::vector<double>& point, const stats::Points& directions);

/// Indices of `count` points that live: all of the first Pareto layers, and as many of the next as there is room for,
/// from the directions with the fewest points (IV-E, algorithm 4).
std::vector<std::size_t> niche_survivors(const stats::Points& costs, std::size_t count, const stats::Points& directions,
                                         base::Rng& rng);

}  // namespace assay::search
