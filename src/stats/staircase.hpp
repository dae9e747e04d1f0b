// The area below a growing set of points in the plane: the state of every sweep over two objectives.
#pragma once

#include <cstddef>
#include <vector>

namespace assay::stats {

/// Union of the rectangles from the origin to each point; coordinates are positive, more is better.
class Staircase {
 public:
  struct Step {
    double x = 0, y = 0;
  };

  /// Area that the point would add; 0 for one that is covered. O(log n + steps that it covers).
  double gain(double x, double y) const;
  /// Adds the point and returns gain(x, y) as it was before.
  double add(double x, double y);
  double area() const { return area_; }
  /// The points that are not covered by others, x ascending, y descending.
  const std::vector<Step>& steps() const { return steps_; }

 private:
  struct Cover {
    double area = 0;
    std::size_t first = 0, last = 0;  ///< the steps [first, last) disappear below the point
  };
  Cover cover(double x, double y) const;

  std::vector<Step> steps_;
  double area_ = 0;
};

}  // namespace assay::stats
