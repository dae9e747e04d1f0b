// full-train-topk: the best networks of the search and the baseline, trained in full with several seeds on the whole
// training set, and scored once on the untouched validation set.
#include "base/command.hpp"
#include "base/log.hpp"
#include "config/check.hpp"
#include "data/dataset.hpp"
#include "launch/summary.hpp"
#include "pipeline/conclusion.hpp"
#include "pipeline/finalists.hpp"
#include "pipeline/study_stage.hpp"
#include "pipeline/winner.hpp"
#include "run/remedy.hpp"
#include "search/planners.hpp"
#include "study/study.hpp"

using namespace assay;

namespace {

base::Exit full_train(cli::StageContext& context, const comm::World& world) {
  const auto& run = context.run;
  const auto& config = run.config();
  run.need(run::Stage::search);
  const auto split = run::split_figures(run.need(run::Stage::split));
  const auto space = std::make_shared<const space::Space>(space::Space::load(config, "search", "full"));
  auto searched = run.reader(run::Stage::search);
  const auto found = searched.refresh();
  const auto finalists = pipeline::choose_finalists(found, *space, config);
  auto proposals = pipeline::trainings(finalists, static_cast<int>(config.integer("full.seeds")));

  pipeline::StudyStage stage{.stage = run::Stage::full, .space = space};
  stage.trials = static_cast<std::int64_t>(proposals.size());
  stage.planner = search::make_list_planner("finalists x seeds", std::move(proposals));
  stage.fidelities = {pipeline::full_fidelity(config, run::Stage::full)};
  stage.rows = eval::Rows::final;
  stage.keep_weights = true;
  stage.gpus_per_trial = static_cast<int>(config.integer("full.gpus_per_trial"));

  return pipeline::run_study(context, world, std::move(stage), [&](const trial::StudyView& view, bool) {
    auto figures = pipeline::judge_finalists(view, finalists, run, space->defaults(), split.untouched);
    figures.untouched = !config::without_data(config);
    if (figures.finalists.empty()) {
      base::fail(base::Exit::partial, "every training of the finalists failed; {} shows why, {} measures them again{}",
                 base::proposal({"assay", "trials", run.folder().string(), "--stage", "full"}),
                 run::retry_command(run, run::Stage::full), pipeline::noticed(run));
    }
    const bool won = figures.winner >= -1;
    if (won) pipeline::publish_winner(figures, view, run, split.untouched);
    if (!won) figures.missing.push_back("no finalist keeps all constraints when trained in full: there is no winner");
    for (const auto& missing : figures.missing) base::log_warning("{}", missing);
    if (!figures.missing.empty()) base::log_warning("{}", run::missing_text(run, run::Stage::full));
    const auto json = run::to_json(figures);
    return context.finish(run::Stage::full, json, launch::summary(run::Stage::full, json, run.judge().first().metric),
                          !figures.missing.empty());
  });
}

}  // namespace

int main(int argc, char** argv) {
  return pipeline::run_stage(
      argc, argv, run::Stage::full,
      "Trains the best networks in full with several seeds and scores them on the untouched validation set.",
      full_train, [](const run::Run& run) { pipeline::conclude_search(run); });
}
