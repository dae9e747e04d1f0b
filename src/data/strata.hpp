// What rows are alike for a split: classes, or quantile bins of a regression target.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"

namespace assay::data {

inline constexpr int target_bins = 10;

/// Upper bounds of the bins but the last: the quantiles of the targets.
std::vector<float> bin_edges(std::vector<float> targets);
/// The bin of a target: the number of edges below it.
std::int32_t bin_of(float target, const std::vector<float>& edges);

/// Stratum of each row, 0 .. count - 1.
struct Strata {
  std::vector<std::int32_t> of;
  std::int32_t count = 0;
};
Strata strata_of(const Dataset& dataset);

}  // namespace assay::data
