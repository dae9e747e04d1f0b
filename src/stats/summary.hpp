// Means, quantiles and intervals of one sample. No missing values: the caller leaves out what is not finite.
#pragma once

#include <cstdint>
#include <span>

#include "stats/interval.hpp"

namespace assay::stats {

/// NaN for an empty sample, like all functions here.
double mean(std::span<const double> values);
/// With divisor n - 1; 0 for a single value.
double variance(std::span<const double> values);
double standard_deviation(std::span<const double> values);

/// Linear interpolation between order statistics, share in [0, 1] (the default of NumPy and R).
double quantile(std::span<const double> values, double share);
double median(std::span<const double> values);

/// Mean with the t interval. One value has no spread: its interval is the value itself.
Interval mean_interval(std::span<const double> values, double level = 0.95);

/// Wilson's score interval of a proportion: the accuracy on `total` examples, of which `hits` are right.
Interval proportion_interval(double hits, double total, double level = 0.95);

}  // namespace assay::stats
