// A kernel density over the points of a space, as BOHB uses it: one kernel per row, the product of one factor per
// parameter.
#pragma once

#include <cstddef>
#include <vector>

#include "base/random.hpp"
#include "space/space.hpp"

namespace assay::search {

/// Space::encode, with NaN where a parameter is inactive.
using Row = std::vector<double>;
Row row_of(const space::Space& space, const space::Params& params, std::vector<double> encoded);

/// Values of an unordered parameter that a kernel tells apart, 0 where it is a scale: one per parameter.
std::vector<std::size_t> categories_of(const space::Space& space);

class Density {
 public:
  /// `rows`: at least one; all of them of this space.
  Density(const std::vector<std::size_t>& categories, const std::vector<const Row*>& rows);

  double at(const Row& row) const;
  /// A point near one of the rows, where kernels are `wider` times as wide: each scale from a normal cut off at 0 and
  /// 1, each category kept with probability 1 - bandwidth. What the row does not have is even.
  std::vector<double> draw(base::Rng& rng, double wider) const;

 private:
  double drawn(std::size_t axis, double value, base::Rng& rng, double wider) const;

  std::vector<std::size_t> categories_;
  std::vector<double> bandwidths_;
  std::vector<double> values_;  ///< row after row
  std::size_t rows_;
};

}  // namespace assay::search
