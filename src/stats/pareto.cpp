#include "stats/pareto.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace assay::stats {

bool dominates(const std::vector<double>& a, const std::vector<double>& b, const std::vector<bool>& maximise) {
  bool better = false;
  for (std::size_t j = 0; j < maximise.size(); ++j) {
    const double difference = maximise[j] ? a[j] - b[j] : b[j] - a[j];
    if (difference < 0) return false;
    better = better || difference > 0;
  }
  return better;
}

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// Gains over the reference point, all to be maximised and positive.
Points gains(const Points& points, const std::vector<double>& reference, const std::vector<bool>& maximise) {
  Points result;
  for (const auto& point : points) {
    base::require(point.size() == reference.size(), "a point with {} objectives, {} expected", point.size(),
                  reference.size());
    std::vector<double> gain(point.size());
    for (std::size_t j = 0; j < point.size(); ++j)
      gain[j] = maximise[j] ? point[j] - reference[j] : reference[j] - point[j];
    if (std::all_of(gain.begin(), gain.end(), [](double value) { return value > 0; }))
      result.push_back(std::move(gain));
  }
  return result;
}

double area(const Points& points) {  // sorted by the second column, descending
  double total = 0, reached = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    reached = std::max(reached, points[i][0]);
    const double next = i + 1 < points.size() ? points[i + 1][1] : 0;
    total += reached * (points[i][1] - next);
  }
  return total;
}

double volume(Points points, std::size_t axes) {
  if (points.empty()) return 0;
  const auto last = axes - 1;
  std::sort(points.begin(), points.end(), [&](const auto& a, const auto& b) { return a[last] > b[last]; });
  if (axes == 1) return points.front()[0];
  if (axes == 2) return area(points);
  double total = 0;
  Points slice;
  for (std::size_t i = 0; i < points.size(); ++i) {
    slice.push_back(points[i]);
    const double depth = points[i][last] - (i + 1 < points.size() ? points[i + 1][last] : 0);
    if (depth > 0) total += depth * volume(slice, last);
  }
  return total;
}

struct Split {
  std::vector<std::size_t> front, rest;  ///< ascending
};

/// One pass that keeps the front so far: n x the size of the front comparisons.
Split front_among(const Points& points, const std::vector<std::size_t>& members, const std::vector<bool>& maximise) {
  Split split;
  for (const auto i : members) {
    const auto beats = [&](auto j) { return dominates(points[j], points[i], maximise); };
    if (std::any_of(split.front.begin(), split.front.end(), beats)) {
      split.rest.push_back(i);
      continue;
    }
    const auto beaten = std::stable_partition(split.front.begin(), split.front.end(),
                                              [&](auto j) { return !dominates(points[i], points[j], maximise); });
    split.rest.insert(split.rest.end(), beaten, split.front.end());
    split.front.erase(beaten, split.front.end());
    split.front.push_back(i);
  }
  std::sort(split.rest.begin(), split.rest.end());
  return split;
}

}  // namespace

std::vector<std::size_t> pareto_front(const Points& points, const std::vector<bool>& maximise) {
  std::vector<std::size_t> all(points.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return front_among(points, all, maximise).front;
}

std::vector<int> pareto_layers(const Points& points, const std::vector<bool>& maximise, std::size_t enough) {
  std::vector<int> layer(points.size(), 0);
  std::vector<std::size_t> left(points.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  std::size_t known = 0;
  for (int number = 0; !left.empty(); ++number) {
    for (const auto i : left) layer[i] = number;
    if (known >= enough) break;
    auto split = front_among(points, left, maximise);
    known += split.front.size();
    left = std::move(split.rest);
  }
  return layer;
}

std::vector<double> crowding(const Points& points, const std::vector<std::size_t>& members) {
  std::vector<double> distance(members.size(), 0.0);
  const auto axes = members.empty() ? 0 : points[members.front()].size();
  std::vector<std::size_t> order(members.size());
  for (std::size_t j = 0; j < axes; ++j) {
    const auto value = [&](std::size_t place) { return points[members[place]][j]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return value(a) < value(b); });
    const double range = value(order.back()) - value(order.front());
    distance[order.front()] = distance[order.back()] = infinite;
    if (!(range > 0)) continue;
    for (std::size_t i = 1; i + 1 < order.size(); ++i) {
      distance[order[i]] += (value(order[i + 1]) - value(order[i - 1])) / range;
    }
  }
  return distance;
}

double hypervolume(const Points& points, const std::vector<double>& reference, const std::vector<bool>& maximise) {
  base::require(reference.size() == maximise.size() && !reference.empty(),
                "a reference point of {} values for {} objectives", reference.size(), maximise.size());
  return volume(gains(points, reference, maximise), reference.size());
}

}  // namespace assay::stats
