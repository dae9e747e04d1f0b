// proxy-select: trains the reference networks in full and under every candidate proxy, and keeps the cheapest candidate
// whose ranking agrees with the full one.
#include "config/check.hpp"
#include "data/dataset.hpp"
#include "eval/table/table.hpp"
#include "launch/summary.hpp"
#include "pipeline/proxy_choice.hpp"
#include "pipeline/study_stage.hpp"
#include "search/planners.hpp"

using namespace assay;

namespace {

/// Outputs of the networks; run folders of older versions do not say, so the data are asked.
std::int64_t outputs_of(const run::Run& run) {
  const auto split = run::split_figures(run.need(run::Stage::split));
  if (split.outputs > 0) return split.outputs;
  if (split.task == "regression") return 1;
  return data::read(run.config(), data::Part::train).classes();
}

/// The longest trainings first, so that the workers end together.
std::vector<trial::Proposal> grid(const std::vector<space::Params>& references, const trial::Fidelity& full,
                                  const std::vector<trial::Fidelity>& candidates) {
  std::vector<trial::Proposal> proposals;
  const auto add = [&](const trial::Fidelity& at, const std::string& candidate) {
    for (std::size_t r = 0; r < references.size(); ++r) {
      proposals.push_back({.params = references[r],
                           .at = at,
                           .note = "reference " + std::to_string(r),
                           .tags = {{"reference", std::to_string(r)}, {"candidate", candidate}}});
    }
  };
  add(full, "full");
  for (std::size_t c = 0; c < candidates.size(); ++c) add(candidates[c], std::to_string(c));
  return proposals;
}

base::Exit no_proxy(cli::StageContext& context, const std::string& why) {
  run::ProxyFigures figures;
  figures.agreement_wanted = context.run.config().number("proxy.agreement");
  figures.verdict = "nothing to choose: " + why;
  const auto json = run::to_json(figures);
  return context.finish(run::Stage::proxy, json,
                        launch::summary(run::Stage::proxy, json, context.run.judge().first().metric));
}

base::Exit proxy_select(cli::StageContext& context, const comm::World& world) {
  const auto& run = context.run;
  const auto& config = run.config();
  run.need(run::Stage::split);
  if (config.integer("proxy.reference") == 0)
    return no_proxy(context, "no proxy is asked for (proxy.reference = 0), the search trains in full");
  // It answers the same at every fidelity.
  if (eval::uses_table(config) && !config.has("trial.table.epoch"))
    return no_proxy(context, "the table has one row per network (no trial.table.epoch), the search looks up that one");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config, "proxy"));
  const auto full = pipeline::full_fidelity(config, run::Stage::proxy);
  const auto candidates = pipeline::proxy_candidates(config, full);
  const auto outputs = eval::uses_table(config) || config::without_data(config) ? 0 : outputs_of(run);
  const auto references = search::reference_set(
      *space, run.seed(), static_cast<int>(config.integer("proxy.reference")), [&](const space::Params& params) {
        return outputs == 0 ? space->encode(params) : search::size_features(*space, params, outputs);
      });
  auto proposals = grid(references, full, candidates);

  pipeline::StudyStage stage{.stage = run::Stage::proxy, .space = space};
  stage.trials = static_cast<std::int64_t>(proposals.size());
  stage.planner = search::make_list_planner("reference networks x proxies", std::move(proposals));
  stage.fidelities = {full};

  return pipeline::run_study(context, world, std::move(stage), [&](const trial::StudyView& view, bool partial) {
    const auto figures = pipeline::choose_proxy(view, run, full, candidates);
    const auto json = run::to_json(figures);
    return context.finish(run::Stage::proxy, json, launch::summary(run::Stage::proxy, json, run.judge().first().metric),
                          partial);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return pipeline::run_stage(argc, argv, run::Stage::proxy,
                             "Finds the cheapest proxy task that ranks the reference networks as full training does.",
                             proxy_select);
}
