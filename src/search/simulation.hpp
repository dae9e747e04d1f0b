// A search by thousands of workers in one process: the real planners, simulated time. Workers look, claim, evaluate and
// commit as study and worker do; files answer after a fixed time, and others' records are seen late.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "study/planner.hpp"

namespace assay::search {

struct SimulationSettings {
  std::int64_t workers = 64;
  std::int64_t trials = 640;
  std::uint64_t seed = 1;
  double op_seconds = 0.005;              ///< of one file operation, however busy the server is
  double lag = 30;                        ///< seconds until others see appended bytes and new names
  bool collector = false;                 ///< one file instead of every other worker's log
  double ramp = 0;                        ///< workers start evenly over so many seconds
  double heartbeat = 20;                  ///< seconds
  std::optional<double> planner_seconds;  ///< per proposal; nothing: measured, so that results vary from run to run
  /// Beyond so many workers x trials only a sample of the workers has planners of its own, whose time is charged to
  /// all. The others share one planner, look at views up to a tenth of the lag older, and do not see their own records
  /// before everybody does.
  std::int64_t cached_points = 1'000'000;
};

/// How one trial went.
struct SimulatedTrial {
  double seconds = 0;
  study::Outcome outcome;
};

struct SimulationFigures {
  std::int64_t workers = 0, trials = 0;  ///< trials: committed measurements, those with nothing to propose left out
  /// Time spent evaluating until the last number was claimed, over workers x that time. Not in it: the tail, when
  /// workers find no number left and the last trials end.
  double busy = 0;
  double last_claim = 0, makespan = 0;                ///< seconds
  double conflicts_per_trial = 0;                     ///< claims that found their number taken
  double operations_per_trial = 0;                    ///< all file operations, heartbeats' too
  double metadata_per_second = 0;                     ///< listings, opens and links, mean until the last claim
  double metadata_peak = 0;                           ///< the same in the busiest ten seconds
  double planner_seconds = 0;                         ///< per proposal, mean
  double look_seconds = 0;                            ///< median time of a look at the study
  std::vector<std::pair<std::int64_t, double>> best;  ///< first objective after so many measurements
};

/// `make_planner` is called once per worker (or per sampled worker, see cached_points); `evaluate` must give the same
/// for the same work.
SimulationFigures simulate(const SimulationSettings& settings,
                           const std::function<std::unique_ptr<study::Planner>()>& make_planner,
                           const std::function<SimulatedTrial(const study::Work&)>& evaluate,
                           const study::Judge& judge,
                           const std::vector<study::Fidelity>& fidelities);

}  // namespace assay::search
