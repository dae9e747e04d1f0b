// The reports of trials as curves, turned so that more is better: what early stopping compares.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "trial/view.hpp"

namespace assay::search {

/// One objective of one item by step. Reports without the objective, or with no finite number, are left out.
struct Curve {
  trial::TrialId trial = 0;
  std::vector<std::int64_t> steps;  ///< ascending
  std::vector<double> values;       ///< more is better
  std::vector<double> best;         ///< highest value so far
  std::vector<double> average;      ///< mean of the values so far

  bool empty() const { return steps.empty(); }
  /// How many points lie at or before the step.
  std::size_t count_until(std::int64_t step) const;
};

Curve curve_of(const trial::Measurement& measurement, const trial::Objective& objective);

/// The curves of all finished measurements, kept from view to view.
class Curves {
 public:
  void update(const trial::StudyView& view);

  /// Of trials that finished the same rung at the same fidelity, by number; with `step`: only those that got so far.
  std::vector<const Curve*> finished(const trial::Measurement& like, std::size_t objective,
                                     std::optional<std::int64_t> step = {}) const;
  /// Grows when a curve is added or changes.
  std::uint64_t version() const { return version_; }

 private:
  struct Entry {
    trial::TrialId trial;
    trial::Fidelity at;
    std::vector<Curve> curves;  ///< by objective
  };

  void read(trial::TrialId id, const trial::Trial* trial);

  trial::TrialList seen_;
  std::vector<trial::Objective> objectives_;
  std::map<int, std::vector<Entry>> rungs_;  ///< by trial number
  std::uint64_t version_ = 0;
};

}  // namespace assay::search
