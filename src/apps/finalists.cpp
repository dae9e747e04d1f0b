#include "apps/finalists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "apps/study_stage.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "nn/network_py.hpp"
#include "os/file.hpp"
#include "search/planners.hpp"
#include "stats/intervals.hpp"

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
  const auto objective = run.objectives().front();
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
                                 const run::Run& run, std::int64_t rows) {
  const auto objective = run.objectives().front();
  run::FullFigures figures;
  figures.winner = -2;
  figures.device_seconds = device_seconds(view);
  for (const auto& finalist : finalists) {
    run::FinalistFigures result;
    result.trial = finalist.trial, result.params = finalist.params, result.search_score = finalist.search_score;
    for (const auto* trial : trainings_of(view, finalist.trial)) {
      const auto* measured = trial->result();
      if (measured == nullptr) {
        figures.missing.push_back(fmt::format("finalist {} with seed {} failed (trial {} of full): {}",
                                              finalist_tag(finalist.trial), trial->what.tags.at("seed"), trial->id,
                                              trial->rungs.empty() ? "never ran" : trial->rungs.back().reason));
        continue;
      }
      result.scores.push_back(measured->metrics.at(objective.metric));
      result.parameters = size_metric(*measured, "parameters");
      result.multiply_adds = size_metric(*measured, "multiply_adds");
    }
    if (result.scores.empty()) continue;
    result.score = interval_over_seeds(objective, result.scores, rows);
    figures.finalists.push_back(std::move(result));
  }
  std::stable_sort(figures.finalists.begin(), figures.finalists.end(), [&](const auto& a, const auto& b) {
    return objective.maximise ? a.score.estimate > b.score.estimate : a.score.estimate < b.score.estimate;
  });
  if (!figures.finalists.empty()) figures.winner = figures.finalists.front().trial;
  return figures;
}

void publish_winner(const run::FullFigures& figures, const study::StudyView& view, const run::Run& run,
                    const space::Space&) {
  const auto& winner = figures.finalists.front();
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
