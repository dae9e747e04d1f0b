// Which of two trials is the better one: constraints on metrics, thresholds of interest, objectives.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "study/view.hpp"

namespace assay::search {

/// The [[constraint]] entries with `metric`.
class MetricLimits {
 public:
  MetricLimits() = default;
  explicit MetricLimits(const config::Config& config);

  /// True if every one holds; a metric that was not measured, or is no number, breaks its own.
  bool hold(const study::Metrics& metrics) const;
  bool empty() const { return limits_.empty(); }

 private:
  struct Limit {
    std::string metric;
    std::optional<double> at_most, at_least;
  };
  std::vector<Limit> limits_;
};

/// A trial with its objectives turned so that more is better.
struct Scored {
  const study::Trial* trial = nullptr;
  std::vector<double> score;
  bool feasible = true;
  int missed = 0;  ///< objectives on the wrong side of their threshold
};

/// Nothing if the trial has no result, or an objective is missing or no number.
std::optional<Scored> score_of(const study::Trial& trial, const std::vector<study::Objective>& objectives,
                               const MetricLimits& limits);

/// The best `count`, best first: what keeps all constraints, then what meets all thresholds of interest; among those by
/// score (one objective), or by Pareto layer and then crowding distance. Equal ones: the younger first.
std::vector<Scored> ranked(std::vector<Scored> trials, std::size_t count);

}  // namespace assay::search
