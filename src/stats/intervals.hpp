// Estimates with their uncertainty: what every figure that is judged by carries.
#pragma once

#include <span>

namespace assay::stats {

/// lo <= estimate <= hi, for a stated level (95 % unless said otherwise).
struct Interval {
  double estimate = 0, lo = 0, hi = 0;
};

/// Mean with the t interval. One value has no spread: its interval is the value itself.
Interval mean_interval(std::span<const double> values, double level = 0.95);

/// Wilson's score interval of a proportion seen in `total` cases: an accuracy on so many examples.
Interval wilson(double share, double total, double level = 0.95);

}  // namespace assay::stats
