#include "report/compare.hpp"

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>

namespace assay::report {
namespace {

struct Sample {
  double mean = 0, variance = 0, n = 0;
};

Sample sample_of(std::span<const double> values) {
  Sample sample;
  sample.n = static_cast<double>(values.size());
  for (const double value : values) sample.mean += value / sample.n;
  for (const double value : values) sample.variance += (value - sample.mean) * (value - sample.mean) / (sample.n - 1);
  return sample;
}

}  // namespace

std::optional<run::Interval> difference(std::span<const double> a, std::span<const double> b) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const auto x = sample_of(a), y = sample_of(b);
  const double estimate = x.mean - y.mean, u = x.variance / x.n, v = y.variance / y.n;
  if (!(u + v > 0)) return run::Interval{estimate, estimate, estimate};
  const double freedom = (u + v) * (u + v) / (u * u / (x.n - 1) + v * v / (y.n - 1));
  const double half = boost::math::quantile(boost::math::students_t(freedom), 0.975) * std::sqrt(u + v);
  return run::Interval{estimate, estimate - half, estimate + half};
}

double explained_share(std::span<const double> scores, std::span<const int> groups) {
  std::map<int, Sample> sums;
  double mean = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    mean += scores[i] / static_cast<double>(scores.size());
    sums[groups[i]].mean += scores[i];
    sums[groups[i]].n += 1;
  }
  const double n = static_cast<double>(scores.size()), k = static_cast<double>(sums.size());
  if (k < 2 || n <= k) return 0;
  double total = 0, between = 0;
  for (const double score : scores) total += (score - mean) * (score - mean);
  for (const auto& [group, sum] : sums) between += sum.n * std::pow(sum.mean / sum.n - mean, 2);
  if (!(total > 0)) return 0;
  const double within = (total - between) / (n - k);
  return std::max(0.0, (between - (k - 1) * within) / (total + within));
}

double binomial_tail(int hits, int n, double p) {
  if (hits <= 0) return 1;
  return boost::math::cdf(boost::math::complement(boost::math::binomial(n, p), hits - 1));
}

}  // namespace assay::report
