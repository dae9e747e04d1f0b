// assay status: what is done, who is at work, who is silent, what waits in the queue and why. From the run folder and
// one squeue call; works without Slurm.
#include <cstdio>
#include <map>

#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "exchange/trial_json.hpp"
#include "launch/queue.hpp"
#include "launch/slurm.hpp"
#include "launch/summary.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "pipeline/kept.hpp"
#include "pipeline/steering.hpp"
#include "pipeline/stop_request.hpp"
#include "run/line.hpp"
#include "study/liveness.hpp"
#include "study/names.hpp"
#include "study/study.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using Kind = run::Status::Kind;

/// "trials 41 and 43", by worker.
std::map<std::string, std::string> held_trials(const trial::StudyView& view) {
  std::map<std::string, std::vector<std::string>> numbers;
  for (const auto* item : view.running()) {
    if (item->state == trial::State::running) numbers[item->worker].push_back(std::to_string(item->item.trial));
  }
  std::map<std::string, std::string> texts;
  for (const auto& [worker, list] : numbers) {
    texts[worker] = (list.size() == 1 ? "trial " : "trials ") + base::join(list, ", ");
  }
  return texts;
}

void say(const std::string& line) { std::printf("              %s\n", line.c_str()); }

void show_workers(const run::Run& run, run::Stage stage, const trial::StudyView& view) {
  const auto limits = run.limits(stage);
  const double now = base::unix_seconds();
  const auto held = held_trials(view);
  study::Liveness liveness(study::greet(""));
  for (const auto& worker : view.workers()) {
    if (worker.ended) continue;
    const double silence = now - worker.last_record;
    const auto found = held.find(worker.id);
    const auto trial = found == held.end() ? std::string("no trial") : found->second;
    const auto who = fmt::format("worker {} on {}{} (pid {})", worker.id, worker.host,
                                 worker.job.empty() ? "" : ", job " + worker.job, worker.pid);
    const bool dead = liveness.process_gone(worker);
    if (found == held.end() && (dead || silence > limits.lease_seconds)) continue;  // nothing is left to take over
    if (!dead && silence <= 2.5 * limits.heartbeat_seconds) continue;
    if (worker.reservation > 0) {
      if (found == held.end()) continue;
      say(fmt::format("{}: asked for {} ago, waits for its result; {}", trial, base::format_duration(silence),
                      pipeline::held_text(view, worker.id, limits.lease_seconds)));
    } else if (dead) {
      say(fmt::format("{}: {} is gone; the next worker that looks takes over", trial, who));
    } else {
      const double left = limits.lease_seconds - silence;
      say(fmt::format("{}: {} silent for {}, takeover {}", trial, who, base::format_duration(silence),
                      left > 0 ? "in " + base::format_duration(left) : std::string("by the next worker that looks")));
    }
  }
  for (const auto* item : view.running()) {
    if (item->state != trial::State::waiting || item->failure == trial::Failure::none) continue;
    say(fmt::format("trial {} waits for attempt {}, the last one was: {}", item->item.trial, item->attempt + 1,
                    item->reason));
  }
  if (run.asked_to_stop(stage)) say("asked to stop: " + pipeline::how_to_resume(run));
}

int working(const trial::StudyView& view, double lease) {
  int count = 0;
  study::Liveness liveness(study::greet(""));
  for (const auto& worker : view.workers()) {
    count +=
        !worker.ended && !liveness.process_gone(worker) && base::unix_seconds() - worker.last_record < lease ? 1 : 0;
  }
  return count;
}

void show_stage(const run::Run& run, run::Stage stage) {
  if (const auto why = run.lacks(stage); !why.empty()) {
    if (!run.by_hand()) std::printf("%s\n", run::stage_line(stage, "skipped", why).c_str());
    return;
  }
  const auto status = run.status(stage);
  const bool done = status.has_result();
  std::string text = status.reason;
  std::optional<trial::StudyView> view;
  if (done) text = launch::summary(stage, status.done.at("figures"), run.judge().first().metric);
  if (!done && status.kind != Kind::waiting && launch::planned_trials(run, stage) > 0) {
    auto reader = run.reader(stage);
    if (reader.founded()) {
      view = reader.refresh();
      const auto counts = launch::progress(*view, launch::planned_trials(run, stage),
                                           working(*view, run.limits(stage).lease_seconds), 0);
      text = counts + (text.empty() ? "" : "  (" + text + ")");
    }
  }
  std::printf(
      "%s\n",
      run::stage_line(stage, to_string(status.kind), text, done ? status.done.value("seconds", -1.0) : -1).c_str());
  if (const auto kept = stage == run::Stage::search ? pipeline::kept_text(run) : ""; !kept.empty()) say(kept);
  if (view) show_workers(run, stage, *view);
}

