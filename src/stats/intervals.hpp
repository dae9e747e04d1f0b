// Estimates with their uncertainty: what every figure that is judged by carries.
#pragma once

#include <limits>
#include <span>

namespace assay::stats {

/// lo <= estimate <= hi, for a stated level (95 % unless said otherwise).
struct Interval {
  double estimate = 0, lo = 0, hi = 0;
};

/// Where values can lie: shares in [0, 1], errors from 0 on. An interval of their mean stays inside.
struct Range {
  double lo = -std::numeric_limits<double>::infinity(), hi = std::numeric_limits<double>::infinity();
};

/// Mean with the t interval. One value has no spread: its interval is the value itself. In a bounded range the interval
/// is made on a scale without bounds, by the delta method, and taken back: logit((m - lo) / (hi - lo)) +- t s / m' for
/// two bounds (StataCorp, Reference Manual, "proportion", citype(logit)), the logarithm of the distance for one.
Interval mean_interval(std::span<const double> values, const Range& range = {}, double level = 0.95);

/// Wilson's score interval of a proportion seen in `total` cases: an accuracy on so many examples.
Interval wilson(double share, double total, double level = 0.95);

/// Of the difference a - b of two independent estimates, from the interval of each: the method of variance estimates
/// recovery (Zou & Donner, Statistics in Medicine 27, 2008); of two Wilson intervals, Newcombe's hybrid score interval
/// (ibid. 17, 1998, method 10). Intervals that do not overlap give one without zero, and of shares it stays in [-1, 1].
Interval difference(const Interval& a, const Interval& b);

/// Of the difference of two means, each of two values or more, with Welch's degrees of freedom; without bounds this is
/// Welch's interval. Where the two mean_intervals do not overlap it does not hold zero.
Interval mean_difference(std::span<const double> a, std::span<const double> b, const Range& range = {},
                         double level = 0.95);

}  // namespace assay::stats
