#include "pipeline/pipeline_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "arch/check_blocks.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "pipeline/definitions.hpp"
#include "pipeline/intake.hpp"
#include "pipeline/proxy_choice.hpp"
#include "run/program.hpp"
#include "search/planners.hpp"

namespace assay::pipeline {
namespace {

/// What the search will import and measure first: a table that does not fit is told before the first stage. Where the
/// data decides about the objective, only that the files are there.
void check_intake(const config::Config& config, const space::Space& space) {
  std::vector<trial::Objective> objectives;
  for (const auto& [metric, node] : config.node("objectives").items()) objectives.push_back({.metric = metric});
  if (objectives.empty() && config.text("data.task") == "classification") objectives.push_back({.metric = "accuracy"});
  if (objectives.empty() && config.text("data.task") == "regression") objectives.push_back({.metric = "rmse"});
  if (objectives.empty()) {
    for (const auto& file : imported_files(config)) {
      if (!os::file_size(file)) config.node("search.import").fail("there is no file " + file);
    }
    return;
  }
  configured_intake(config,
                    exchange::import_target(config, space, objectives, {full_fidelity(config, run::Stage::search)}));
}

}  // namespace

void check_reportable(const config::Config& config, const std::string& task) {
  std::vector<std::string> known = {"loss", "parameters", "multiply_adds", "latency_ms", "train_seconds"};
  if (task != "regression") known.emplace_back("accuracy");
  if (task != "classification") known.insert(known.end(), {"rmse", "r2"});
  const auto check = [&](const config::Node& where, const std::string& name) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const auto near = base::nearest_word(name, known);
    where.fail(fmt::format("the built-in trainer does not report {}{}{}; it reports {}", name,
                           task == "auto" ? "" : " of a " + task, near.empty() ? "" : " (did you mean " + near + "?)",
                           base::join(known, ", ")));
  };
  for (const auto& [name, objective] : config.node("objectives").items()) {
    const auto of = objective.at("of");
    check(of ? of : objective, of ? of.string() : name);
  }
  for (const auto* list : {"constraint", "reward"}) {
    for (const auto& [key, entry] : config.node(list).items()) {
      if (const auto metric = entry.at("metric")) check(metric, metric.string());
    }
  }
}

void check_pipeline(const config::Config& config) {
  config.check_run();
  const bool table = config.has("trial.table"), program = !config.texts("trial.command").empty();
  run::check_script(config);
  if (!table && !program) {
    arch::check_blocks(config);
    check_reportable(config, config.text("data.task"));
  }
  const bool proxies = config.integer("proxy.reference") > 0 && (!table || config.has("trial.table.epoch"));
  if (proxies) proxy_candidates(config, full_fidelity(config, run::Stage::proxy));
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  // Lists and grids are laid out at the beginning; other algorithms have nothing to say yet.
  const auto algorithm = config.text("search.algorithm");
  if (algorithm == "grid" || algorithm == "list") search::make_planner(config, space, 0);
  check_intake(config, *space);
}

}  // namespace assay::pipeline
