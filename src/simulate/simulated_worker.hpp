// A worker of a simulation, and what may happen next to it. Internal.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "simulate/delayed_study.hpp"
#include "simulate/simulation.hpp"
#include "study/claim_rules.hpp"
#include "trial/report_pace.hpp"

namespace assay::simulate {

using TrialPtr = std::shared_ptr<const trial::Trial>;

/// A record that the others do not see yet, and until when.
struct UnseenRecord {
  double until = 0;
  TrialPtr trial;
  study::Spending change;
};

/// A trial on its way.
struct RunningTrial {
  trial::ItemId item;
  trial::Trial trial;
  SimulatedTrial went;
  double begun = 0;
  std::size_t reported = 0;  ///< of went.reports
  trial::ReportPace pace;
};

struct SimulatedWorker {
  base::Rng races;  ///< chooses numbers after lost races
  trial::Planner* planner = nullptr;
  trial::EarlyStop* early_stop = nullptr;
  bool probe = true;  ///< has a planner of its own, whose time counts
  std::shared_ptr<const trial::StudyView> view;
  Numbers taken;                  ///< numbers, as far as it knows
  trial::TrialId first_free = 0;  ///< of them
  study::NumberWindow window = study::NumberWindow();
  trial::ItemId wanted;
  std::optional<trial::Proposal> given;  ///< what the wanted rung measures, where it is not what the trial began with
  double pause = 0.005;
  double planned = 0;             ///< planner's seconds for this claim so far
  std::vector<UnseenRecord> own;  ///< what it wrote lately
  std::optional<RunningTrial> running;
};

enum class Step { look, decide, link, report, end };

struct Event {
  double time;
  std::int64_t order;
  std::size_t worker;
  Step step;
  bool operator>(const Event& other) const { return time != other.time ? time > other.time : order > other.order; }
};

}  // namespace assay::simulate