/// Recorded jobs that left the queue although their stage is not done.
void show_lost(const run::Run& run, const std::vector<launch::QueuedJob>& queue) {
  for (const auto& name : os::list_folder(run.folder() / "jobs")) {
    if (!name.ends_with(".json")) continue;
    const auto record = base::Json::parse(os::try_read_file(run.folder() / "jobs" / name).value_or(""), nullptr, false);
    if (record.is_discarded() || !record.contains("stage")) continue;
    const auto id = record.value("job", ""), stage = record.value("stage", "");
    if (run.status(run::stage_from(stage)).has_result()) continue;
    bool queued = false;
    for (const auto& job : queue) queued = queued || job.array_id == id;
    if (!queued)
      std::printf("  job %s (%s) left the queue and the stage is not done: see %s\n", id.c_str(), stage.c_str(),
                  (run.folder() / "jobs/logs").c_str());
  }
}

void show_queue(const run::Run& run) {
  std::vector<std::string> names;
  for (const auto stage : run::all_stages) names.push_back(launch::job_name(launch::run_id(run), stage));
  std::optional<std::vector<launch::QueuedJob>> queue;
  try {
    queue = launch::queued_jobs(names, 1);
  } catch (const base::Error&) {
    if (os::file_size(run.folder() / "jobs/site.sh"))
      std::printf("  squeue does not answer: nothing is known about jobs now\n");
    return;
  }
  if (!queue) return;
  for (const auto& job : *queue) {
    const auto why = job.state == "PENDING" ? ": " + launch::explain(job.reason) : ", " + job.elapsed;
    std::printf("  job %-12s %-28s %s%s\n", job.id.c_str(), job.name.c_str(), job.state.c_str(), why.c_str());
  }
  show_lost(run, *queue);
}

base::Json json_of(const run::Run& run, run::Stage stage) {
  const auto status = run.status(stage);
  base::Json json = {{"stage", to_string(stage)}, {"state", to_string(status.kind)}, {"reason", status.reason}};
  if (const auto why = run.lacks(stage); !why.empty())
    return {{"stage", to_string(stage)}, {"state", "skipped"}, {"reason", why}};
  auto reader = run.reader(stage);
  if (!reader.founded()) return json;
  const auto view = reader.refresh();
  const auto counts = view.counts();
  const trial::Standings standings(view);
  json["closed"] = view.closed();
  json["counts"] = {{"claimed", counts.claimed}, {"running", counts.running}, {"done", counts.done},
                    {"stopped", counts.stopped}, {"failed", counts.failed},   {"infeasible", counts.infeasible}};
  json["comparable"] = standings.comparable();
  json["feasible"] = standings.feasible();
  json["best"] = standings.best() == nullptr ? base::Json(nullptr) : exchange::standing_of(*standings.best());
  json["front"] = base::Json::array();
  for (const auto* standing : standings.front()) json["front"].push_back(standing->trial->id);
  return json;
}

Exit status(const cli::Values& values) {
  const auto run = open_run(values);
  if (values.flag("--json")) {
    base::Json json = {{"run", run.folder().string()}, {"name", run.name()}, {"stages", base::Json::array()}};
    for (const auto stage : run::all_stages) json["stages"].push_back(json_of(run, stage));
    std::printf("%s\n", json.dump(2).c_str());
    return Exit::done;
  }
  std::printf("run %s (%s)\n", run.folder().c_str(), run.name().c_str());
  for (const auto stage : run::all_stages) show_stage(run, stage);
  show_queue(run);
  return Exit::done;
}

}  // namespace

cli::Verb status_verb() {
  return {"status",
          "stages, workers and jobs of a run",
          {{.name = "RUN", .help = "run folder", .required = true},
           {.kind = cli::Option::Kind::flag,
            .name = "--json",
            .help = "as JSON: state, counts, best and front of each stage"}},
          status};
}

}  // namespace assay::apps
