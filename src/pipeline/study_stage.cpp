#include "pipeline/study_stage.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include "base/log.hpp"
#include "base/text.hpp"
#include "eval/table/table.hpp"
#include "pipeline/renewal.hpp"
#include "run/program.hpp"
#include "search/planners.hpp"
#include "study/study.hpp"
#include "trial/metric.hpp"
#include "trial/reward.hpp"
#include "trial/signature.hpp"
#include "worker/worker.hpp"

namespace assay::pipeline {
namespace {

/// What the signature covers of a search that follows a model.
constexpr std::int64_t first_proposals = 15;

study::Limits limits_of(const run::Run& run, const StudyStage& stage) {
  auto limits = run.limits(stage.stage);
  if (stage.trials > 0) {
    limits.max_trials = stage.trials;
    // A list is worked off whole unless max_failed says otherwise: one failed finalist must not cost the others.
    limits.max_failed = std::min(limits.max_failed, stage.trials + 1);
  }
  return limits;
}

/// What this stage, or one whose result it uses, was begun with another version of the trainer.
void warn_of_other_program(const run::Run& run, run::Stage stage) {
  auto stages = run.inputs(stage);
  stages.push_back(stage);
  for (const auto one : stages) {
    if (const auto text = run::other_program(run, one); !text.empty()) base::log_warning("{}", text);
  }
}

/// Objectives made from others follow the configuration; times follow the machine.
trial::SignatureScope scope_of(const run::Run& run, run::Stage stage) {
  trial::SignatureScope scope{.unsigned_metrics = {"train_seconds", "latency_ms"}};
  const trial::Reward reward(run.config());
  for (const auto& objective : run.objectives()) {
    if (reward.derives(objective.metric)) scope.unsigned_metrics.insert(objective.metric);
  }
  if (stage != run::Stage::search) return scope;
  const auto level = base::verbosity();
  base::set_verbosity(base::Level::quiet);  // the worker has said what it chose
  if (search::follows_model(run.config(), space::Space::load(run.config(), "search"))) scope.trials = first_proposals;
  base::set_verbosity(level);
  return scope;
}

void print_signature(const cli::StageContext& context, run::Stage stage) {
  const auto& run = context.run;
  study::Reader reader(run.folder(stage));
  if (!reader.founded()) {
    base::log_info("{} has no trials, and so no signature", run::to_string(stage));
    return;
  }
  const auto view = reader.refresh();
  const auto scope = scope_of(run, stage);
  const auto signature = trial::sign(view, scope);
  std::printf("signature %s %s (%lld measurements of %lld trials%s)\n", run::to_string(stage).c_str(),
              signature.hash.c_str(), static_cast<long long>(signature.measurements),
              static_cast<long long>(signature.trials), scope.trials > 0 ? ", the first proposals alone" : "");
  for (const auto& line : base::split(trial::signed_text(view, scope), '\n')) {
    if (!line.empty()) base::log_detail("{}", line);
  }
}

}  // namespace

int run_stage(int argc, char** argv, run::Stage stage, const std::string& description, const Recipe& recipe,
              const std::function<void(const run::Run&)>& first) {
  std::optional<comm::World> world;
  bool failed = false;
  const auto in_world = [&](cli::StageContext& context) {
    try {
      if (!world) world.emplace();
      return recipe(context, *world);
    } catch (...) {
      failed = true;
      throw;
    }
  };
  const auto agree = [&](int decision) {
    world.emplace();
    auto bytes = std::to_string(decision);
    world->groups(world->size()).broadcast(bytes);
    return std::stoi(bytes);
  };
  const auto sign = [stage](const cli::StageContext& context) { print_signature(context, stage); };
  const auto before = [&](const cli::StageContext& context) {
    if (first) first(context.run);
    if (!context.options.force) renew_fixable(context.run, stage);
  };
  const int code = cli::run_stage(argc, argv, stage, description, in_world, agree, before, sign);
  // Without this the others wait in a collective, and this rank for them in MPI_Finalize.
  if (failed && world && world->size() > 1) {
    if (world->rank() != 0) {
      // Most errors come to all ranks alike: rank 0, which words them for all, goes first and ends this one.
      std::this_thread::sleep_for(std::chrono::seconds(2));
      base::log_warning("rank {} ends all ranks of this launch (exit code {}; why stands in error.json)", world->rank(),
                        code);
    }
    comm::abort_world(code);
  }
  return code;
}

base::Exit run_study(cli::StageContext& context, const comm::World& world, StudyStage stage,
                     const std::function<base::Exit(const trial::StudyView&, bool partial)>& conclude) {
  auto& run = context.run;
  run.config().check_run();
  // An external command brings its own ranks (its launcher), a table needs none; ours would only stand by.
  const bool external = !run.config().texts("trial.command").empty() || eval::uses_table(run.config());
  const auto group = world.groups(external ? 1 : stage.gpus_per_trial);
  const auto evaluator = eval::make_evaluator({.run = run,
                                               .stage = stage.stage,
                                               .space = stage.space,
                                               .group = group,
                                               .device = context.options.device,
                                               .threads = context.options.threads,
                                               .rows = stage.rows,
                                               .keep_weights = stage.keep_weights});
  if (group.rank() != 0) return worker::follow(group, *evaluator);
  warn_of_other_program(run, stage.stage);

  if (stage.found) stage.found();
  study::Study study(run.folder(stage.stage),
                     definition_of(run, stage.stage, *stage.space, *stage.planner, stage.fidelities),
                     limits_of(run, stage));
  study.set_judge(run.judge());
  const auto limits = [&] {
    run.reload();
    study.set_judge(run.judge());
    if (stage.reconfigure) stage.reconfigure(run.config());
    return limits_of(run, stage);
  };
  const worker::Options options{.time_budget = context.options.time_budget,
                                .limits = limits,
                                .early_stop = stage.early_stop.get(),
                                .stop_file = run.stop_file()};
  const auto exit = worker::work(group, study, *stage.planner, *evaluator, options);
  if (exit == base::Exit::again) return exit;
  // As it was closed: it may have been reopened just now.
  return conclude(study.known(), exit == base::Exit::partial);
}

std::string noticed(const run::Run& run) {
  std::vector<std::string> files;
  for (const auto& [name, hash] : run::program_of(run)) files.push_back(name);
  return files.empty() ? ""
                       : fmt::format(" (with a changed {} the next start does so by itself)", base::join(files, ", "));
}

}  // namespace assay::pipeline
