// assay best: what the search found so far, by the one truth: the best trial, and with --front the Pareto front.
#include <algorithm>
#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "exchange/trial_json.hpp"
#include "launch/summary.hpp"
#include "pipeline/steering.hpp"
#include "trial/json.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using base::Json;

/// Objectives first, then what rewards and limits name.
std::vector<std::string> named_metrics(const trial::Judge& judge) {
  std::vector<std::string> names;
  for (const auto& objective : judge.objectives()) names.push_back(objective.metric);
  for (const auto& name : judge.named()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void print_one(const trial::Standing& standing, const trial::Standings& standings, bool several) {
  const auto& judge = standings.view().judge();
  std::vector<std::string> words;
  for (const auto& name : named_metrics(judge)) {
    const auto found = standing.shown->metrics.find(name);
    if (found != standing.shown->metrics.end())
      words.push_back(fmt::format("{} {}", name, launch::score_text(name, found->second)));
  }
  std::printf("trial %lld: %s%s\n", static_cast<long long>(standing.trial->id), base::join(words, ", ").c_str(),
              several ? (", at " + trial::to_text(standing.shown->at, 0)).c_str() : "");
  for (const auto& [name, value] : standing.what->params)
    std::printf("  %s = %s\n", name.c_str(), space::to_text(value).c_str());
}

Json json_of(const run::Run& run, run::Stage stage, const trial::Standings& standings) {
  const auto* best = standings.best();
  const auto* least = best == nullptr ? standings.least_violation() : nullptr;
  const auto& view = standings.view();
  Json json = {{"run", run.folder().string()},
               {"stage", to_string(stage)},
               {"comparable", standings.comparable()},
               {"feasible", standings.feasible()},
               {"top_reached", standings.top_reached()},
               {"best", best == nullptr ? Json(nullptr) : exchange::standing_of(*best)},
               {"least_violation", least == nullptr ? Json(nullptr) : exchange::standing_of(*least)},
               {"front", Json::array()}};
  if (!view.fidelities().empty()) json["fidelity"] = trial::to_json(view.fidelities()[standings.level()]);
  for (const auto* standing : standings.front()) json["front"].push_back(exchange::standing_of(*standing));
  return json;
}

Exit best(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto view = pipeline::look_at(run, stage);
  const trial::Standings standings(view);
  if (values.flag("--json")) {
    std::printf("%s\n", json_of(run, stage, standings).dump(2).c_str());
    return standings.best() == nullptr ? Exit::partial : Exit::done;
  }
  const bool several = view.fidelities().size() > 1;
  if (const auto* best = standings.best()) {
    print_one(*best, standings, several);
    if (several && !standings.top_reached())
      std::printf("no trial has reached %s yet\n", trial::to_text(view.fidelities().back(), 0).c_str());
    if (!values.flag("--front")) return Exit::done;
    std::printf("front of %zu trial%s:\n", standings.front().size(), standings.front().size() == 1 ? "" : "s");
    for (const auto* standing : standings.front()) {
      if (standing != best) print_one(*standing, standings, several);
    }
    return Exit::done;
  }
  if (const auto* least = standings.least_violation()) {
    std::printf("no trial keeps all constraints; trial %lld breaks them least: %s\n",
                static_cast<long long>(least->trial->id),
                trial::broken_text(view.judge(), least->shown->metrics).c_str());
  } else {
    std::printf("no trial has a result that can be compared yet\n");
  }
  return Exit::partial;
}

}  // namespace

cli::Verb best_verb() {
  using Kind = cli::Option::Kind;
  return {"best",
          "the best trial that keeps all constraints, and the Pareto front",
          {{.name = "RUN", .help = "run folder", .required = true},
           stage_option(),
           {.kind = Kind::flag, .name = "--front", .help = "also the other trials of the Pareto front"},
           {.kind = Kind::flag, .name = "--json", .help = "as JSON, always with the front"}},
          best};
}

}  // namespace assay::apps
