// baseline-train: the defaults of all domains on the full schedule: what the search must beat, what one full training
// costs, and which batch size fills the device.
#include <algorithm>

#include "base/log.hpp"
#include "eval/table/table.hpp"
#include "launch/summary.hpp"
#include "pipeline/study_stage.hpp"
#include "run/remedy.hpp"
#include "search/planners.hpp"
#include "train/throughput.hpp"

using namespace assay;

namespace {

run::BaselineFigures figures_of(const run::Run& run, const trial::Measurement& result, std::int64_t valid_rows,
                                int gpus) {
  run::BaselineFigures figures;
  const auto objective = run.judge().first();
  figures.metrics = result.metrics;
  figures.score =
      pipeline::metric_interval(objective, trial::metric_or_nan(result.metrics, objective.metric), valid_rows);
  figures.parameters = pipeline::size_metric(result, "parameters");
  figures.multiply_adds = pipeline::size_metric(result, "multiply_adds");
  figures.training_seconds = result.device_seconds / gpus;  // also of attempts before a resume
  figures.device_seconds = result.device_seconds;
  figures.curve = result.reports;
  return figures;
}

base::Exit baseline_train(cli::StageContext& context, const comm::World& world) {
  const auto& run = context.run;
  const auto& config = run.config();
  const auto split = run::split_figures(run.need(run::Stage::split));
  const auto space = std::make_shared<const space::Space>(space::Space::load(config, "baseline"));

  pipeline::StudyStage stage{.stage = run::Stage::baseline, .space = space, .trials = 1};
  stage.planner = search::make_list_planner("baseline", {{.params = space->defaults(), .note = "defaults"}});
  stage.fidelities = {pipeline::full_fidelity(config, run::Stage::baseline)};
  stage.keep_weights = true;

  return pipeline::run_study(context, world, std::move(stage), [&](const trial::StudyView& view, bool) {
    const auto* result = view.trials().empty() ? nullptr : view.trials().front()->result();
    if (result == nullptr) {
      const auto& rung = view.trials().front()->rungs.front();
      base::fail(
          base::Exit::config,
          "the baseline (all defaults) failed: {} ({}). Fix the defaults or the training before searching around "
          "them; {} measures it again{}",
          rung.reason, trial::to_string(rung.failure), run::retry_command(run, run::Stage::baseline),
          pipeline::noticed(run));
    }
    const bool built_in = config.texts("trial.command").empty() && !eval::uses_table(config);
    const auto gpus = built_in ? 1 : std::max(1, static_cast<int>(config.integer("trial.gpus")));
    auto figures = figures_of(run, *result, split.valid, gpus);
    if (config.flag("baseline.batch_sweep") && built_in) {
      figures.sweep = train::sweep_batches(run, *space, context.options.device, context.options.threads);
      figures.best_batch = train::best_batch(figures.sweep);
    }
    const auto json = run::to_json(figures);
    return context.finish(run::Stage::baseline, json,
                          launch::summary(run::Stage::baseline, json, run.judge().first().metric));
  });
}

}  // namespace

int main(int argc, char** argv) {
  return pipeline::run_stage(
      argc, argv, run::Stage::baseline,
      "Trains the defaults on the full schedule: validation curve, throughput, batch sizes, cost.", baseline_train);
}
