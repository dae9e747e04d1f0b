// What a rank agreement is worth, by drawing again: intervals by bootstrap, chances by permutation.
#pragma once

#include <functional>
#include <span>

#include "base/random.hpp"
#include "stats/intervals.hpp"
#include "stats/rank_tests.hpp"

namespace assay::stats {

using Agreement = std::function<double(std::span<const double>, std::span<const double>)>;

/// Percentile bootstrap over pairs. Resamples of a single distinct pair, which have no order, are drawn again. With
/// fewer than three pairs nothing can be said: [-1, 1]. Perfect agreement gives [1, 1] whatever n is; kendall_chance
/// tells how much that is worth.
Interval bootstrap_pairs(std::span<const double> x, std::span<const double> y, const Agreement& statistic,
                         int replicates, base::Rng rng, double level = 0.95);

/// The same resamples with the limits corrected for bias and acceleration (BCa; Efron, "Better bootstrap confidence
/// intervals", Journal of the American Statistical Association 82, 1987; the acceleration from leaving out one pair at
/// a time). Closer to its level than the percentile interval where the statistic is skewed, as near 1.
Interval bca_pairs(std::span<const double> x, std::span<const double> y, const Agreement& statistic, int replicates,
                   base::Rng rng, double level = 0.95);

/// Chance that an agreement at least as large (as small, as far from 0) comes about when y is put in a random order.
/// Over all orders if they are no more than `permutations`, else over so many random ones and the given one (Phipson
/// and Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010).
double permutation_p(std::span<const double> x, std::span<const double> y, const Agreement& statistic, int permutations,
                     base::Rng rng, Tail tail = Tail::greater);

}  // namespace assay::stats
