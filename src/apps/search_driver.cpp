// search-driver: one worker of the search. The first one founds the study, more of them make it faster, any of them may
// die; one of the last publishes the Pareto front.
#include "base/command.hpp"
#include "base/log.hpp"
#include "launch/summary.hpp"
#include "pipeline/intake.hpp"
#include "pipeline/study_stage.hpp"
#include "run/remedy.hpp"

using namespace assay;

namespace {

trial::Fidelity search_fidelity(const run::Run& run) {
  const auto proxy = run::proxy_figures(run.need(run::Stage::proxy));
  if (!proxy.chosen) base::log_info("{}", proxy.verdict);
  return proxy.chosen.value_or(pipeline::full_fidelity(run.config(), run::Stage::search));
}

base::Exit search_space(cli::StageContext& context, const comm::World& world) {
  const auto& run = context.run;
  const auto fidelity = search_fidelity(run);
  auto parts = pipeline::search_parts(run, fidelity);
  for (const auto& warning : parts.space->warnings()) base::log_warning("{}", warning);

  pipeline::StudyStage stage{.stage = run::Stage::search, .space = parts.space};
  stage.reconfigure = [rules = parts.planner.get()](const config::Config& config) { rules->configure(config); };
  stage.planner = std::move(parts.planner);
  stage.early_stop = std::move(parts.early_stop);
  stage.fidelities = parts.fidelities;
  stage.found = [&, planner = stage.planner.get()] {
    pipeline::create_search(run, *parts.space, *planner, parts.fidelities);
  };

  return pipeline::run_study(context, world, std::move(stage), [&](const trial::StudyView& view, bool partial) {
    const auto figures = pipeline::search_figures(view, run, fidelity, partial);
    const auto json = run::to_json(figures);
    if (figures.comparable == 0) {
      base::fail(base::Exit::partial, "no trial of the search succeeded; {} shows why, {} measures them again{}",
                 base::proposal({"assay", "trials", run.folder().string(), "--state", "failed"}),
                 run::retry_command(run, run::Stage::search), pipeline::noticed(run));
    }
    return context.finish(run::Stage::search, json,
                          launch::summary(run::Stage::search, json, run.judge().first().metric), partial,
                          view.generation());
  });
}

}  // namespace

int main(int argc, char** argv) {
  return pipeline::run_stage(
      argc, argv, run::Stage::search,
      "Searches the space on the chosen proxy task; start as many as you like on one run folder.", search_space);
}
