// What a run will cost before it is started: trainings, device-hours, days, restarts. From measured figures where there
// are any, else from the fidelities' nominal cost, marked as an estimate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launch/site.hpp"
#include "run/run.hpp"

namespace assay::launch {

struct StagePlan {
  run::Stage stage = run::Stage::split;
  std::int64_t trials = 0;
  double seconds_each = 0;    ///< mean device-seconds of one trial
  double share = 0;           ///< of one full training, for estimates without any measurement
  int workers = 1, gpus = 1;  ///< at a time; devices per worker
  bool measured = false, done = false;
  double device_hours() const { return static_cast<double>(trials) * seconds_each / 3600 * gpus; }
  double days() const { return static_cast<double>((trials + workers - 1) / workers) * seconds_each / 86400; }
};

struct Plan {
  std::vector<StagePlan> stages;
  double full_seconds = 0;  ///< one full training
  bool measured = false;    ///< false: `full_seconds` is assumed
  std::string source;       ///< where full_seconds comes from
};

/// `assumed_hours`: one full training, used until the baseline has measured it.
Plan make_plan(const run::Run& run, const Site& site, double assumed_hours);

/// Relative cost of a fidelity: epochs x data x width^2 x resolution^2.
double nominal_share(const trial::Fidelity& fidelity, int full_epochs);

/// Restarts of one worker that is stopped at its time limit.
std::int64_t expected_restarts(const StagePlan& stage, const Site& site);

/// The table that `assay plan` prints.
std::string to_text(const Plan& plan, const Site& site);

}  // namespace assay::launch
