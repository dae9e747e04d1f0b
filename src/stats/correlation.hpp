// Rank agreement between two lists of scores of the same things: does a cheap measurement order networks as the dear
// one?
#pragma once

#include <span>
#include <vector>

namespace assay::stats {

/// Error(defect) unless there are as many of both.
void require_pairs(std::span<const double> x, std::span<const double> y);

/// 1 for the smallest; ties share the mean of their places.
std::vector<double> average_ranks(std::span<const double> values);

/// Pearson correlation. Like the rank coefficients below: 0 if a list is constant, for it orders nothing.
double pearson(std::span<const double> x, std::span<const double> y);

/// Spearman's rho: the Pearson correlation of average ranks.
double spearman(std::span<const double> x, std::span<const double> y);

/// Kendall's tau-b, which allows for ties; O(n log n). Knight, Journal of the American Statistical Association 61,
/// 1966.
double kendall_tau_b(std::span<const double> x, std::span<const double> y);

/// Kendall's tau that minds the top: a pair weighs 1 / r + 1 / s for the places r and s of its members, the largest
/// value first; the mean over the places by x and by y. O(n^2). Vigna, "A weighted correlation index for rankings with
/// ties", WWW 2015.
double weighted_tau(std::span<const double> x, std::span<const double> y);

/// Share of the k largest by `truth` that are among the k largest by `guess`. Where a tie runs over the border, what is
/// expected when it is broken by lot. 1 if k is the whole list, NaN for k = 0 or more than there are.
double top_recall(std::span<const double> truth, std::span<const double> guess, std::size_t k);

/// Probability that two unrelated rankings of n things without ties agree with tau >= `tau`; exact.
double kendall_chance(int n, double tau);

}  // namespace assay::stats
