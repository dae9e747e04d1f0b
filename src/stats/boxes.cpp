#include "stats/boxes.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace assay::stats {
namespace {

std::vector<std::size_t> descending_by(const Boxes& boxes, std::size_t axis) {
  std::vector<std::size_t> order(boxes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto value = [&](std::size_t i) { return boxes.corners[i * boxes.axes + axis]; };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return value(a) > value(b); });
  return order;
}

double area(const Boxes& boxes) {
  double total = 0, reached = 0;
  for (const auto i : descending_by(boxes, 0)) {
    const auto corner = boxes.at(i);
    if (corner[1] <= reached) continue;
    total += corner[0] * (corner[1] - reached);
    reached = corner[1];
  }
  return total;
}

double sweep(const Boxes& boxes) {
  const auto order = descending_by(boxes, 2);
  Staircase floor;
  double total = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto corner = boxes.at(order[i]);
    floor.add(corner[0], corner[1]);
    total += floor.area() * (corner[2] - (i + 1 < order.size() ? boxes.at(order[i + 1])[2] : 0));
  }
  return total;
}

bool covers(std::span<const double> a, std::span<const double> b) {
  for (std::size_t j = 0; j < a.size(); ++j) {
    if (a[j] < b[j]) return false;
  }
  return true;
}

/// Only the boxes that no other covers, by their last axis, descending: a later one never covers an earlier one unless
/// they are equally deep.
Boxes uncovered(const Boxes& boxes) {
  Boxes kept{boxes.axes, {}};
  for (const auto i : descending_by(boxes, boxes.axes - 1)) {
    bool covered = false;
    for (std::size_t k = 0; k < kept.size() && !covered; ++k) covered = covers(kept.at(k), boxes.at(i));
    if (!covered) kept.add(boxes.at(i));
  }
  return kept;
}

/// Each box counts what the deeper ones leave of it. Those, cut down to it, are all as deep as it is: one axis fewer.
double wfg(const Boxes& boxes) {
  const auto kept = uncovered(boxes);
  const auto last = boxes.axes - 1;
  double total = 0;
  Boxes deeper{last, {}};
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto corner = kept.at(i);
    total += corner[last] * outside_volume(corner.first(last), deeper);
    deeper.add(corner.first(last));
  }
  return total;
}

}  // namespace

double volume(std::span<const double> corner) {
  return std::accumulate(corner.begin(), corner.end(), 1.0, std::multiplies<>());
}

double union_volume(const Boxes& boxes) {
  if (boxes.size() == 0) return 0;
  if (boxes.size() == 1) return volume(boxes.at(0));
  if (boxes.axes == 1) return *std::max_element(boxes.corners.begin(), boxes.corners.end());
  if (boxes.axes == 2) return area(boxes);
  return boxes.axes == 3 ? sweep(boxes) : wfg(boxes);
}

double outside_volume(std::span<const double> corner, const Boxes& boxes, std::size_t skip) {
  Boxes inside{corner.size(), {}};
  inside.corners.reserve(boxes.corners.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (i == skip) continue;
    for (std::size_t j = 0; j < corner.size(); ++j) inside.corners.push_back(std::min(corner[j], boxes.at(i)[j]));
  }
  return std::max(0.0, volume(corner) - union_volume(inside));
}

double BoxUnion::gain(std::span<const double> corner) const {
  return axes() == 2 ? plane_.gain(corner[0], corner[1]) : outside_volume(corner, boxes_);
}

double BoxUnion::add(std::span<const double> corner) {
  if (axes() == 2) {
    const double gained = plane_.add(corner[0], corner[1]);
    volume_ += gained;
    return gained;
  }
  const double gained = gain(corner);
  if (!(gained > 0)) return 0;
  volume_ += gained;
  Boxes kept{axes(), {}};
  for (std::size_t i = 0; i < boxes_.size(); ++i) {
    if (!covers(corner, boxes_.at(i))) kept.add(boxes_.at(i));
  }
  kept.add(corner);
  boxes_ = std::move(kept);
  return gained;
}

}  // namespace assay::stats
