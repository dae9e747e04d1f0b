// A study with rungs, run in memory by several workers whose views lag behind and whose items end in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "trial/planner.hpp"

namespace assay::test {

struct LabSettings {
  std::vector<trial::Objective> objectives{{"accuracy", true, {}}};
  std::vector<trial::Fidelity> fidelities;
  std::int64_t trials = 100;
  std::size_t workers = 1;
  std::uint64_t seed = 1;
  int lag = 0;          ///< a worker's view is up to so many events old
  bool replay = false;  ///< a fresh planner must decide and propose the same, every time
  /// Numbers that are not proposed: put in by hand when their turn comes, measured at this fidelity.
  std::map<trial::TrialId, trial::Fidelity> by_hand{};
  /// Those of them that were imported: they come on top of `trials`.
  std::set<trial::TrialId> imports{};
};

struct LabCourse {
  trial::StudyView view;         ///< at the end
  std::string reason;            ///< why it ended
  std::vector<std::string> log;  ///< "0.0", "1.0", ...: items in the order in which they began
  std::int64_t epochs = 0;       ///< trained by all items, those of their checkpoints left out
  std::int64_t waits = 0;        ///< times that a worker had nothing to do
};

/// What an item gives; must be the same for the same item.
using LabMeasure = std::function<trial::Outcome(const trial::Work&)>;
trial::Outcome measured(double accuracy);
trial::Outcome failed();

LabCourse run_lab(const std::function<std::unique_ptr<trial::Planner>()>& make_planner, const LabMeasure& measure,
                  const LabSettings& settings);

}  // namespace assay::test
