#include "stats/intervals.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "stats/summary.hpp"

namespace assay::stats {

Interval mean_interval(std::span<const double> values, double level) {
  const double centre = mean(values);
  if (values.size() < 2) return {centre, centre, centre};
  const auto n = static_cast<double>(values.size());
  const boost::math::students_t t(n - 1);
  const double half = boost::math::quantile(t, 0.5 + level / 2) * standard_deviation(values) / std::sqrt(n);
  return {centre, centre - half, centre + half};
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

}  // namespace assay::stats
