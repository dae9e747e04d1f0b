#include "stats/hypervolume.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"

namespace assay::stats {
namespace {

/// Gain over the reference per objective; false unless all are positive.
bool corner_of(std::span<const double> point, const std::vector<double>& reference, const std::vector<bool>& maximise,
               std::span<double> corner) {
  base::require(point.size() == reference.size(), "a point with {} objectives, {} expected", point.size(),
                reference.size());
  bool inside = true;
  for (std::size_t j = 0; j < point.size(); ++j) {
    corner[j] = maximise[j] ? point[j] - reference[j] : reference[j] - point[j];
    inside = inside && corner[j] > 0;
  }
  return inside;
}

void require_reference(const std::vector<double>& reference, const std::vector<bool>& maximise) {
  base::require(reference.size() == maximise.size() && !reference.empty(),
                "a reference point of {} values for {} objectives", reference.size(), maximise.size());
}

struct Inside {
  Boxes boxes;
  std::vector<std::size_t> index;  ///< of the point that a box belongs to
};

Inside inside_of(const Points& points, const std::vector<double>& reference, const std::vector<bool>& maximise) {
  require_reference(reference, maximise);
  Inside inside{{reference.size(), {}}, {}};
  inside.boxes.corners.reserve(points.size() * reference.size());
  std::vector<double> corner(reference.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!corner_of(points[i], reference, maximise, corner)) continue;
    inside.boxes.add(corner);
    inside.index.push_back(i);
  }
  return inside;
}

/// Each step of the staircase loses the rectangle between its neighbours, but for what covered points keep of it.
std::vector<double> exclusive_areas(const Boxes& boxes) {
  const auto x = [&](std::size_t i) { return boxes.at(i)[0]; };
  const auto y = [&](std::size_t i) { return boxes.at(i)[1]; };
  std::vector<std::size_t> order(boxes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return x(a) != x(b) ? x(a) > x(b) : y(a) > y(b); });
  struct Step {
    std::size_t index;
    double below;                      ///< y of the step to its right
    std::vector<std::size_t> covered;  ///< between this step and the next to its left
  };
  std::vector<Step> steps;
  for (const auto i : order) {
    const double reached = steps.empty() ? 0 : y(steps.back().index);
    if (y(i) > reached) {
      steps.push_back({i, reached, {}});
    } else {
      steps.back().covered.push_back(i);
    }
  }
  std::vector<double> result(boxes.size(), 0.0);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const auto& [index, below, covered] = steps[s];
    const double left = s + 1 < steps.size() ? x(steps[s + 1].index) : 0;
    Staircase kept;
    for (const auto i : covered) {
      if (x(i) > left && y(i) > below) kept.add(x(i) - left, y(i) - below);
    }
    result[index] = std::max(0.0, (x(index) - left) * (y(index) - below) - kept.area());
  }
  return result;
}

}  // namespace

double hypervolume(const Points& points, const std::vector<double>& reference, const std::vector<bool>& maximise) {
  return union_volume(inside_of(points, reference, maximise).boxes);
}

std::vector<double> exclusive_volumes(const Points& points, const std::vector<double>& reference,
                                      const std::vector<bool>& maximise) {
  const auto [boxes, index] = inside_of(points, reference, maximise);
  std::vector<double> result(points.size(), 0.0);
  const auto areas = boxes.axes == 2 ? exclusive_areas(boxes) : std::vector<double>{};
  for (std::size_t i = 0; i < index.size(); ++i)
    result[index[i]] = boxes.axes == 2 ? areas[i] : outside_volume(boxes.at(i), boxes, i);
  return result;
}

std::vector<std::size_t> greedy_subset(const Points& points, std::size_t count, const std::vector<double>& reference,
                                       const std::vector<bool>& maximise) {
  struct Candidate {
    double gain;
    std::size_t box, known_at;  ///< the gain over the first `known_at` chosen
    bool operator<(const Candidate& other) const { return gain != other.gain ? gain < other.gain : box > other.box; }
  };
  const auto [boxes, index] = inside_of(points, reference, maximise);
  std::vector<Candidate> queue(boxes.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) queue[i] = {volume(boxes.at(i)), i, 0};
  std::make_heap(queue.begin(), queue.end());
  std::vector<std::size_t> chosen;
  std::vector<bool> taken(points.size(), false);
  BoxUnion front(boxes.axes);
  while (chosen.size() < count && !queue.empty() && queue.front().gain > 0) {
    std::pop_heap(queue.begin(), queue.end());
    auto& best = queue.back();
    if (best.known_at < chosen.size()) {
      best.gain = front.gain(boxes.at(best.box));
      best.known_at = chosen.size();
      std::push_heap(queue.begin(), queue.end());
      continue;
    }
    front.add(boxes.at(best.box));
    chosen.push_back(index[best.box]);
    taken[chosen.back()] = true;
    queue.pop_back();
  }
  for (std::size_t i = 0; i < points.size() && chosen.size() < count; ++i) {  // those that add nothing
    if (!taken[i]) chosen.push_back(i);
  }
  return chosen;
}

HypervolumeArchive::HypervolumeArchive(std::vector<double> reference, std::vector<bool> maximise)
    : reference_(std::move(reference)), maximise_(std::move(maximise)), front_(reference_.size()) {
  require_reference(reference_, maximise_);
}

double HypervolumeArchive::gain(std::span<const double> point) const {
  std::vector<double> corner(reference_.size());
  return corner_of(point, reference_, maximise_, corner) ? front_.gain(corner) : 0;
}

double HypervolumeArchive::add(std::span<const double> point) {
  std::vector<double> corner(reference_.size());
  return corner_of(point, reference_, maximise_, corner) ? front_.add(corner) : 0;
}

}  // namespace assay::stats
