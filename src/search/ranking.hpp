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
  bool hold(const study::Metrics& metrics) const { return violation(metrics) == 0; }
  /// Sum over the limits of how far each is missed, as a share of its size (of 1 where that is 0); infinite where a
  /// metric is missing or no number.
  double violation(const study::Metrics& metrics) const;
  /// Of the soft ones (those with a weight, which break nothing): what the first objective loses, the sum of weight
  /// times share of the limit by which it is missed; infinite where a metric is missing or no number.
  double penalty(const study::Metrics& metrics) const;
  bool empty() const { return limits_.empty() && soft_.empty(); }

 private:
  struct Limit {
    std::string metric;
    std::optional<double> at_most, at_least;
    double weight = 1;  ///< of a soft one
  };
  static double missed(const Limit& limit, const study::Metrics& metrics);

  std::vector<Limit> limits_, soft_;
};

/// A measurement's objectives, turned so that more is better.
struct Score {
  std::vector<double> values;  ///< the first less the penalty of soft constraints
  double violation = 0;        ///< of the constraints on metrics; 0: all hold
  int missed = 0;              ///< objectives on the wrong side of their threshold
  double penalty = 0;          ///< of soft constraints

  bool feasible() const { return violation == 0; }
};

/// Nothing if an objective is missing or no number.
std::optional<Score> score_of(const study::Metrics& metrics, const std::vector<study::Objective>& objectives,
                              const MetricLimits& limits);

/// 0: feasible and within all thresholds; 1: feasible; 2: breaks a constraint.
int class_of(const Score& score);

/// For one objective: what keeps the constraints is better, among others what breaks them less; then the score.
bool better(const Score& a, const Score& b);

struct Scored {
  const study::Trial* trial = nullptr;
  Score score;
};

/// Of the trial's highest rung that is done; nothing if there is none, or an objective is missing or no number.
std::optional<Scored> score_of(const study::Trial& trial, const std::vector<study::Objective>& objectives,
                               const MetricLimits& limits);

/// The best `count`, best first: what keeps all constraints, then what meets all thresholds of interest; among those by
/// score (one objective), or by Pareto layer and then crowding distance. What breaks constraints: by how far. Equal
/// ones: the younger first.
std::vector<Scored> ranked(std::vector<Scored> trials, std::size_t count);

}  // namespace assay::search
