// Boxes that share the origin as a corner, and the volume of their union: hypervolume after the reference point is
// taken off and every objective is turned so that more is better.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stats/staircase.hpp"

namespace assay::stats {

/// Far corners in one block of memory, `axes` positive numbers per box.
struct Boxes {
  std::size_t axes = 0;
  std::vector<double> corners;

  std::size_t size() const { return axes == 0 ? 0 : corners.size() / axes; }
  std::span<const double> at(std::size_t i) const { return {corners.data() + i * axes, axes}; }
  void add(std::span<const double> corner) { corners.insert(corners.end(), corner.begin(), corner.end()); }
};

/// Volume of one box.
double volume(std::span<const double> corner);

/// Volume of the union, exact. Two axes: one sort. Three: a sweep with a staircase, O(n log n) and short moves in
/// memory. More: While, Bradstreet, Barone, "A fast way of calculating exact hypervolumes" (WFG), IEEE Transactions on
/// Evolutionary Computation 16, 2012, down to three axes.
double union_volume(const Boxes& boxes);

/// Volume that `corner` has outside the union of the boxes, but for the one numbered `skip`.
double outside_volume(std::span<const double> corner, const Boxes& boxes,
                      std::size_t skip = static_cast<std::size_t>(-1));

/// A union that grows box by box.
class BoxUnion {
 public:
  explicit BoxUnion(std::size_t axes) : boxes_{axes, {}} {}

  std::size_t axes() const { return boxes_.axes; }
  double volume() const { return volume_; }
  /// Boxes that no other covers.
  std::size_t size() const { return axes() == 2 ? plane_.steps().size() : boxes_.size(); }
  /// Volume that the box would add.
  double gain(std::span<const double> corner) const;
  /// Adds the box; returns gain(corner) as it was before. Two axes: O(log n) and a short move in memory.
  double add(std::span<const double> corner);

 private:
  Staircase plane_;  ///< two axes
  Boxes boxes_;      ///< any other number
  double volume_ = 0;
};

}  // namespace assay::stats
