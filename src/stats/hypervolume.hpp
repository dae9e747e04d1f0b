// What a set of results with several objectives is worth: the volume it dominates up to a reference point. Points as in
// pareto.hpp; points beyond the reference, or level with it, count nothing. All exact.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stats/boxes.hpp"
#include "stats/pareto.hpp"

namespace assay::stats {

/// Volume dominated by the points. O(n log n) for two and three objectives, WFG above (see boxes.hpp).
double hypervolume(const Points& points, const std::vector<double>& reference, const std::vector<bool>& maximise);

/// What would be lost without each single point; 0 for dominated points and for those that stand twice.
std::vector<double> exclusive_volumes(const Points& points, const std::vector<double>& reference,
                                      const std::vector<bool>& maximise);

/// Indices of `count` points, in the order of choice: each the one that adds most to those before it, ties to the lower
/// index (greedy, at least 1 - 1/e of the best subset's volume: Nemhauser, Wolsey, Fisher 1978). Gains can only fall,
/// so that most of them need not be computed again (Minoux 1978).
std::vector<std::size_t> greedy_subset(const Points& points, std::size_t count, const std::vector<double>& reference,
                                       const std::vector<bool>& maximise);

/// A front that grows point by point.
class HypervolumeArchive {
 public:
  HypervolumeArchive(std::vector<double> reference, std::vector<bool> maximise);

  /// Volume that the point would add.
  double gain(std::span<const double> point) const;
  /// Adds the point; returns gain(point) as it was before.
  double add(std::span<const double> point);
  double volume() const { return front_.volume(); }
  /// Points that are not dominated and count.
  std::size_t size() const { return front_.size(); }

 private:
  std::vector<double> reference_;
  std::vector<bool> maximise_;
  BoxUnion front_;
};

}  // namespace assay::stats
