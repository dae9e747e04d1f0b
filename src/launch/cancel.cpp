#include "launch/cancel.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "launch/slurm.hpp"
#include "launch/submit.hpp"
#include "os/file.hpp"
#include "os/process.hpp"

namespace assay::launch {
namespace {

using base::Exit;

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<std::vector<QueuedJob>> queue_of(const run::Run& run, int tries) {
  std::vector<std::string> names;
  for (const auto stage : run::all_stages) names.push_back(job_name(run_id(run), stage));
  return queued_jobs(names, tries);
}

/// Workers in one task of a job, as `assay submit` noted them.
int crew_of(const run::Run& run, const std::string& job) {
  const auto text = os::try_read_file(run.folder() / "jobs" / (job + ".json")).value_or("");
  const auto record = base::Json::parse(text, nullptr, false);
  return record.is_object() ? record.value("crew", 1) : 1;
}

/// Tasks of one line of the queue, also of one that will never start.
int tasks_of(QueuedJob job) {
  job.reason.clear();
  return workers_in({job}, job.name);
}

}  // namespace

std::vector<StageInQueue> stages_in_queue(const std::vector<QueuedJob>& queue, const std::string& id,
                                          const std::function<int(const std::string&)>& crew) {
  std::vector<StageInQueue> found;
  for (const auto stage : run::all_stages) {
    StageInQueue one{.stage = stage};
    for (const auto& job : queue) {
      if (job.name != job_name(id, stage)) continue;
      if (!contains(one.jobs, job.array_id)) one.jobs.push_back(job.array_id);
      one.workers += tasks_of(job) * crew(job.array_id);
    }
    if (!one.jobs.empty()) found.insert(found.begin(), one);
  }
  return found;
}

std::vector<StageInQueue> stages_in_queue(const run::Run& run) {
  const auto queue = queue_of(run, 3);
  if (!queue) {
    base::fail(Exit::config,
               "there is no Slurm here (squeue is not in PATH), so that no job can be cancelled; {} ends what runs on "
               "this machine",
               base::proposal({"assay", "stop", run.folder().string()}));
  }
  return stages_in_queue(*queue, run_id(run), [&](const std::string& job) { return crew_of(run, job); });
}

std::vector<std::string> scancel_command(const StageInQueue& stage) {
  std::vector<std::string> command = {"scancel"};
  command.insert(command.end(), stage.jobs.begin(), stage.jobs.end());
  return command;
}

void cancel(const StageInQueue& stage) {
  const auto command = scancel_command(stage);
  std::vector<std::string> shell = {"sh", "-c", "exec \"$@\" 2>&1", "sh"};  // scancel speaks on standard error
  shell.insert(shell.end(), command.begin(), command.end());
  const auto answer = os::capture(shell, 40);
  if (answer.ended.code == 0 && answer.ended.signal == 0) return;
  const auto said = base::trim(answer.output);
  base::fail(Exit::io, "scancel did not cancel the jobs of {} ({}): {}", to_string(stage.stage),
             base::join(stage.jobs, ", "),
             !said.empty()              ? std::string(said)
             : answer.ended.signal != 0 ? std::string("it gave no answer within 40 s")
                                        : fmt::format("it ended with code {}", answer.ended.code));
}

std::vector<std::string> wait_for_end(const run::Run& run, const std::vector<std::string>& jobs, double seconds) {
  const double end = base::steady_seconds() + seconds;
  auto left = jobs;
  for (int look = 0; !left.empty(); ++look) {
    try {
      std::vector<std::string> there;
      for (const auto& job : queue_of(run, 1).value_or(std::vector<QueuedJob>{})) {
        if (contains(jobs, job.array_id) && !contains(there, job.array_id)) there.push_back(job.array_id);
      }
      left = std::move(there);
    } catch (const base::Error&) {
      // A controller that is busy now: what was there is taken to be there still.
    }
    if (left.empty() || base::steady_seconds() >= end) break;
    if (look == 1)
      base::log_info("waiting until {} {} left the queue", base::join(left, ", "), left.size() == 1 ? "has" : "have");
    std::this_thread::sleep_for(std::chrono::seconds(std::min(1 + look, 5)));  // the controller serves others too
  }
  return left;
}

std::string cancelled_line(const StageInQueue& stage) {
  return fmt::format("{}: cancelled {} {} ({} {})", to_string(stage.stage), stage.jobs.size() == 1 ? "job" : "jobs",
                     base::join(stage.jobs, ", "), stage.workers, stage.workers == 1 ? "worker" : "workers");
}

}  // namespace assay::launch
