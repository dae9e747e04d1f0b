// search-driver: one worker of the search. The first one founds the study, more of them make it faster, any of them may
// die; one of the last publishes the Pareto front.
#include "apps/study_stage.hpp"
#include "base/log.hpp"
#include "launch/summary.hpp"

using namespace assay;

namespace {

study::Fidelity search_fidelity(const run::Run& run) {
  const auto proxy = run::proxy_figures(run.need(run::Stage::proxy));
  if (!proxy.chosen) base::log_info("{}", proxy.verdict);
  return proxy.chosen.value_or(apps::full_fidelity(run.config(), run::Stage::search));
}

base::Exit search_space(cli::StageContext& context, const comm::World& world) {
  const auto& run = context.run;
  const auto fidelity = search_fidelity(run);
  auto parts = apps::search_parts(run, fidelity);
  for (const auto& warning : parts.space->warnings()) base::log_warning("{}", warning);

  apps::StudyStage stage{.stage = run::Stage::search, .space = parts.space};
  stage.reconfigure = [rules = parts.planner.get()](const config::Config& config) { rules->configure(config); };
  stage.planner = std::move(parts.planner);
  stage.early_stop = std::move(parts.early_stop);
  stage.fidelities = parts.fidelities;

  return apps::run_study(context, world, std::move(stage), [&](const study::StudyView& view, bool partial) {
    const auto figures = apps::search_figures(view, run, fidelity, partial);
    const auto json = run::to_json(figures);
    if (figures.best < 0) {
      base::fail(base::Exit::partial, "no trial of the search succeeded; see `assay trials {} --state failed`",
                 run.folder().string());
    }
    return context.finish(run::Stage::search, json,
                          launch::summary(run::Stage::search, json, run.objectives().front().metric), partial);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_stage(argc, argv, run::Stage::search,
                         "Searches the space on the chosen proxy task; start as many as you like on one run folder.",
                         search_space);
}
