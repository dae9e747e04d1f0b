// Means and quantiles of one sample. No missing values: the caller leaves out what is not finite.
#pragma once

#include <span>

namespace assay::stats {

/// NaN for an empty sample, like all functions here.
double mean(std::span<const double> values);
/// With divisor n - 1; 0 for a single value.
double variance(std::span<const double> values);
double standard_deviation(std::span<const double> values);

/// Linear interpolation between order statistics, share in [0, 1] (the default of NumPy and R).
double quantile(std::span<const double> values, double share);
double median(std::span<const double> values);

}  // namespace assay::stats
