// The jobs of a run out of Slurm's queue again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "launch/queue.hpp"
#include "run/run.hpp"

namespace assay::launch {

/// What of one stage is in the queue.
struct StageInQueue {
  run::Stage stage = run::Stage::split;
  std::vector<std::string> jobs;  ///< ids, of an array the whole one's
  int workers = 0;                ///< pending and running ones
};

/// Pure: the stages with jobs in `queue`, the last stage first: one that only waits for the end of an earlier stage
/// must not start because that stage is cancelled. `crew` tells how many workers a task of a job holds.
std::vector<StageInQueue> stages_in_queue(const std::vector<QueuedJob>& queue, const std::string& id,
                                          const std::function<int(const std::string&)>& crew);

/// The same, of this run now. Error(config) if there is no Slurm here, Error(io) if its controller does not answer.
std::vector<StageInQueue> stages_in_queue(const run::Run& run);

std::vector<std::string> scancel_command(const StageInQueue& stage);
/// Runs that command. Error(io) with what scancel says.
void cancel(const StageInQueue& stage);

/// Those of `jobs` that are in the queue still: a running job may take half a minute to end, and `assay submit` takes
/// it for work until then. Waits for them, at most `seconds`.
std::vector<std::string> wait_for_end(const run::Run& run, const std::vector<std::string>& jobs, double seconds = 60);

/// "search: cancelled jobs 41, 42 (16 workers)".
std::string cancelled_line(const StageInQueue& stage);

}  // namespace assay::launch
