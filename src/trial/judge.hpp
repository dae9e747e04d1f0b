// How raw measurements are judged: objectives, limits on metrics, rewards. A value, made from the current
// configuration: logs hold raw metrics, and what is derived from them follows the configuration (DESIGN 4, "One truth
// about a trial").
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "trial/metric_limits.hpp"
#include "trial/reward.hpp"
#include "trial/trial.hpp"

namespace assay::trial {

/// A measurement's objectives, turned so that more is better.
struct Score {
  std::vector<double> values;  ///< the first less the penalty of soft limits
  double violation = 0;        ///< of the hard limits; 0: all hold
  int missed = 0;              ///< objectives on the wrong side of their threshold
  double penalty = 0;          ///< of soft limits

  bool feasible() const { return violation == 0; }
};

class Judge {
 public:
  Judge() = default;
  explicit Judge(std::vector<Objective> objectives, MetricLimits limits = {}, Reward reward = {});

  const std::vector<Objective>& objectives() const { return objectives_; }
  const MetricLimits& limits() const { return limits_; }
  const Reward& reward() const { return reward_; }

  /// The objective that a trial's value comes from: the first derived one (the reward), else the first. There must be
  /// objectives.
  const Objective& first() const { return objectives_[first_]; }
  std::size_t first_place() const { return first_; }

  /// Adds what is derived to raw metrics, in the place of what bears its name.
  void derive(Metrics& metrics) const { reward_.add(metrics); }
  /// Takes what is derived out again: what a log may hold.
  void strip(Metrics& metrics) const;

  /// Of derived metrics; nothing if an objective is missing or not a number, or a soft limit's metric is.
  std::optional<Score> score(const Metrics& metrics) const;
  /// The first objective (the reward where there is one) after soft penalties, in the objective's own direction and
  /// unit.
  std::optional<double> value(const Metrics& metrics) const;
  double violation(const Metrics& metrics) const { return limits_.violation(metrics); }

  /// What has to be measured: objectives or what they are made from, and the metrics of limits.
  std::set<std::string> named() const;
  /// Of those, the ones that the (raw or derived) metrics do not have as finite numbers.
  std::vector<std::string> lacking(const Metrics& metrics) const;

  bool operator==(const Judge&) const = default;

 private:
  std::vector<Objective> objectives_;
  MetricLimits limits_;
  Reward reward_;
  std::size_t first_ = 0;
};

/// These objectives with the [[constraint]] and [[reward]] entries of a configuration.
Judge judge_of(std::vector<Objective> objectives, const config::Config& config);

/// Which hard limits the metrics break, and by what: "latency_ms is 9 (at most 5)"; empty if none.
std::string broken_text(const Judge& judge, const Metrics& metrics);

/// 0: feasible and within all thresholds; 1: feasible; 2: breaks a constraint.
int class_of(const Score& score);

/// For one objective: what keeps the constraints is better, among others what breaks them less; then the score.
bool better(const Score& a, const Score& b);

}  // namespace assay::trial
