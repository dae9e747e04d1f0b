#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "stats/correlation.hpp"

namespace assay::stats {
namespace {

using Order = std::vector<std::size_t>;

double pairs_of(double n) { return n * (n - 1) / 2; }

/// Pairs within runs of equal neighbours.
template <class Equal>
double tied_pairs(const Order& order, const Equal& equal) {
  double pairs = 0, run = 1;
  for (std::size_t i = 1; i <= order.size(); ++i) {
    if (i < order.size() && equal(order[i - 1], order[i])) {
      ++run;
    } else {
      pairs += pairs_of(run);
      run = 1;
    }
  }
  return pairs;
}

/// Sorts by value; returns how many pairs stood the wrong way round.
double sort_counting(Order& order, Order& space, std::size_t from, std::size_t to, std::span<const double> values) {
  if (to - from < 2) return 0;
  const auto middle = from + (to - from) / 2;
  double swaps = sort_counting(order, space, from, middle, values) + sort_counting(order, space, middle, to, values);
  auto left = from, right = middle;
  for (auto place = from; place < to; ++place) {
    if (right == to || (left < middle && values[order[left]] <= values[order[right]])) {
      space[place] = order[left++];
    } else {
      swaps += static_cast<double>(middle - left);
      space[place] = order[right++];
    }
  }
  std::copy(space.begin() + static_cast<std::ptrdiff_t>(from), space.begin() + static_cast<std::ptrdiff_t>(to),
            order.begin() + static_cast<std::ptrdiff_t>(from));
  return swaps;
}

/// Places from the top, 0 for the largest by `first`, ties by `second`, then by place in the list.
std::vector<double> places(std::span<const double> first, std::span<const double> second) {
  Order order(first.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) {
    if (first[a] != first[b]) return first[a] > first[b];
    return second[a] != second[b] ? second[a] > second[b] : a > b;
  });
  std::vector<double> result(first.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[order[i]] = static_cast<double>(i);
  return result;
}

int sign(double value) { return (value > 0) - (value < 0); }

double weighted_tau(std::span<const double> x, std::span<const double> y, const std::vector<double>& place) {
  double score = 0, untied_x = 0, untied_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double weight = 1 / (place[i] + 1) + 1 / (place[j] + 1);
      const int a = sign(x[i] - x[j]), b = sign(y[i] - y[j]);
      score += weight * a * b;
      untied_x += weight * (a != 0);
      untied_y += weight * (b != 0);
    }
  }
  return untied_x > 0 && untied_y > 0 ? score / std::sqrt(untied_x * untied_y) : 0.0;
}

}  // namespace

double kendall_tau_b(std::span<const double> x, std::span<const double> y) {
  base::require(x.size() == y.size(), "rank agreement of lists of {} and {} values", x.size(), y.size());
  Order order(x.size()), space(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return x[a] != x[b] ? x[a] < x[b] : y[a] < y[b]; });
  const double tied_x = tied_pairs(order, [&](auto a, auto b) { return x[a] == x[b]; });
  const double tied_both = tied_pairs(order, [&](auto a, auto b) { return x[a] == x[b] && y[a] == y[b]; });
  const double discordant = sort_counting(order, space, 0, order.size(), y);
  const double tied_y = tied_pairs(order, [&](auto a, auto b) { return y[a] == y[b]; });
  const double pairs = pairs_of(static_cast<double>(x.size()));
  const double untied = (pairs - tied_x) * (pairs - tied_y);
  return untied > 0 ? (pairs - tied_x - tied_y + tied_both - 2 * discordant) / std::sqrt(untied) : 0.0;
}

double weighted_tau(std::span<const double> x, std::span<const double> y) {
  base::require(x.size() == y.size(), "rank agreement of lists of {} and {} values", x.size(), y.size());
  return (weighted_tau(x, y, places(x, y)) + weighted_tau(x, y, places(y, x))) / 2;
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

}  // namespace assay::stats
