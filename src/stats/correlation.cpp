#include "stats/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "stats/summary.hpp"

namespace assay::stats {
void require_pairs(std::span<const double> x, std::span<const double> y) {
  base::require(x.size() == y.size(), "rank agreement of lists of {} and {} values", x.size(), y.size());
}

std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    auto last = first;
    while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
    for (auto i = first; i <= last; ++i) ranks[order[i]] = static_cast<double>(first + last) / 2 + 1;
    first = last + 1;
  }
  return ranks;
}

double pearson(std::span<const double> x, std::span<const double> y) {
  require_pairs(x, y);
  const double mean_x = mean(x), mean_y = mean(y);
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - mean_x, dy = y[i] - mean_y;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx > 0 && yy > 0 ? std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0) : 0.0;
}

double spearman(std::span<const double> x, std::span<const double> y) {
  require_pairs(x, y);
  return pearson(average_ranks(x), average_ranks(y));
}

namespace {

/// How surely each is among the k largest: 1, 0, or the share of a tie that finds room.
std::vector<double> membership(std::span<const double> values, std::size_t k) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double border = sorted[k - 1];
  const auto above = std::count_if(values.begin(), values.end(), [&](double value) { return value > border; });
  const auto level = std::count(values.begin(), values.end(), border);
  const double share = (static_cast<double>(k) - static_cast<double>(above)) / static_cast<double>(level);
  std::vector<double> result;
  for (const double value : values) result.push_back(value > border ? 1 : value == border ? share : 0);
  return result;
}

}  // namespace

double top_recall(std::span<const double> truth, std::span<const double> guess, std::size_t k) {
  require_pairs(truth, guess);
  if (k == 0 || k > truth.size()) return std::numeric_limits<double>::quiet_NaN();
  const auto wanted = membership(truth, k), found = membership(guess, k);
  return std::inner_product(wanted.begin(), wanted.end(), found.begin(), 0.0) / static_cast<double>(k);
}

}  // namespace assay::stats
