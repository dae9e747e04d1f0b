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

/// The points turned so that more is better, and an order in which none is dominated by a later one: by the first
/// objective, then the second, and so on; equal ones by their place.
class Sorted {
 public:
  Sorted(const Points& points, const std::vector<bool>& maximise) : axes_(maximise.size()), order_(points.size()) {
    values_.reserve(points.size() * axes_);
    for (const auto& point : points) {
      base::require(point.size() == axes_, "a point with {} objectives, {} expected", point.size(), axes_);
      for (std::size_t j = 0; j < axes_; ++j) values_.push_back(maximise[j] ? point[j] : -point[j]);
    }
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) {
      for (std::size_t j = 0; j < axes_; ++j) {
        if (at(a, j) != at(b, j)) return at(a, j) > at(b, j);
      }
      return a < b;
    });
  }

  const std::vector<std::size_t>& order() const { return order_; }
  double at(std::size_t point, std::size_t axis) const { return values_[point * axes_ + axis]; }
  /// For a point that stands earlier in the order.
  bool dominates(std::size_t earlier, std::size_t later) const {
    bool better = false;
    for (std::size_t j = 0; j < axes_; ++j) {
      if (at(earlier, j) < at(later, j)) return false;
      better = better || at(earlier, j) > at(later, j);
    }
    return better;
  }
  bool equal(std::size_t a, std::size_t b) const {
    return std::equal(&values_[a * axes_], &values_[a * axes_] + axes_, &values_[b * axes_]);
  }

 private:
  std::size_t axes_;
  std::vector<double> values_;
  std::vector<std::size_t> order_;
};

/// A layer dominates a point just if the layer's last member, which reaches highest on the second axis, does.
std::vector<int> layers_in_plane(const Sorted& sorted, std::size_t count) {
  std::vector<int> layer(count, 0);
  std::vector<double> reached;  // per layer, falling
  const auto& order = sorted.order();
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && sorted.equal(order[i - 1], order[i])) {
      layer[order[i]] = layer[order[i - 1]];
      continue;
    }
    const double y = sorted.at(order[i], 1);
    const auto place = std::lower_bound(reached.begin(), reached.end(), y, [](double a, double b) { return a >= b; });
    layer[order[i]] = static_cast<int>(place - reached.begin());
    if (place == reached.end()) {
      reached.push_back(y);
    } else {
      *place = y;
    }
  }
  return layer;
}

/// What a layer dominates, all layers above it dominate too.
std::vector<int> layers_in_space(const Sorted& sorted, std::size_t count) {
  std::vector<int> layer(count, 0);
  std::vector<std::vector<std::size_t>> members;
  for (const auto i : sorted.order()) {
    const auto beaten_by = [&](const std::vector<std::size_t>& above, auto) {
      return std::any_of(above.rbegin(), above.rend(), [&](auto j) { return sorted.dominates(j, i); });
    };
    const auto place = std::lower_bound(members.begin(), members.end(), 0, beaten_by);
    layer[i] = static_cast<int>(place - members.begin());
    if (place == members.end()) {
      members.push_back({i});
    } else {
      place->push_back(i);
    }
  }
  return layer;
}

}  // namespace

std::vector<std::size_t> pareto_front(const Points& points, const std::vector<bool>& maximise) {
  const Sorted sorted(points, maximise);
  std::vector<std::size_t> front;
  for (const auto i : sorted.order()) {
    const auto beats = [&](auto j) { return sorted.dominates(j, i); };
    const bool beaten =
        maximise.size() == 2 ? !front.empty() && beats(front.back()) : std::any_of(front.rbegin(), front.rend(), beats);
    if (!beaten) front.push_back(i);
  }
  std::sort(front.begin(), front.end());
  return front;
}

std::vector<int> pareto_layers(const Points& points, const std::vector<bool>& maximise, std::size_t enough) {
  const Sorted sorted(points, maximise);
  auto layer = maximise.size() == 2 ? layers_in_plane(sorted, points.size()) : layers_in_space(sorted, points.size());
  std::vector<std::size_t> sizes;
  for (const int number : layer) {
    sizes.resize(std::max(sizes.size(), static_cast<std::size_t>(number) + 1));
    ++sizes[static_cast<std::size_t>(number)];
  }
  int rest = 0;
  for (std::size_t known = 0; known < enough && static_cast<std::size_t>(rest) < sizes.size(); ++rest)
    known += sizes[static_cast<std::size_t>(rest)];
  for (auto& number : layer) number = std::min(number, rest);
  return layer;
}

std::vector<double> crowding(const Points& points, const std::vector<std::size_t>& members) {
  std::vector<double> distance(members.size(), members.size() > 2 ? 0.0 : infinite);
  const auto axes = members.empty() ? 0 : points[members.front()].size();
  std::vector<std::size_t> order(members.size());
  for (std::size_t j = 0; j < axes; ++j) {
    const auto value = [&](std::size_t place) { return points[members[place]][j]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return value(a) < value(b); });
    const double range = value(order.back()) - value(order.front());
    if (!(range > 0)) continue;  // the ends of an axis on which all are equal are no extremes
    distance[order.front()] = distance[order.back()] = infinite;
    for (std::size_t i = 1; i + 1 < order.size(); ++i) {
      distance[order[i]] += (value(order[i + 1]) - value(order[i - 1])) / range;
    }
  }
  return distance;
}

}  // namespace assay::stats
