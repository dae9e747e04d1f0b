#include "pipeline/finalists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "pipeline/figures.hpp"
#include "report/verdict.hpp"
#include "trial/standing.hpp"

namespace assay::pipeline {
namespace {

std::string finalist_tag(trial::TrialId trial) { return trial < 0 ? "baseline" : std::to_string(trial); }

/// This finalist's measurements, by seed.
std::vector<const trial::Trial*> trainings_of(const trial::StudyView& view, trial::TrialId finalist) {
  std::vector<const trial::Trial*> found;
  for (const auto& trial : view.trials()) {
    if (trial && trial->first.tags.contains("finalist") && trial->first.tags.at("finalist") == finalist_tag(finalist)) {
      found.push_back(trial.get());
    }
  }
  return found;
}

/// One training of a finalist: its measurements, or why there are none.
void add_training(run::FullFigures& figures, run::FinalistFigures& finalist, const trial::Trial& trial,
                  const std::string& metric) {
  const auto& seed = trial.first.tags.at("seed");
  const auto* measured = trial.result();
  if (measured == nullptr || !std::isfinite(trial::metric_or_nan(measured->metrics, metric))) {
    const auto why = measured != nullptr   ? "it has no " + metric
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

[[noreturn]] void no_finalist(const trial::Standings& standings) {
  const auto* least = standings.least_violation();
  if (least == nullptr) base::fail(base::Exit::upstream, "the search has no finished trial to train in full");
  base::fail(base::Exit::partial,
             "no trial of the search keeps all constraints, so there is no finalist; trial {} breaks them least: {}. "
             "Loosen the [[constraint]], search further, or train the least violating ones with full.infeasible = true",
             least->trial->id, trial::broken_text(standings.view().judge(), least->shown->metrics));
}

}  // namespace

std::vector<Finalist> choose_finalists(const trial::StudyView& search, const space::Space& space,
                                       const config::Config& config) {
  const auto& metric = search.judge().first().metric;
  std::vector<Finalist> finalists;
  const auto defaults = space.defaults();
  bool baseline = config.flag("full.baseline");
  const trial::Standings standings(search);
  for (const auto* standing :
       standings.finalists(static_cast<std::size_t>(config.integer("full.top_k")), config.flag("full.infeasible"))) {
    finalists.push_back(
        {standing->trial->id, standing->what->params, trial::metric_or_nan(standing->shown->metrics, metric)});
    if (standing->what->params == defaults) baseline = false;
  }
  if (finalists.empty()) no_finalist(standings);
  if (baseline) finalists.push_back({-1, defaults, 0});
  return finalists;
}

std::vector<trial::Proposal> trainings(const std::vector<Finalist>& finalists, int seeds) {
  std::vector<trial::Proposal> proposals;
  for (int seed = 0; seed < seeds; ++seed) {
    for (const auto& finalist : finalists) {
      proposals.push_back({.params = finalist.params,
                           .note = "finalist " + finalist_tag(finalist.trial),
                           .tags = {{"finalist", finalist_tag(finalist.trial)}, {"seed", std::to_string(seed)}}});
    }
  }
  return proposals;
}

namespace {

/// A metric that a seed lacks has no mean.
void judge_means(run::FinalistFigures& finalist, const std::vector<trial::Metrics>& seeds, const trial::Judge& judge) {
  for (const auto& [name, first] : seeds.front()) {
    double sum = 0;
    for (const auto& metrics : seeds) sum += trial::metric_or_nan(metrics, name);
    if (std::isfinite(sum)) finalist.metrics[name] = sum / static_cast<double>(seeds.size());
  }
  finalist.violation = judge.violation(finalist.metrics);
  finalist.feasible = finalist.violation == 0;
}

}  // namespace

run::FullFigures judge_finalists(const trial::StudyView& view, const std::vector<Finalist>& finalists,
                                 const run::Run& run, const space::Params& defaults, std::int64_t rows) {
  const auto objective = run.judge().first();
  run::FullFigures figures;
  figures.winner = -2;
  figures.device_seconds = device_seconds(view);
  for (const auto& finalist : finalists) {
    run::FinalistFigures result;
    result.trial = finalist.trial, result.params = finalist.params, result.search_score = finalist.search_score;
    result.defaults = finalist.params == defaults;
    for (const auto* trial : trainings_of(view, finalist.trial))
      add_training(figures, result, *trial, objective.metric);
    if (result.scores.empty()) continue;
    judge_means(result, result.measured, view.judge());
    figures.finalists.push_back(std::move(result));
  }
  const auto scores = report::all_scores(figures);
  for (auto& finalist : figures.finalists)
    finalist.score = report::score_interval(objective.metric, finalist.scores, scores, rows);
  // Best first: what keeps the limits, among others what breaks them less; then the mean score after soft penalties.
  const auto& limits = view.judge().limits();
  const double sign = objective.maximise ? 1 : -1;
  const auto key = [&](const run::FinalistFigures& finalist) {
    return std::pair(finalist.violation, -sign * finalist.score.estimate + limits.penalty(finalist.metrics));
  };
  std::stable_sort(figures.finalists.begin(), figures.finalists.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  const bool any = run.config().flag("full.infeasible");
  const auto winner = std::find_if(figures.finalists.begin(), figures.finalists.end(),
                                   [&](const auto& finalist) { return finalist.feasible || any; });
  if (winner != figures.finalists.end()) figures.winner = winner->trial;
  return figures;
}

}  // namespace assay::pipeline
