// Is one network better than another? Differences of repeated trainings with their 95 % interval.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "run/results.hpp"

namespace assay::report {

/// Mean of a minus mean of b with Welch's t interval over the values. With a single one on either side nothing is known
/// of the noise: no interval.
std::optional<run::Interval> difference(std::span<const double> a, std::span<const double> b);

/// The mean of a finalist's scores: over several seeds with a t interval that stays among the values that the metric
/// can have, which `all` (the scores of all finalists) tells; one seed on `rows` rows: Wilson's, for shares of rows.
run::Interval score_interval(const std::string& metric, const std::vector<double>& scores,
                             const std::vector<double>& all, std::int64_t rows);

/// One network against another in the first objective.
struct Contrast {
  run::Interval difference;  ///< a minus b; where their own intervals do not overlap it does not hold zero
  bool seeds = false;        ///< it holds the noise between trainings; else only that of the rows scored on
};
/// Nothing where one of them has a single score without an interval.
std::optional<Contrast> contrast(const run::FinalistFigures& a, const run::FinalistFigures& b,
                                 const std::string& metric, const std::vector<double>& all);

/// Share of a score's variance that goes with one parameter: omega squared of a one-way analysis of variance over
/// groups (0 to 1, about 0 on average for a parameter without influence).
double explained_share(std::span<const double> scores, std::span<const int> groups);

/// Probability of `hits` or more out of n when each happens with probability p.
double binomial_tail(int hits, int n, double p);

}  // namespace assay::report
