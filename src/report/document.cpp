#include "report/document.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "base/command.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "base/version.hpp"
#include "exchange/csv.hpp"
#include "os/host.hpp"
#include "report/figure_text.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

using base::Json;
using run::Stage;

Json stage_entry(const RunData& run_data, const StageState& state) {
  const auto name = run::to_string(state.stage);
  std::string gap;
  if (state.state == "failed") {
    gap = fmt::format("The {} stage failed: {}", name, state.reason);
  } else if (state.state == "skipped") {
    gap = fmt::format("There is no {} stage: {}.", name, state.reason);
  } else if (state.state == "begun") {
    gap = fmt::format("The {} stage has begun and has no result yet.", name);
  } else {
    gap = fmt::format("The {} stage has no result yet. To make it: {}", name,
                      base::command({run::executable(state.stage), run_data.folder}));
  }
  Json entry = {{"name", name},
                {"executable", run::executable(state.stage)},
                {"state", state.state},
                {"reason", state.reason},
                {"gap", gap}};
  entry["seconds"] = state.seconds ? Json(*state.seconds) : Json();
  if (state.stage == Stage::report) entry["state"] = "done", entry["seconds"] = nullptr;
  return entry;
}

Json shares(const RunData& run_data) {
  std::set<std::string> names, seen;
  const auto look = [&](const std::string& name) {
    if (!seen.insert(name).second) return;
    if (run_data.scale(name) == Scale::percent) names.insert(name);
  };
  for (const auto& name : run_data.named_metrics()) look(name);
  for (const auto& [stage, view] : run_data.studies) {
    for (const auto& trial : view.trials()) {
      if (!trial) continue;
      for (const auto& rung : trial->rungs) {
        for (const auto& [name, value] : rung.metrics) look(name);
      }
    }
  }
  return names;
}

Json objectives(const RunData& run_data) {
  Json list = Json::array();
  for (const auto& objective : run_data.judge.objectives()) {
    list.push_back({{"metric", objective.metric},
                    {"maximise", objective.maximise},
                    {"threshold", objective.threshold ? Json(*objective.threshold) : Json()}});
  }
  return list;
}

/// "2026-11-21 10:48 UTC".
std::string minute_text(double unix_time) {
  auto text = base::utc_text(unix_time);
  text.replace(10, 1, " ");
  return text.substr(0, 16) + " UTC";
}

Json reproduction(const RunData& run_data) {
  std::string revision;
  for (const auto& state : run_data.stages) {
    if (!state.revision.empty()) revision = state.revision;
  }
  if (revision.empty()) revision = base::revision();
  Json commands = Json::array();
  commands.push_back(base::command({"cp", run_data.folder + "/run.toml", "again.toml"}));
  std::string folder = "again";
  for (const auto& state : run_data.stages) {
    if (state.state == "skipped") continue;
    const bool first = commands.size() == 1;
    const bool by_hand = first && state.stage == Stage::search;
    std::vector<std::string> words = {"bin/" + (by_hand ? std::string("assay") : run::executable(state.stage))};
    if (by_hand) words.emplace_back("ask");
    words.push_back(folder);
    if (first) words.insert(words.end(), {"--config", "again.toml"});
    commands.push_back(base::command(words));
  }
  auto text = fmt::format("Program revision {}, seed {}", revision, run_data.seed);
  if (run_data.split && !run_data.split->data_hash.empty()) {
    text += fmt::format(", data with SHA-256 {}...", run_data.split->data_hash.substr(0, 16));
  }
  text +=
      ". On a CPU, with one worker and the same number of threads, the same seed gives the same trials; several "
      "workers "
      "finish in another order, and planners that learn then propose other networks.";
  return {{"text", text}, {"commands", commands}};
}

}  // namespace

