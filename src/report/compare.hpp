// Is one network better than another? Differences of repeated trainings with their 95 % interval.
#pragma once

#include <optional>
#include <span>

#include "run/results.hpp"

namespace assay::report {

/// Mean of a minus mean of b with Welch's t interval over the seeds. With a single seed on either side nothing is known
/// of the noise between trainings: no interval.
std::optional<run::Interval> difference(std::span<const double> a, std::span<const double> b);

/// Share of a score's variance that goes with one parameter: omega squared of a one-way analysis of variance over
/// groups (0 to 1, about 0 on average for a parameter without influence).
double explained_share(std::span<const double> scores, std::span<const int> groups);

/// Probability of `hits` or more out of n when each happens with probability p.
double binomial_tail(int hits, int n, double p);

}  // namespace assay::report
