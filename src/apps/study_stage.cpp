#include "apps/study_stage.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "base/log.hpp"
#include "eval/table.hpp"
#include "run/metric.hpp"
#include "stats/intervals.hpp"
#include "study/study.hpp"
#include "worker/worker.hpp"

namespace assay::apps {
namespace {

study::Limits limits_of(const run::Run& run, const StudyStage& stage) {
  auto limits = run.limits(stage.stage);
  if (stage.trials > 0) {
    limits.max_trials = stage.trials;
    // A list is worked off whole unless max_failed says otherwise: one failed finalist must not cost the others.
    limits.max_failed = std::min(limits.max_failed, stage.trials + 1);
  }
  return limits;
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
  const int code = cli::run_stage(argc, argv, stage, description, in_world, agree, first);
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
                     const std::function<base::Exit(const study::StudyView&, bool partial)>& conclude) {
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

  study::Study study(run.folder(stage.stage),
                     founding_of(run, stage.stage, *stage.space, *stage.planner, stage.fidelities),
                     limits_of(run, stage));
  const auto limits = [&] {
    run.reload();
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

run::Interval metric_interval(const study::Objective& objective, double value, std::int64_t rows) {
  if (rows <= 0 || !run::is_share_of_rows(objective.metric, value)) return {value, value, value};
  const auto interval = stats::wilson(value, static_cast<double>(rows));
  return {value, interval.lo, interval.hi};
}

std::int64_t size_metric(const study::Measurement& measurement, const std::string& metric) {
  const auto found = measurement.metrics.find(metric);
  return found == measurement.metrics.end() ? 0 : static_cast<std::int64_t>(found->second);
}

}  // namespace assay::apps
