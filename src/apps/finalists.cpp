#include "apps/finalists.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps/study_stage.hpp"
#include "base/error.hpp"
#include "report/verdict.hpp"
#include "search/planners.hpp"

namespace assay::apps {
namespace {

std::string finalist_tag(study::TrialId trial) { return trial < 0 ? "baseline" : std::to_string(trial); }

/// This finalist's measurements, by seed.
std::vector<const study::Trial*> trainings_of(const study::StudyView& view, study::TrialId finalist) {
  std::vector<const study::Trial*> found;
  for (const auto& trial : view.trials()) {
    if (trial && trial->what.tags.contains("finalist") && trial->what.tags.at("finalist") == finalist_tag(finalist)) {
      found.push_back(trial.get());
    }
  }
  return found;
}

/// One training of a finalist: its measurements, or why there are none.
void add_training(run::FullFigures& figures, run::FinalistFigures& finalist, const study::Trial& trial,
                  const std::string& metric) {
  const auto& seed = trial.what.tags.at("seed");
  const auto* measured = trial.result();
  if (measured == nullptr || !measured->metrics.contains(metric)) {
    const auto why = measured != nullptr    ? "it has no " + metric
                     : trial.rungs.empty() ? "never ran"
                                           : trial.rungs.back().reason;
    figures.missing.push_back(fmt::format("finalist {} with seed {} failed (trial {} of full): {}",
                                          finalist_tag(finalist.trial), seed, trial.id, why));
    return;
  }
  finalist.scores.push_back(measured->metrics.at(metric));
  finalist.seeds.push_back(std::stoll(seed));
  finalist.trainings.push_back(trial.id);
  finalist.measured.push_back(measured->metrics);
  finalist.parameters = size_metric(*measured, "parameters");
  finalist.multiply_adds = size_metric(*measured, "multiply_adds");
}

}  // namespace

std::vector<Finalist> choose_finalists(const study::StudyView& search, const space::Space& space,
                                       const config::Config& config) {
  const auto metric = search.objectives().front().metric;
  std::vector<Finalist> finalists;
  const auto defaults = space.defaults();
  bool baseline = config.flag("full.baseline");
  for (const auto id : search::top_k(search, static_cast<int>(config.integer("full.top_k")), config)) {
    const auto* trial = search.find(id);
    finalists.push_back({id, trial->what_of(*trial->result()).params, trial->result()->metrics.at(metric)});
    if (trial->what.params == defaults) baseline = false;
  }
  if (finalists.empty()) base::fail(base::Exit::upstream, "the search has no finished trial to train in full");
  if (baseline) finalists.push_back({-1, defaults, 0});
  return finalists;
}

std::vector<study::Proposal> trainings(const std::vector<Finalist>& finalists, int seeds) {
  std::vector<study::Proposal> proposals;
  for (int seed = 0; seed < seeds; ++seed) {
    for (const auto& finalist : finalists) {
      proposals.push_back({.params = finalist.params,
                           .note = "finalist " + finalist_tag(finalist.trial),
                           .tags = {{"finalist", finalist_tag(finalist.trial)}, {"seed", std::to_string(seed)}}});
    }
  }
  return proposals;
}

run::FullFigures judge_finalists(const study::StudyView& view, const std::vector<Finalist>& finalists,
                                 const run::Run& run, const space::Params& defaults, std::int64_t rows) {
  const auto objective = run.objectives().front();
  run::FullFigures figures;
  figures.winner = -2;
  figures.device_seconds = device_seconds(view);
  for (const auto& finalist : finalists) {
    run::FinalistFigures result;
    result.trial = finalist.trial, result.params = finalist.params, result.search_score = finalist.search_score;
    result.defaults = finalist.params == defaults;
    for (const auto* trial : trainings_of(view, finalist.trial)) add_training(figures, result, *trial, objective.metric);
    if (!result.scores.empty()) figures.finalists.push_back(std::move(result));
  }
  const auto scores = report::all_scores(figures);
  for (auto& finalist : figures.finalists)
    finalist.score = report::score_interval(objective.metric, finalist.scores, scores, rows);
  std::stable_sort(figures.finalists.begin(), figures.finalists.end(), [&](const auto& a, const auto& b) {
    return objective.maximise ? a.score.estimate > b.score.estimate : a.score.estimate < b.score.estimate;
  });
  if (!figures.finalists.empty()) figures.winner = figures.finalists.front().trial;
  return figures;
}

}  // namespace assay::apps
