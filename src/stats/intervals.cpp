#include "stats/intervals.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "stats/summary.hpp"

namespace assay::stats {
namespace {

double t_quantile(double freedom, double level) {
  return boost::math::quantile(boost::math::students_t(freedom), 0.5 + level / 2);
}

double standard_error(std::span<const double> values) {
  return standard_deviation(values) / std::sqrt(static_cast<double>(values.size()));
}

/// centre +- half, bent so that it stays in the range.
Interval around(double centre, double half, const Range& range) {
  const bool below = std::isfinite(range.lo), above = std::isfinite(range.hi);
  const double up = range.hi - centre, down = centre - range.lo;
  Interval interval{centre, centre - half, centre + half};
  // A mean at a bound is one of equal values.
  if (!(half > 0) || up <= 0 || down <= 0) return {centre, centre, centre};
  if (below && above) {
    const double width = range.hi - range.lo, step = half * width / (up * down);
    interval.lo = range.lo + width / (1 + up / down * std::exp(step));
    interval.hi = range.lo + width / (1 + up / down * std::exp(-step));
  } else if (below) {
    interval.lo = range.lo + down * std::exp(-half / down);
    interval.hi = range.lo + down * std::exp(half / down);
  } else if (above) {
    interval.lo = range.hi - up * std::exp(half / up);
    interval.hi = range.hi - up * std::exp(-half / up);
  }
  return {centre, std::min(centre, interval.lo), std::max(centre, interval.hi)};  // rounding
}

}  // namespace

Interval mean_interval(std::span<const double> values, const Range& range, double level) {
  const double centre = mean(values);
  if (values.size() < 2) return {centre, centre, centre};
  return around(centre, t_quantile(static_cast<double>(values.size()) - 1, level) * standard_error(values), range);
}

Interval wilson(double share, double total, double level) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  if (!(total > 0)) return {none, none, none};
  const double z = boost::math::quantile(boost::math::normal(), 0.5 + level / 2);
  const double shrink = 1 + z * z / total;
  const double centre = (share + z * z / (2 * total)) / shrink;
  const double half = z / shrink * std::sqrt(share * (1 - share) / total + z * z / (4 * total * total));
  return {share, std::max(0.0, std::min(share, centre - half)), std::min(1.0, std::max(share, centre + half))};
}

Interval difference(const Interval& a, const Interval& b) {
  const double estimate = a.estimate - b.estimate;
  return {estimate, estimate - std::hypot(a.estimate - a.lo, b.hi - b.estimate),
          estimate + std::hypot(a.hi - a.estimate, b.estimate - b.lo)};
}

Interval mean_difference(std::span<const double> a, std::span<const double> b, const Range& range, double level) {
  const double u = std::pow(standard_error(a), 2), v = std::pow(standard_error(b), 2);
  const double m = static_cast<double>(a.size()) - 1, n = static_cast<double>(b.size()) - 1;
  if (!(u + v > 0)) return difference({mean(a), mean(a), mean(a)}, {mean(b), mean(b), mean(b)});
  const double welch = t_quantile((u + v) * (u + v) / (u * u / m + v * v / n), level);
  const auto one = [&](std::span<const double> values, double freedom) {
    return around(mean(values), std::min(welch, t_quantile(freedom, level)) * standard_error(values), range);
  };
  return difference(one(a, m), one(b, n));
}

}  // namespace assay::stats
