#include "stats/rank_tests.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "stats/correlation.hpp"

namespace assay::stats {
namespace {

constexpr std::size_t most_for_exact = 50;

/// Chance of each value of a statistic that takes the values 0, 1, 2, ...
using Chances = std::vector<double>;

double tail_p(const Chances& chances, double statistic, Tail tail) {
  const auto place = static_cast<std::size_t>(std::llround(statistic));
  const auto at = chances.begin() + static_cast<std::ptrdiff_t>(place);
  const double less = std::accumulate(chances.begin(), at + 1, 0.0);
  const double greater = std::accumulate(at, chances.end(), 0.0);
  if (tail == Tail::two_sided) return std::min(1.0, 2 * std::min(less, greater));
  return std::min(1.0, tail == Tail::less ? less : greater);
}

/// The half step from a whole number towards the mean.
double normal_p(double statistic, double mean, double variance, Tail tail, double step = 0.5) {
  if (!(variance > 0)) return 1;
  const auto beyond = [&](double distance) {
    return boost::math::cdf(complement(boost::math::normal(), (distance - step) / std::sqrt(variance)));
  };
  if (tail == Tail::two_sided) return std::min(1.0, 2 * beyond(std::abs(statistic - mean)));
  return tail == Tail::less ? beyond(mean - statistic) : beyond(statistic - mean);
}

/// Sizes of the groups of equal values.
std::vector<double> ties(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> sizes;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && sorted[i] == sorted[i - 1]) {
      ++sizes.back();
    } else {
      sizes.push_back(1);
    }
  }
  return sizes;
}

double sum_over(const std::vector<double>& sizes, double (*term)(double)) {
  double sum = 0;
  for (const double size : sizes) sum += term(size);
  return sum;
}

double cubic(double t) { return t * t * t - t; }

/// Choices of `count` of the ranks 1 .. total, by the sum of what they exceed the lowest choice by.
Chances rank_sums(std::size_t count, std::size_t total) {
  const auto most = count * (total - count);
  std::vector<Chances> ways(count + 1, Chances(most + 1, 0.0));
  ways[0][0] = 1;
  for (std::size_t rank = 0; rank < total; ++rank) {
    for (std::size_t chosen = std::min(count, rank + 1); chosen > 0; --chosen) {
      // The chosen-th lowest rank exceeds its lowest place by rank - (chosen - 1).
      const auto excess = rank + 1 - chosen;
      for (std::size_t sum = most + 1; sum-- > excess;) ways[chosen][sum] += ways[chosen - 1][sum - excess];
    }
  }
  auto& result = ways[count];
  const double all = std::accumulate(result.begin(), result.end(), 0.0);
  for (auto& value : result) value /= all;
  return result;
}

/// Sums of a random half of the ranks 1 .. n.
Chances signed_rank_sums(std::size_t n) {
  Chances chances(n * (n + 1) / 2 + 1, 0.0);
  chances[0] = 1;
  for (std::size_t rank = 1; rank <= n; ++rank) {
    for (std::size_t sum = chances.size(); sum-- > 0;)
      chances[sum] = (chances[sum] + (sum >= rank ? chances[sum - rank] : 0)) / 2;
  }
  return chances;
}

}  // namespace

TestResult mann_whitney(std::span<const double> x, std::span<const double> y, Tail tail) {
  if (x.empty() || y.empty()) return {};
  std::vector<double> all(x.begin(), x.end());
  all.insert(all.end(), y.begin(), y.end());
  const auto ranks = average_ranks(all);
  const auto n = static_cast<double>(x.size()), m = static_cast<double>(y.size()), total = n + m;
  const double sum = std::accumulate(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(x.size()), 0.0);
  const double u = sum - n * (n + 1) / 2;
  const auto sizes = ties(all);
  if (sizes.size() == all.size() && std::max(x.size(), y.size()) <= most_for_exact)
    return {u, tail_p(rank_sums(x.size(), all.size()), u, tail), true};
  const double variance = n * m / 12 * (total + 1 - sum_over(sizes, cubic) / (total * (total - 1)));
  return {u, normal_p(u, n * m / 2, variance, tail), false};
}

TestResult wilcoxon(std::span<const double> x, std::span<const double> y, Tail tail) {
  base::require(x.size() == y.size(), "pairs of lists of {} and {} values", x.size(), y.size());
  std::vector<double> sizes, signs;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i]) continue;
    sizes.push_back(std::abs(x[i] - y[i]));
    signs.push_back(x[i] > y[i]);
  }
  if (sizes.empty()) return {};
  const auto ranks = average_ranks(sizes);
  const double w = std::inner_product(ranks.begin(), ranks.end(), signs.begin(), 0.0);
  const auto groups = ties(sizes);
  const auto n = static_cast<double>(sizes.size());
  if (groups.size() == sizes.size() && sizes.size() <= most_for_exact)
    return {w, tail_p(signed_rank_sums(sizes.size()), w, tail), true};
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - sum_over(groups, cubic) / 48;
  return {w, normal_p(w, n * (n + 1) / 4, variance, tail), false};
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return p_values[a] < p_values[b]; });
  std::vector<double> result(p_values.size());
  double reached = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    reached = std::max(reached, std::min(1.0, static_cast<double>(order.size() - i) * p_values[order[i]]));
    result[order[i]] = reached;
  }
  return result;
}

TestResult mann_kendall(std::span<const double> series, Tail tail) {
  const auto length = series.size();
  if (length < 2) return {};
  double score = 0;
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t j = 0; j < i; ++j) score += (series[i] > series[j]) - (series[i] < series[j]);
  }
  const auto sizes = ties(series);
  const auto n = static_cast<double>(length);
  if (sizes.size() == length && length <= most_for_exact) {
    const double pairs = n * (n - 1) / 2;
    const auto reaching = [&](double s) { return kendall_chance(static_cast<int>(length), s / pairs); };
    const double p = tail == Tail::greater ? reaching(score)
                     : tail == Tail::less  ? reaching(-score)
                                           : std::min(1.0, 2 * reaching(std::abs(score)));
    return {score, p, true};
  }
  const auto term = [](double t) { return t * (t - 1) * (2 * t + 5); };
  const double variance = (n * (n - 1) * (2 * n + 5) - sum_over(sizes, term)) / 18;
  return {score, normal_p(score, 0, variance, tail, 1), false};
}

}  // namespace assay::stats
