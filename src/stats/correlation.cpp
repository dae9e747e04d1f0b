#include "stats/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "stats/summary.hpp"

namespace assay::stats {
namespace {

void require_pairs(std::span<const double> x, std::span<const double> y) {
  base::require(x.size() == y.size(), "rank agreement of lists of {} and {} values", x.size(), y.size());
}

int sign(double value) { return (value > 0) - (value < 0); }

}  // namespace

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

double kendall_tau_b(std::span<const double> x, std::span<const double> y) {
  require_pairs(x, y);
  double score = 0, untied_x = 0, untied_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int a = sign(x[i] - x[j]), b = sign(y[i] - y[j]);
      score += a * b;
      untied_x += a != 0;
      untied_y += b != 0;
    }
  }
  return untied_x > 0 && untied_y > 0 ? score / std::sqrt(untied_x * untied_y) : 0.0;
}

double kendall_chance(int n, double tau) {
  if (n < 2) return 1;
  // share[d]: probability of d discordant pairs; inserting item k adds 0 .. k - 1 of them, each equally likely.
  std::vector<double> share{1};
  for (int k = 2; k <= n; ++k) {
    std::vector<double> next(share.size() + static_cast<std::size_t>(k) - 1, 0.0);
    for (std::size_t d = 0; d < share.size(); ++d) {
      for (int added = 0; added < k; ++added) next[d + static_cast<std::size_t>(added)] += share[d] / k;
    }
    share = std::move(next);
  }
  const double pairs = 0.5 * n * (n - 1);
  double chance = 0;
  for (std::size_t d = 0; d < share.size(); ++d) {
    if (1 - 2 * static_cast<double>(d) / pairs >= tau - 1e-12) chance += share[d];
  }
  return std::min(chance, 1.0);
}

Interval bootstrap_pairs(std::span<const double> x, std::span<const double> y, const Agreement& statistic,
                         int replicates, base::Rng rng, double level) {
  require_pairs(x, y);
  const double estimate = statistic(x, y);
  const auto n = x.size();
  if (n < 3 || replicates < 1) return {estimate, -1, 1};
  std::vector<double> drawn_x(n), drawn_y(n), values;
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
  return {estimate, std::min(estimate, quantile(values, (1 - level) / 2)),
          std::max(estimate, quantile(values, (1 + level) / 2))};
}

}  // namespace assay::stats
