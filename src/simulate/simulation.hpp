// A search by thousands of workers in one process: the real planners, simulated time. Workers look, claim, evaluate and
// commit as study and worker do; files answer after a fixed time, and others' records are seen late.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "study/study.hpp"
#include "trial/early_stop.hpp"
#include "trial/planner.hpp"

namespace assay::simulate {

struct SimulationSettings {
  std::int64_t workers = 64;
  double op_seconds = 0.005;              ///< of one file operation, however busy the server is
  double lag = 30;                        ///< seconds until others see appended bytes and new names
  bool collector = false;                 ///< one file instead of every other worker's log
  double ramp = 0;                        ///< workers start evenly over so many seconds
  std::optional<double> planner_seconds;  ///< per proposal; nothing: measured, so that results vary from run to run
  /// Beyond so many workers x trials only a sample of the workers has planners of its own, whose time is charged to
  /// all. The others share one planner, look at views up to a tenth of the lag older, and do not see their own records
  /// before everybody does.
  std::int64_t cached_points = 1'000'000;
};

/// How one trial goes that nobody stops.
struct SimulatedTrial {
  double seconds = 0;
  trial::Outcome outcome;
  std::vector<trial::Report> reports = {};  ///< by step; seconds since the trial's start
};

/// What is simulated, founded as a real study is.
struct SimulatedStudy {
  study::Definition definition;  ///< its stage and seed name the random streams
  trial::Judge judge;            ///< of what is measured
  study::Limits limits;
  /// What it begins with: imported results, which do not count against max_trials, and points to be measured first.
  std::vector<std::shared_ptr<const trial::Trial>> begin = {};
  std::function<std::unique_ptr<trial::Planner>()> make_planner;  ///< once per worker, or per sampled one
  /// Likewise; empty, or nullptr from it: trials go to their end.
  std::function<std::unique_ptr<trial::EarlyStop>()> make_early_stop = {};
  std::function<SimulatedTrial(const trial::Work&)> evaluate;  ///< must give the same for the same work
};

struct SimulationFigures {
  std::int64_t workers = 0, trials = 0;  ///< trials: committed measurements, those with nothing to propose left out
  /// Time spent evaluating until the last number was claimed, over workers x that time. Not in it: the tail, when
  /// workers find no number left and the last trials end.
  double busy = 0;
  double last_claim = 0, makespan = 0;  ///< seconds
  double conflicts_per_trial = 0;       ///< claims that found their number taken
  double operations_per_trial = 0;      ///< all file operations, heartbeats' too
  double metadata_per_second = 0;       ///< listings, opens and links, mean until the last claim
  double metadata_peak = 0;             ///< the same in the busiest ten seconds
  double planner_seconds = 0;           ///< per proposal, mean
  double look_seconds = 0;              ///< median time of a look at the study
  /// First objective after so many measurements, of those at the highest fidelity that was reached: `best_at`.
  std::vector<std::pair<std::int64_t, double>> best;
  trial::Fidelity best_at;
  std::shared_ptr<const trial::StudyView> study;  ///< as it is in the end
  std::string end_reason;                         ///< why the last worker found nothing left
};

SimulationFigures simulate(const SimulationSettings& settings, const SimulatedStudy& study);

}  // namespace assay::simulate
