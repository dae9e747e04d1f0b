#include "report/compare.hpp"

#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <map>

#include "stats/intervals.hpp"
#include "trial/metric.hpp"

namespace assay::report {
namespace {

struct Sample {
  double mean = 0, n = 0;
};

run::Interval as_figure(const stats::Interval& x) { return {x.estimate, x.lo, x.hi}; }

stats::Range range_of(const std::string& metric, const std::vector<double>& values) {
  const auto [lo, hi] = trial::value_range(metric, values);
  return {lo, hi};
}

}  // namespace

std::optional<run::Interval> difference(std::span<const double> a, std::span<const double> b) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  return as_figure(stats::mean_difference(a, b));
}

run::Interval score_interval(const std::string& metric, const std::vector<double>& scores,
                             const std::vector<double>& all, std::int64_t rows) {
  if (scores.size() > 1) return as_figure(stats::mean_interval(scores, range_of(metric, all)));
  const double score = scores.front();
  if (rows <= 0 || !trial::is_share_of_rows(metric, score)) return {score, score, score};
  return as_figure(stats::wilson(score, static_cast<double>(rows)));
}

std::optional<Contrast> contrast(const run::FinalistFigures& a, const run::FinalistFigures& b,
                                 const std::string& metric, const std::vector<double>& all) {
  const auto several = [](const auto& one) { return one.scores.size() > 1; };
  const auto known = [&](const auto& one) { return several(one) || one.score.lo < one.score.hi; };
  if (!known(a) || !known(b)) return std::nullopt;
  if (several(a) && several(b))
    return Contrast{as_figure(stats::mean_difference(a.scores, b.scores, range_of(metric, all))), true};
  const auto own = [](const run::Interval& x) { return stats::Interval{x.estimate, x.lo, x.hi}; };
  return Contrast{as_figure(stats::difference(own(a.score), own(b.score))), false};
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