Json document(const RunData& run_data) {
  Json stages = Json::array();
  for (const auto& state : run_data.stages) stages.push_back(stage_entry(run_data, state));
  Json json = {{"title", run_data.title},
               {"run", run_data.name},
               {"folder", run_data.folder},
               {"generated", minute_text(base::unix_seconds())},
               {"version", base::version()},
               {"revision", base::revision()},
               {"host", os::host_name()},
               {"plotly", nullptr},
               {"shares", shares(run_data)},
               {"objectives", objectives(run_data)},
               {"first", run_data.judge.first_place()},
               {"constraints", constraints_section(run_data)},
               {"headline", headline_section(run_data)},
               {"stages", stages},
               {"split", split_section(run_data)},
               {"baseline", baseline_section(run_data)},
               {"proxy", proxy_section(run_data)},
               {"search", search_section(run_data)},
               {"full", full_section(run_data)},
               {"cost", cost_section(run_data)},
               {"failures", failures_section(run_data)},
               {"hints", hints_section(run_data)},
               {"checked", checks()},
               {"settings", run_data.settings},
               {"reproduce", reproduction(run_data)}};
  return json;
}

Json summary(const Json& document) {
  Json json = document;
  for (const char* key : {"shares", "settings", "checked", "plotly"}) json.erase(key);
  if (json["search"].is_object()) {
    for (const char* key : {"table", "standing", "running_best", "curves", "strongest", "curves_text", "epochs"})
      json["search"].erase(key);
  }
  if (json["proxy"].is_object()) json["proxy"].erase("scatter");
  if (json["baseline"].is_object()) json["baseline"].erase("curve");
  return json;
}

std::string candidates_csv(const RunData& run_data) {
  auto text = exchange::csv_line({"name", "epochs", "data", "width", "resolution", "spearman", "spearman_lo",
                                  "spearman_hi", "kendall", "kendall_lo", "kendall_hi", "device_seconds", "speed_up",
                                  "networks", "passes", "chosen"});
  if (!run_data.proxy) return text;
  for (const auto& c : run_data.proxy->candidates) {
    const bool chosen = run_data.proxy->chosen && *run_data.proxy->chosen == c.fidelity;
    text += exchange::csv_line({c.name, std::to_string(c.fidelity.epochs), exchange::csv_number(c.fidelity.data),
                                exchange::csv_number(c.fidelity.width), exchange::csv_number(c.fidelity.resolution),
                                exchange::csv_number(c.spearman.estimate), exchange::csv_number(c.spearman.lo),
                                exchange::csv_number(c.spearman.hi), exchange::csv_number(c.kendall.estimate),
                                exchange::csv_number(c.kendall.lo), exchange::csv_number(c.kendall.hi),
                                exchange::csv_number(c.seconds), exchange::csv_number(c.speed_up),
                                std::to_string(c.networks), c.passes ? "true" : "false", chosen ? "true" : "false"});
  }
  return text;
}

std::string finalists_csv(const RunData& run_data) {
  // A metric named like another column is "metrics.<name>", as in trials.csv.
  std::vector<std::string> fields = {"trial",    "winner",   "score",        "lo",         "hi",
                                     "seeds",    "scores",   "search_score", "parameters", "multiply_adds",
                                     "baseline", "feasible", "violation",    "value"};
  const std::set<std::string> taken(fields.begin(), fields.end());
  const auto names = run_data.named_metrics();
  for (const auto& name : names) fields.push_back(taken.contains(name) || name == "params" ? "metrics." + name : name);
  fields.emplace_back("params");
  auto text = exchange::csv_line(fields);
  if (!run_data.full) return text;
  for (const auto& f : run_data.full->finalists) {
    std::vector<std::string> scores;
    for (const double score : f.scores) scores.push_back(exchange::csv_number(score));
    const auto value = run_data.judge.value(f.metrics);
    fields = {f.trial < 0 ? "baseline" : std::to_string(f.trial),
              f.trial == run_data.full->winner ? "true" : "false",
              exchange::csv_number(f.score.estimate),
              exchange::csv_number(f.score.lo),
              exchange::csv_number(f.score.hi),
              std::to_string(f.scores.size()),
              base::join(scores, " "),
              f.trial < 0 ? "" : exchange::csv_number(f.search_score),
              std::to_string(f.parameters),
              std::to_string(f.multiply_adds),
              f.is_baseline() ? "true" : "false",
              f.feasible ? "true" : "false",
              exchange::csv_number(f.violation),
              value ? exchange::csv_number(*value) : ""};
    for (const auto& name : names) {
      const auto found = f.metrics.find(name);
      fields.push_back(found == f.metrics.end() ? "" : exchange::csv_number(found->second));
    }
    fields.push_back(space::to_json(f.params).dump());
    text += exchange::csv_line(fields);
  }
  return text;
}

}  // namespace assay::report
