// assay cancel: the jobs of a run out of Slurm's queue.
#include "launch/cancel.hpp"

#include <algorithm>
#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using launch::StageInQueue;
using run::Stage;

/// What is to be cancelled, and what stays in the queue although a stage before it is cancelled.
struct Choice {
  std::vector<StageInQueue> cancelled, left_waiting;
};

Choice choose(const std::vector<StageInQueue>& queued, const std::vector<Stage>& wanted) {
  Choice choice;
  for (const auto& one : queued) {  // the last stage first
    const bool named = wanted.empty() || std::find(wanted.begin(), wanted.end(), one.stage) != wanted.end();
    (named ? choice.cancelled : choice.left_waiting).push_back(one);
  }
  const auto before_all = [&](const StageInQueue& one) {
    return choice.cancelled.empty() || one.stage < choice.cancelled.back().stage;
  };
  std::erase_if(choice.left_waiting, before_all);
  std::reverse(choice.left_waiting.begin(), choice.left_waiting.end());
  return choice;
}

std::vector<Stage> wanted_stages(const cli::Values& values) {
  std::vector<Stage> wanted;
  for (const auto& word : values.texts("STAGE")) wanted.push_back(run::stage_from(word));
  return wanted;
}

base::Json json_of(const StageInQueue& one) {
  return {{"stage", to_string(one.stage)},
          {"jobs", one.jobs},
          {"workers", one.workers},
          {"command", base::command(launch::scancel_command(one))}};
}

/// Says that these stages have nothing in the queue.
void tell_absent(const run::Run& run, const Choice& choice, const std::vector<Stage>& wanted) {
  if (wanted.empty() && choice.cancelled.empty()) {
    std::printf("no job of %s is in the queue\n", run.folder().c_str());
  }
  for (const auto stage : wanted) {
    const auto is = [&](const StageInQueue& one) { return one.stage == stage; };
    if (std::none_of(choice.cancelled.begin(), choice.cancelled.end(), is))
      std::printf("%s: no job is in the queue\n", to_string(stage).c_str());
  }
}

void tell_left(const run::Run& run, const Choice& choice, const std::vector<std::string>& ending) {
  const auto folder = run.folder().string();
  if (!choice.left_waiting.empty()) {
    std::vector<std::string> names, command = {"assay", "cancel", folder};
    for (const auto& one : choice.left_waiting) names.push_back(to_string(one.stage));
    command.insert(command.end(), names.begin(), names.end());
    const bool one = names.size() == 1;
    std::printf("%s %s in the queue for what is cancelled now: %s cancels %s too\n", base::join(names, ", ").c_str(),
                one ? "waits" : "wait", base::proposal(command).c_str(), one ? "it" : "them");
  }
  if (!ending.empty()) {
    std::printf("still in the queue until their processes have ended: %s; resume when they are gone\n",
                base::join(ending, ", ").c_str());
  }
  std::printf("what is in the run folder is kept; %s resumes\n", base::proposal({"assay", "submit", folder}).c_str());
}

struct Cancellation {
  std::vector<StageInQueue> cancelled;
  std::optional<base::Error> error;
  std::vector<std::string> ending;  ///< jobs that are cancelled but still there
};

Cancellation cancel_all(const run::Run& run, const Choice& choice, bool say) {
  Cancellation outcome;
  std::vector<std::string> jobs;
  for (const auto& one : choice.cancelled) {
    try {
      launch::cancel(one);
    } catch (const base::Error& error) {
      outcome.error = error;
      return outcome;
    }
    outcome.cancelled.push_back(one);
    jobs.insert(jobs.end(), one.jobs.begin(), one.jobs.end());
    if (say) std::printf("%s\n", launch::cancelled_line(one).c_str());
  }
  if (say) std::fflush(stdout);
  outcome.ending = launch::wait_for_end(run, jobs);
  return outcome;
}

void print_json(const run::Run& run, bool dry, const Choice& choice, const Cancellation& outcome) {
  base::Json json = {{"run", run.folder().string()},
                     {"dry_run", dry},
                     {"stages", base::Json::array()},
                     {"ending", outcome.ending},
                     {"resume", base::command({"assay", "submit", run.folder().string()})}};
  for (const auto& one : dry ? choice.cancelled : outcome.cancelled) json["stages"].push_back(json_of(one));
  if (outcome.error) json["error"] = outcome.error->what();
  std::printf("%s\n", json.dump(2).c_str());
}

Exit cancel(const cli::Values& values) {
  const auto run = open_run(values);
  const auto wanted = wanted_stages(values);
  const bool dry = values.flag("--dry-run"), json = values.flag("--json");
  const auto choice = choose(launch::stages_in_queue(run), wanted);
  if (!json) tell_absent(run, choice, wanted);
  if (dry && !json) {
    for (const auto& one : choice.cancelled) {
      std::printf("%s\n", base::command(launch::scancel_command(one)).c_str());
    }
    return Exit::done;
  }
  const auto outcome = dry ? Cancellation{} : cancel_all(run, choice, !json);
  if (json) print_json(run, dry, choice, outcome);
  if (outcome.error) throw base::Error(*outcome.error);
  if (!json && !outcome.cancelled.empty()) tell_left(run, choice, outcome.ending);
  return Exit::done;
}

}  // namespace

cli::Verb cancel_verb() {
  using Kind = cli::Option::Kind;
  return {
      "cancel",
      "take the jobs of a run, or of some of its stages, out of Slurm's queue; what is measured is kept",
      {{.name = "RUN", .help = "run folder", .required = true},
       {.kind = Kind::list, .name = "STAGE", .help = "only these stages: split, baseline, proxy, search, full, report"},
       {.kind = Kind::flag, .name = "--dry-run", .help = "print the exact commands"},
       {.kind = Kind::flag, .name = "--json", .help = "as JSON"}},
      cancel};
}

}  // namespace assay::apps
