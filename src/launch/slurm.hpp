// sbatch command lines: pure functions of run and site, so that tests can compare them word for word.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "launch/site.hpp"
#include "run/run.hpp"

namespace assay::launch {

/// One stage as Slurm gets it: an array of `workers` tasks, each of `ranks` ranks or of a crew of processes.
struct StageJob {
  run::Stage stage = run::Stage::split;
  int workers = 1;
  int crew = 1;  ///< workers in one task, as processes of their own
  int ranks = 1;
  int gpus = 0;  ///< per worker
};

/// Where the job finds the program.
struct Place {
  std::filesystem::path run_folder;
  std::string run_id;
  std::filesystem::path bin, share;
};

/// "digits-3fa9c1": the run's name and a hash of its folder, so that copies of a run do not take each other's jobs for
/// their own.
std::string run_id(const run::Run& run);
std::string job_name(const std::string& run_id, run::Stage stage);

/// The ranks and GPUs of one worker.
StageJob one_worker(const run::Run& run, run::Stage stage, const Site& site);

/// Spreads job.workers over tasks of site.workers_per_job workers each (the last task may have some too many).
void share_jobs(StageJob& job, const Site& site);

/// Workers by [<stage>] parallel, [full] gpu_quota / gpus_per_trial, and never more than there are trials.
/// Error(config) if the quota is smaller than one trial (such a job would wait for ever).
StageJob stage_job(const run::Run& run, run::Stage stage, const Site& site);

/// Workers of the full stage that fit [full] gpu_quota; nothing if there is no quota.
std::optional<std::int64_t> quota_workers(const config::Config& config);

inline constexpr int most_workers = 1000;  ///< of one array: Slurm's default MaxArraySize is 1001

/// `dependency` as sbatch takes it ("afterok:12"), empty: none.
std::vector<std::string> sbatch_command(const StageJob& job, const Place& place, const Site& site,
                                        const std::string& dependency);

/// RUN/jobs/site.sh: what every job of the run sources first.
std::string job_settings(const Site& site);

}  // namespace assay::launch
