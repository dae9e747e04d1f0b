// Rank agreement between two lists of scores of the same things: does a cheap measurement order networks as the dear
// one?
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "stats/intervals.hpp"

namespace assay::stats {

/// 1 for the smallest; ties share the mean of their places.
std::vector<double> average_ranks(std::span<const double> values);

/// Pearson correlation. Like the rank coefficients below: 0 if a list is constant, for it orders nothing.
double pearson(std::span<const double> x, std::span<const double> y);

/// Spearman's rho: the Pearson correlation of average ranks.
double spearman(std::span<const double> x, std::span<const double> y);

/// Kendall's tau-b, which allows for ties; O(n^2).
double kendall_tau_b(std::span<const double> x, std::span<const double> y);

/// Probability that two unrelated rankings of n things without ties agree with tau >= `tau`; exact.
double kendall_chance(int n, double tau);

using Agreement = std::function<double(std::span<const double>, std::span<const double>)>;

/// Percentile bootstrap over pairs. Resamples of a single distinct pair, which have no order, are drawn again. With
/// fewer than three pairs nothing can be said: [-1, 1]. Perfect agreement gives [1, 1] whatever n is; kendall_chance
/// tells how much that is worth.
Interval bootstrap_pairs(std::span<const double> x, std::span<const double> y, const Agreement& statistic,
                         int replicates, base::Rng rng, double level = 0.95);

}  // namespace assay::stats
