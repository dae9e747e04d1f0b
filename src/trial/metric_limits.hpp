// The [[constraint]] entries on metrics: what a trial may cost, and what it loses where it costs more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "trial/trial.hpp"

namespace assay::trial {

struct MetricLimit {
  std::string metric;
  std::optional<double> at_most, at_least;
  std::optional<double> weight;  ///< of a soft one; nothing: hard
  bool operator==(const MetricLimit&) const = default;

  /// How far the limit is missed, as a share of its size (of 1 where that is 0); infinite where the metric was not
  /// measured or is not a finite number.
  double missed(const Metrics& metrics) const;
  /// "at most 5".
  std::string bounds() const;
};

class MetricLimits {
 public:
  MetricLimits() = default;
  explicit MetricLimits(const config::Config& config);

  /// True if every hard one holds; a metric that was not measured, or is not a number, breaks its own.
  bool hold(const Metrics& metrics) const { return violation(metrics) == 0; }
  /// Sum over the hard limits of how far each is missed; infinite where a metric is missing or not a number.
  double violation(const Metrics& metrics) const;
  /// Of the soft ones: what the value loses, the sum of weight times share of the limit by which it is missed; infinite
  /// where a metric is missing or not a number.
  double penalty(const Metrics& metrics) const;
  bool empty() const { return all_.empty(); }
  /// In the order of the configuration, hard and soft ones.
  const std::vector<MetricLimit>& all() const { return all_; }
  bool operator==(const MetricLimits&) const = default;

 private:
  std::vector<MetricLimit> all_;
};

}  // namespace assay::trial
