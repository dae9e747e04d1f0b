// Derived objectives: one number made from a metric and what it costs. Derived in the view (study/judge), never
// recorded: reports and the choice of finalists see an ordinary metric, and a change of the targets judges what was
// measured.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "trial/trial.hpp"

namespace assay::trial {

/// An objective with `of` is that metric times the factors of the [[reward]] entries, (target / measured)^exponent
/// (Tan et al., "MnasNet", CVPR 2019, equation 2; Vertex AI NAS): hard ones are at most 1, so that nothing is won below
/// the target (exponent 1: as much is lost as it is missed by), soft ones trade on both sides of it (exponent 0.07). A
/// metric to minimise is divided by them.
class Reward {
 public:
  Reward() = default;
  explicit Reward(const config::Config& config);

  bool empty() const { return derived_.empty(); }
  bool derives(const std::string& metric) const;
  std::set<std::string> names() const;  ///< of what it derives
  /// What must be measured for the objectives: themselves, or what they are made from.
  std::set<std::string> measured(const std::vector<Objective>& objectives) const;
  /// Adds the derived metrics, in the place of given ones. What is wrong, in words, where one cannot be made.
  std::optional<std::string> add(Metrics& metrics) const;
  bool operator==(const Reward&) const = default;

 private:
  struct Factor {
    std::string metric;
    double target = 1, exponent = 1;
    bool hard = true;
    bool operator==(const Factor&) const = default;
  };
  struct Derived {
    std::string name, of;
    bool maximise = true;
    bool operator==(const Derived&) const = default;
  };
  std::vector<Factor> factors_;
  std::vector<Derived> derived_;
};

}  // namespace assay::trial
