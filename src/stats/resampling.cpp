#include "stats/resampling.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "stats/correlation.hpp"
#include "stats/summary.hpp"

namespace assay::stats {
namespace {

using List = std::vector<double>;

/// The statistic of resampled pairs, sorted.
List resampled(std::span<const double> x, std::span<const double> y, const Agreement& statistic, int replicates,
               base::Rng& rng) {
  const auto n = x.size();
  List drawn_x(n), drawn_y(n), values;
  values.reserve(static_cast<std::size_t>(replicates));
  std::vector<std::size_t> picks(n);
  while (values.size() < static_cast<std::size_t>(replicates)) {
    for (auto& pick : picks) pick = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(n)));
    if (std::all_of(picks.begin(), picks.end(), [&](auto pick) { return pick == picks.front(); })) continue;
    for (std::size_t i = 0; i < n; ++i) {
      drawn_x[i] = x[picks[i]];
      drawn_y[i] = y[picks[i]];
    }
    values.push_back(statistic(drawn_x, drawn_y));
  }
  std::sort(values.begin(), values.end());
  return values;
}

/// A sixth of the skewness of the statistic when one pair is left out.
double acceleration(std::span<const double> x, std::span<const double> y, const Agreement& statistic) {
  List without;
  for (std::size_t i = 0; i < x.size(); ++i) {
    List rest_x(x.begin(), x.end()), rest_y(y.begin(), y.end());
    rest_x.erase(rest_x.begin() + static_cast<std::ptrdiff_t>(i));
    rest_y.erase(rest_y.begin() + static_cast<std::ptrdiff_t>(i));
    without.push_back(statistic(rest_x, rest_y));
  }
  const double centre = mean(without);
  double squares = 0, cubes = 0;
  for (const double value : without) {
    const double below = centre - value;
    squares += below * below;
    cubes += below * below * below;
  }
  return squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
}

}  // namespace

Interval bootstrap_pairs(std::span<const double> x, std::span<const double> y, const Agreement& statistic,
                         int replicates, base::Rng rng, double level) {
  require_pairs(x, y);
  const double estimate = statistic(x, y);
  if (x.size() < 3 || replicates < 1) return {estimate, -1, 1};
  const auto values = resampled(x, y, statistic, replicates, rng);
  return {estimate, std::min(estimate, quantile(values, (1 - level) / 2)),
          std::max(estimate, quantile(values, (1 + level) / 2))};
}

Interval bca_pairs(std::span<const double> x, std::span<const double> y, const Agreement& statistic, int replicates,
                   base::Rng rng, double level) {
  require_pairs(x, y);
  const double estimate = statistic(x, y);
  if (x.size() < 3 || replicates < 1) return {estimate, -1, 1};
  const auto values = resampled(x, y, statistic, replicates, rng);
  const auto lower = std::lower_bound(values.begin(), values.end(), estimate) - values.begin();
  const auto upper = std::upper_bound(values.begin(), values.end(), estimate) - values.begin();
  const auto count = static_cast<double>(values.size());
  const double below = static_cast<double>(lower + upper) / 2 / count;  // resamples level with it count half
  // Where nearly all resamples lie on one side there is nothing to correct by.
  const double share = std::clamp(below, 0.5 / count, 1 - 0.5 / count);
  const boost::math::normal normal;
  const double bias = boost::math::quantile(normal, share), skew = acceleration(x, y, statistic);
  const auto limit = [&](double wanted) {
    const double z = bias + boost::math::quantile(normal, wanted);
    const double stretch = 1 - skew * z;
    return quantile(values, stretch > 0 ? boost::math::cdf(normal, bias + z / stretch) : (z > 0 ? 1.0 : 0.0));
  };
  return {estimate, std::min(estimate, limit((1 - level) / 2)), std::max(estimate, limit((1 + level) / 2))};
}

double permutation_p(std::span<const double> x, std::span<const double> y, const Agreement& statistic, int permutations,
                     base::Rng rng, Tail tail) {
  require_pairs(x, y);
  constexpr double rounding = 1e-12;
  const double given = statistic(x, y);
  const auto reached = [&](const List& order) {
    const double value = statistic(x, order);
    if (tail == Tail::two_sided) return std::abs(value) >= std::abs(given) - rounding;
    return tail == Tail::less ? value <= given + rounding : value >= given - rounding;
  };
  double orders = 1;
  for (std::size_t i = 2; i <= x.size() && orders <= permutations; ++i) orders *= static_cast<double>(i);
  List drawn(y.begin(), y.end());
  double count = 0;
  if (orders <= permutations) {
    std::vector<std::size_t> order(y.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    do {
      for (std::size_t i = 0; i < order.size(); ++i) drawn[i] = y[order[i]];
      count += reached(drawn);
    } while (std::next_permutation(order.begin(), order.end()));
    return count / orders;
  }
  for (int round = 0; round < permutations; ++round) {
    for (std::size_t i = drawn.size(); i > 1; --i)
      std::swap(drawn[i - 1], drawn[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(i)))]);
    count += reached(drawn);
  }
  return (count + 1) / (permutations + 1.0);
}

}  // namespace assay::stats
