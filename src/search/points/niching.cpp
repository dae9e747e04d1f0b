#include "search/points/niching.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace assay::search {
namespace {

constexpr double tiny = 1e-6;

/// Of the points, the one farthest out along an axis: least in max(cost_j / weight_j), weight 1 for the axis (eq. 4).
std::size_t extreme(const stats::Points& points, std::size_t axis) {
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < points.size(); ++i) {
    double most = 0;
    for (std::size_t j = 0; j < points[i].size(); ++j) most = std::max(most, points[i][j] / (j == axis ? 1 : tiny));
    if (most < least) {
      least = most;
      best = i;
    }
  }
  return best;
}

/// Solves rows * x = 1 by elimination; nothing if the rows do not determine x.
std::optional<std::vector<double>> plane_through(stats::Points rows) {
  const auto size = rows.size();
  for (auto& row : rows) row.push_back(1);
  for (std::size_t k = 0; k < size; ++k) {
    const auto larger = [&](const auto& a, const auto& b) { return std::abs(a[k]) < std::abs(b[k]); };
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(k);
    std::iter_swap(first, std::max_element(first, rows.end(), larger));
    if (std::abs(rows[k][k]) < 1e-12) return std::nullopt;
    for (std::size_t i = 0; i < size; ++i) {
      const double factor = i == k ? 0 : rows[i][k] / rows[k][k];
      for (std::size_t j = k; j <= size && factor != 0; ++j) rows[i][j] -= factor * rows[k][j];
    }
  }
  std::vector<double> solution;
  for (std::size_t k = 0; k < size; ++k) solution.push_back(rows[k][size] / rows[k][k]);
  return solution;
}

/// Where the plane through the extreme points meets the axes; nothing if it does not meet all of them. In parts of
/// `scale`, so that the choice of the extreme points, unlike eq. 4 as published, is the same in any units.
std::optional<std::vector<double>> intercepts(stats::Points moved, const std::vector<double>& scale) {
  for (auto& point : moved) {
    for (std::size_t j = 0; j < scale.size(); ++j) point[j] /= scale[j];
  }
  stats::Points corners;
  for (std::size_t axis = 0; axis < moved.front().size(); ++axis) corners.push_back(moved[extreme(moved, axis)]);
  auto plane = plane_through(std::move(corners));
  if (!plane) return std::nullopt;
  for (std::size_t j = 0; j < scale.size(); ++j) {
    auto& value = (*plane)[j];
    if (!(value > 1e-12)) return std::nullopt;
    value = scale[j] / value;
  }
  return plane;
}

/// One of the places with the least value.
std::size_t least_of(const std::vector<std::size_t>& counts, base::Rng& rng) {
  const auto least = *std::min_element(counts.begin(), counts.end());
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == least) places.push_back(i);
  }
  return places[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(places.size())))];
}

/// Fills `chosen` up to `count` from the candidates, direction by direction.
void fill_niches(std::vector<std::size_t>& chosen, std::size_t count, const std::vector<std::size_t>& candidates,
                 const std::vector<Niche>& niches, std::size_t directions, base::Rng& rng) {
  constexpr auto closed = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> counts(directions, 0);
  std::vector<std::vector<std::size_t>> waiting(directions);
  for (const auto i : chosen) ++counts[niches[i].direction];
  for (const auto i : candidates) waiting[niches[i].direction].push_back(i);
  for (std::size_t d = 0; d < directions; ++d) {
    if (waiting[d].empty()) counts[d] = closed;
  }
  while (chosen.size() < count) {
    const auto direction = least_of(counts, rng);
    auto& members = waiting[direction];
    const auto nearer = [&](auto a, auto b) { return niches[a].distance < niches[b].distance; };
    const auto picked = counts[direction] == 0 ? std::min_element(members.begin(), members.end(), nearer)
                                               : members.begin() + rng.below(static_cast<std::int64_t>(members.size()));
    chosen.push_back(*picked);
    members.erase(picked);
    counts[direction] = members.empty() ? closed : counts[direction] + 1;
  }
}

}  // namespace

stats::Points normalised(const stats::Points& costs, const std::vector<int>& layers) {
  auto points = costs;
  const auto axes = costs.empty() ? 0 : costs.front().size();
  std::vector<double> ideal(axes, std::numeric_limits<double>::infinity()), scale(axes, 0);
  for (const auto& point : points) {
    for (std::size_t j = 0; j < axes; ++j) ideal[j] = std::min(ideal[j], point[j]);
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = 0; j < axes; ++j) {
      points[i][j] -= ideal[j];
      if (layers[i] == 0) scale[j] = std::max(scale[j], points[i][j]);
    }
  }
  // An axis that spans nothing in the front has nothing to be scaled by.
  const bool flat = std::any_of(scale.begin(), scale.end(), [](double value) { return value <= 0; });
  if (!points.empty() && !flat) scale = intercepts(points, scale).value_or(scale);
  for (auto& point : points) {
    for (std::size_t j = 0; j < axes; ++j) point[j] /= scale[j] > 0 ? scale[j] : 1;
  }
  return points;
}

Niche nearest(const std::vector<double>& point, const stats::Points& directions) {
  Niche best{0, std::numeric_limits<double>::infinity()};
  const double length = std::inner_product(point.begin(), point.end(), point.begin(), 0.0);
  for (std::size_t d = 0; d < directions.size(); ++d) {
    const auto& direction = directions[d];
    const double along = std::inner_product(point.begin(), point.end(), direction.begin(), 0.0);
    const double norm = std::inner_product(direction.begin(), direction.end(), direction.begin(), 0.0);
    const double distance = std::sqrt(std::max(0.0, length - along * along / norm));
    if (distance < best.distance) best = {d, distance};
  }
  return best;
}

std::vector<std::size_t> niche_survivors(const stats::Points& costs, std::size_t count, const stats::Points& directions,
                                         base::Rng& rng) {
  std::vector<std::size_t> chosen;
  if (costs.size() <= count) {
    chosen.resize(costs.size());
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    return chosen;
  }
  const auto all = stats::pareto_layers(costs, std::vector<bool>(costs.front().size(), false), count);
  // The layers up to the one that is cut.
  std::vector<std::size_t> sizes;
  for (const auto layer : all) {
    sizes.resize(std::max(sizes.size(), static_cast<std::size_t>(layer) + 1));
    ++sizes[static_cast<std::size_t>(layer)];
  }
  std::size_t last = 0, whole = 0;
  while (whole + sizes[last] <= count) whole += sizes[last++];
  stats::Points considered;
  std::vector<std::size_t> index, candidates;
  std::vector<int> layers;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    if (all[i] > static_cast<int>(last)) continue;
    (all[i] < static_cast<int>(last) ? chosen : candidates).push_back(index.size());
    index.push_back(i);
    considered.push_back(costs[i]);
    layers.push_back(all[i]);
  }
  std::vector<Niche> niches;
  for (const auto& point : normalised(considered, layers)) niches.push_back(nearest(point, directions));
  fill_niches(chosen, count, candidates, niches, directions.size(), rng);
  for (auto& place : chosen) place = index[place];
  return chosen;
}

}  // namespace assay::search
