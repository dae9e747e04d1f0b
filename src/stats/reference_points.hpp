// Directions spread evenly over the trade-offs between objectives, for NSGA-III.
#pragma once

#include <cstddef>
#include <vector>

namespace assay::stats {

/// All points of the unit simplex whose coordinates are multiples of 1 / divisions; there are
/// C(divisions + axes - 1, axes - 1). Das, Dennis, "Normal-boundary intersection", SIAM Journal on Optimization 8,
/// 1998.
std::vector<std::vector<double>> das_dennis(std::size_t axes, std::size_t divisions);

}  // namespace assay::stats
