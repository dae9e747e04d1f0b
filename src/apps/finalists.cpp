#include "apps/finalists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "apps/study_stage.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "nn/network_py.hpp"
#include "os/file.hpp"
#include "stats/intervals.hpp"
#include "study/standing.hpp"

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

run::Interval interval_over_seeds(const study::Objective& objective, const std::vector<double>& scores,
                                  std::int64_t rows) {
  if (scores.size() == 1) return metric_interval(objective, scores.front(), rows);
  const auto interval = stats::mean_interval(scores);
  return {interval.estimate, interval.lo, interval.hi};
}

std::string card(const run::FinalistFigures& winner, const run::FullFigures& figures, const run::Run& run) {
  const auto objective = run.judge().first();
  std::string text = fmt::format("# Winner of {}\n\n", run.name());
  text += winner.trial < 0 ? "The baseline (all defaults) was not beaten.\n\n"
                           : fmt::format("Trial {} of the search.\n\n", winner.trial);
  text += fmt::format("| | |\n|---|---|\n| {} on the untouched validation set | {:.4f} [{:.4f}, {:.4f}], {} seeds |\n",
                      objective.metric, winner.score.estimate, winner.score.lo, winner.score.hi, winner.scores.size());
  text += fmt::format("| parameters | {} |\n| multiply-adds per example | {} |\n", base::with_commas(winner.parameters),
                      base::with_commas(winner.multiply_adds));
  for (const auto& other : figures.finalists) {
    if (other.trial >= 0) continue;
    text += fmt::format("| baseline, trained in the same way | {:.4f} [{:.4f}, {:.4f}] |\n", other.score.estimate,
                        other.score.lo, other.score.hi);
  }
  text += "\n## Parameters\n\n";
  for (const auto& [name, value] : winner.params) text += fmt::format("- `{}` = {}\n", name, space::to_text(value));
  text +=
      "\n## Files\n\n- `network.json`: the network as a graph of primitives\n- `weights.safetensors`: weights of the "
      "first "
      "seed (no seed was picked by its score)\n- `network.py`: rebuilds it in PyTorch: `from network import load; net "
      "= "
      "load()`\n";
  return text;
}

}  // namespace

namespace {

[[noreturn]] void no_finalist(const study::Standings& standings) {
  const auto* least = standings.least_violation();
  if (least == nullptr) base::fail(base::Exit::upstream, "the search has no finished trial to train in full");
  base::fail(base::Exit::partial,
             "no trial of the search keeps all constraints, so there is no finalist; trial {} breaks them least: {}. "
             "Loosen the [[constraint]], search further, or train the least violating ones with full.infeasible = true",
             least->trial->id, study::broken_text(standings.view().judge(), least->shown->metrics));
}

}  // namespace

std::vector<Finalist> choose_finalists(const study::StudyView& search, const space::Space& space,
                                       const config::Config& config) {
  const auto& metric = search.judge().first().metric;
  std::vector<Finalist> finalists;
  const auto defaults = space.defaults();
  bool baseline = config.flag("full.baseline");
  const study::Standings standings(search);
  for (const auto* standing : standings.finalists(static_cast<std::size_t>(config.integer("full.top_k")),
                                                  config.flag("full.infeasible"))) {
    finalists.push_back(
        {standing->trial->id, standing->what->params, study::metric_or_nan(standing->shown->metrics, metric)});
    if (standing->what->params == defaults) baseline = false;
  }
  if (finalists.empty()) no_finalist(standings);
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

namespace {

/// A metric that a seed lacks has no mean.
void judge_means(run::FinalistFigures& finalist, const std::vector<study::Metrics>& seeds, const study::Judge& judge) {
  for (const auto& [name, first] : seeds.front()) {
    double sum = 0;
    for (const auto& metrics : seeds) sum += study::metric_or_nan(metrics, name);
    if (std::isfinite(sum)) finalist.metrics[name] = sum / static_cast<double>(seeds.size());
  }
  finalist.violation = judge.violation(finalist.metrics);
  finalist.feasible = finalist.violation == 0;
}

}  // namespace

run::FullFigures judge_finalists(const study::StudyView& view, const std::vector<Finalist>& finalists,
                                 const run::Run& run, std::int64_t rows) {
  const auto objective = run.judge().first();
  run::FullFigures figures;
  figures.winner = -2;
  figures.device_seconds = device_seconds(view);
  for (const auto& finalist : finalists) {
    run::FinalistFigures result;
    result.trial = finalist.trial, result.params = finalist.params, result.search_score = finalist.search_score;
    std::vector<study::Metrics> measurements;
    for (const auto* trial : trainings_of(view, finalist.trial)) {
      const auto* measured = trial->result();
      if (measured == nullptr) {
        figures.missing.push_back(fmt::format("finalist {} with seed {} failed (trial {} of full): {}",
                                              finalist_tag(finalist.trial), trial->what.tags.at("seed"), trial->id,
                                              trial->rungs.empty() ? "never ran" : trial->rungs.back().reason));
        continue;
      }
      const double score = study::metric_or_nan(measured->metrics, objective.metric);
      if (!std::isfinite(score)) {
        figures.missing.push_back(fmt::format("finalist {} with seed {} has no {} (trial {} of full)",
                                              finalist_tag(finalist.trial), trial->what.tags.at("seed"),
                                              objective.metric, trial->id));
        continue;
      }
      result.scores.push_back(score);
      measurements.push_back(measured->metrics);
      result.parameters = size_metric(*measured, "parameters");
      result.multiply_adds = size_metric(*measured, "multiply_adds");
    }
    if (result.scores.empty()) continue;
    result.score = interval_over_seeds(objective, result.scores, rows);
    judge_means(result, measurements, view.judge());
    figures.finalists.push_back(std::move(result));
  }
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

void publish_winner(const run::FullFigures& figures, const study::StudyView& view, const run::Run& run,
                    const space::Space&) {
  const auto& winner = *std::find_if(figures.finalists.begin(), figures.finalists.end(),
                                     [&](const auto& finalist) { return finalist.trial == figures.winner; });
  const auto folder = run.folder(run::Stage::full) / "winner";
  for (const auto* trial : trainings_of(view, winner.trial)) {
    const auto* measured = trial->result();
    if (measured == nullptr) continue;
    const auto source = run.folder(run::Stage::full) / "trials" / std::to_string(trial->id) /
                        fmt::format("{}.{}", measured->item.rung, measured->attempt);
    const auto network = os::try_read_file(source / "network.json");
    if (!network) break;  // an external command: its outputs stay where it put them
    os::make_folders(folder);
    os::publish(folder / "network.json", *network);
    os::publish(folder / "weights.safetensors", os::read_file(source / "weights.safetensors"));
    os::publish(folder / "network.py", nn::network_py());
    break;
  }
  os::make_folders(folder);
  os::publish(folder / "card.md", card(winner, figures, run));
}

}  // namespace assay::apps
