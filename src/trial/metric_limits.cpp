#include "trial/metric_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::trial {

double MetricLimit::missed(const Metrics& metrics) const {
  const auto miss = [](double by, double bound) { return std::max(0.0, by) / (bound == 0 ? 1 : std::abs(bound)); };
  const auto found = metrics.find(metric);
  if (found == metrics.end() || !std::isfinite(found->second)) return std::numeric_limits<double>::infinity();
  double sum = 0;
  if (at_most) sum += miss(found->second - *at_most, *at_most);
  if (at_least) sum += miss(*at_least - found->second, *at_least);
  return sum;
}

std::string MetricLimit::bounds() const {
  std::string words;
  if (at_least) words = fmt::format("at least {:g}", *at_least);
  if (at_least && at_most) words += " and ";
  if (at_most) words += fmt::format("at most {:g}", *at_most);
  return words;
}

MetricLimits::MetricLimits(const config::Config& config) {
  const auto list = config.node("constraint");
  if (!list) return;
  for (const auto& [key, node] : list.items()) {
    const auto metric = node.at("metric"), at_most = node.at("at_most"), at_least = node.at("at_least");
    if (!metric) continue;
    MetricLimit limit{.metric = metric.string(), .at_most = {}, .at_least = {}, .weight = {}};
    if (at_most) limit.at_most = at_most.number();
    if (at_least) limit.at_least = at_least.number();
    if (const auto weight = node.at("weight")) limit.weight = weight.number();
    all_.push_back(std::move(limit));
  }
}

double MetricLimits::violation(const Metrics& metrics) const {
  double sum = 0;
  for (const auto& limit : all_) {
    if (!limit.weight) sum += limit.missed(metrics);
  }
  return sum;
}

double MetricLimits::penalty(const Metrics& metrics) const {
  double sum = 0;
  for (const auto& limit : all_) {
    if (limit.weight) sum += *limit.weight * limit.missed(metrics);
  }
  return sum;
}

}  // namespace assay::trial
