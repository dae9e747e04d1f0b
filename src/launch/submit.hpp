// The stages of a run into Slurm's queue, chained by dependency; never the same work twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launch/queue.hpp"
#include "launch/site.hpp"
#include "launch/slurm.hpp"
#include "run/run.hpp"

namespace assay::launch {

/// What becomes of one stage.
struct Step {
  enum class Kind { done, queued, submit } kind = Kind::submit;
  run::Stage stage = run::Stage::split;
  std::string job;  ///< queued: its (array) id
  std::string note;
  std::vector<std::string> dead;  ///< jobs of this stage that will never start: cancelled first
};

/// Pure: from what is done and what is queued to what must be submitted.
std::vector<Step> steps_for(const run::Run& run, const std::string& id, const std::vector<QueuedJob>& queue);

/// Submits what is missing and writes RUN/jobs/<id>.json; with `dry_run` prints the exact commands instead. Returns the
/// lines for people.
std::vector<std::string> submit(const run::Run& run, const Site& site, bool dry_run);

/// The jobs in which an earlier stage runs, as a later one waits for them.
struct Upstream {
  std::string jobs;      ///< "12" or "12:15" (an array and workers added to it); "": none
  bool several = false;  ///< more than one worker
};

/// Pure: what `stage` hands to sbatch --dependency. One worker must end well. Of several any may die, the others finish
/// its work: the stage waits until all have ended, and looks for the results itself (exit code 69 if they are not
/// there). The report shows whatever is there.
std::string dependency_on(const Upstream& before, run::Stage stage);

/// Pure: tasks of the jobs called `name`, pending ones counted singly; those jobs; the queued jobs of the last stage
/// before `stage` that has any.
int workers_in(const std::vector<QueuedJob>& queue, const std::string& name);
Upstream jobs_of(const std::vector<QueuedJob>& queue, const std::string& name);
Upstream jobs_before(const std::vector<QueuedJob>& queue, const std::string& id, run::Stage stage);

/// Pure: Error(config) if this site cannot give a worker of the stage the GPUs that it needs.
void check_site(const StageJob& job, const Site& site);

/// Pure: how many of the `wanted` workers one more array may bring where `now` are in the queue: as many as the GPU
/// quota and one array allow, each limit with a line for people.
int workers_to_add(const run::Run& run, run::Stage stage, int wanted, int now, std::vector<std::string>& lines);

/// More workers for a stage that is queued or running (`workers` in all). Returns the lines for people.
std::vector<std::string> scale(const run::Run& run, run::Stage stage, int workers, const Site& site, bool dry_run);

/// The site of a run: the file found by find_site, else the probed cluster. A dry run also goes on where there is none.
Site site_for(const run::Run& run, const std::optional<std::filesystem::path>& file, bool dry_run = false);

/// Folder of the built executables: $ASSAY_BIN, else that of the running program.
std::filesystem::path bin_folder();

}  // namespace assay::launch
