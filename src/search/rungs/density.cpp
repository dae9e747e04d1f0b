#include "search/rungs/density.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "space/domain.hpp"

namespace assay::search {
namespace {

constexpr double least_bandwidth = 1e-3;

double deviation(const std::vector<double>& values) {
  double mean = 0, sum = 0;
  for (const auto value : values) mean += value / static_cast<double>(values.size());
  for (const auto value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

/// Of a category: that of the indicator of the most frequent value. (BOHB takes that of the values' places, which mean
/// nothing.)
double spread(const std::vector<double>& values, bool category) {
  if (!category) return deviation(values);
  std::map<double, int> counts;
  int most = 0;
  for (const auto value : values) most = std::max(most, ++counts[value]);
  const double share = most / static_cast<double>(values.size());
  return std::sqrt(share * (1 - share));
}

}  // namespace

Row row_of(const space::Space& space, const space::Params& params, std::vector<double> encoded) {
  const auto& parameters = space.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].conditions.empty() && !params.contains(parameters[i].name))
      encoded[i] = std::numeric_limits<double>::quiet_NaN();
  }
  return encoded;
}

std::vector<std::size_t> categories_of(const space::Space& space) {
  std::vector<std::size_t> categories;
  for (const auto& parameter : space.parameters()) {
    const auto& domain = parameter.domain;
    const bool unordered =
        domain.kind == space::Kind::subset || (domain.kind == space::Kind::choice && !domain.ordered);
    categories.push_back(
        unordered ? static_cast<std::size_t>(std::max<std::int64_t>(2, space::count(domain).value_or(2))) : 0);
  }
  return categories;
}

/// Bandwidths by the normal reference rule, 1.06 x deviation x n^(-1 / (4 + d)), of the rows that have the parameter.
Density::Density(const std::vector<std::size_t>& categories, const std::vector<const Row*>& rows)
    : categories_(categories), rows_(rows.size()) {
  for (const auto* row : rows) values_.insert(values_.end(), row->begin(), row->end());
  const double shrink =
      1.06 * std::pow(static_cast<double>(rows.size()), -1 / (4 + static_cast<double>(categories.size())));
  for (std::size_t axis = 0; axis < categories.size(); ++axis) {
    std::vector<double> active;
    for (const auto* row : rows) {
      if (!std::isnan((*row)[axis])) active.push_back((*row)[axis]);
    }
    const auto count = static_cast<double>(categories[axis]);
    const double most = count > 0 ? (count - 1) / count : std::numeric_limits<double>::infinity();
    const double wanted = active.empty() ? most : shrink * spread(active, count > 0);
    bandwidths_.push_back(std::clamp(std::isfinite(wanted) ? wanted : 1.0, least_bandwidth, most));
  }
}

/// Scales: normal kernels. Categories: Aitchison and Aitken 1976, 1 - h for the same value, h / (c - 1) for each other
/// one. Where a row or the point has no value, the factor is that of an even distribution.
double Density::at(const Row& point) const {
  const auto axes = categories_.size();
  double sum = 0;
  double scale = 1;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    if (categories_[axis] == 0 && !std::isnan(point[axis]))
      scale /= bandwidths_[axis] * std::sqrt(2 * std::numbers::pi);
  }
  for (std::size_t row = 0; row < rows_; ++row) {
    const double* values = &values_[row * axes];
    double factor = scale, exponent = 0;
    for (std::size_t axis = 0; axis < axes; ++axis) {
      const double h = bandwidths_[axis];
      const auto count = categories_[axis];
      const bool missing = std::isnan(values[axis]) || std::isnan(point[axis]);
      if (count > 0) {
        const auto c = static_cast<double>(count);
        factor *= missing ? 1 / c : values[axis] == point[axis] ? 1 - h : h / (c - 1);
      } else if (!missing) {
        const double z = (values[axis] - point[axis]) / h;
        exponent -= z * z / 2;
      } else if (!std::isnan(point[axis])) {
        factor *= h * std::sqrt(2 * std::numbers::pi);
      }
    }
    sum += factor * std::exp(exponent);
  }
  return sum / static_cast<double>(rows_);
}

double Density::drawn(std::size_t axis, double value, base::Rng& rng, double wider) const {
  if (std::isnan(value)) return rng.uniform();
  if (categories_[axis] > 0) return rng.uniform() < bandwidths_[axis] ? rng.uniform() : value;
  const double deviation = bandwidths_[axis] * wider;
  for (int attempt = 0; attempt < 100; ++attempt) {
    const double moved = value + deviation * rng.normal();
    if (moved >= 0 && moved <= 1) return moved;
  }
  return rng.uniform();
}

std::vector<double> Density::draw(base::Rng& rng, double wider) const {
  const auto axes = categories_.size();
  const auto row = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(rows_)));
  std::vector<double> unit(axes);
  for (std::size_t axis = 0; axis < axes; ++axis) unit[axis] = drawn(axis, values_[row * axes + axis], rng, wider);
  return unit;
}

}  // namespace assay::search
