#include "pipeline/definitions.hpp"

#include <fmt/format.h>

#include <set>
#include <string>

#include "arch/canonical.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "config/check.hpp"
#include "run/results.hpp"
#include "search/planners.hpp"

namespace assay::pipeline {

trial::Fidelity full_fidelity(const config::Config& config, run::Stage stage) {
  const auto training = config.section("training", run::to_string(stage));
  trial::Fidelity full;
  full.epochs = training.at("epochs").is_number() ? training.at("epochs").get<int>() : 0;
  return full;
}

study::Definition definition_of(const run::Run& run, run::Stage stage, const space::Space& space,
                                const trial::Planner& planner, const std::vector<trial::Fidelity>& fidelities) {
  study::Definition definition;
  definition.stage = run::to_string(stage);
  definition.seed = run.seed();
  definition.objectives = run.objectives();
  definition.fidelities = fidelities;
  definition.identity = {
      {"space", space.describe()}, {"planner", planner.describe()}, {"configuration", run.identity(stage)}};
  return definition;
}

namespace {

/// Where the configuration names a metric beside the objectives, else nothing.
config::Node naming(const config::Config& config, const std::string& metric) {
  for (const auto* list : {"constraint", "reward"}) {
    for (const auto& [key, entry] : config.node(list).items()) {
      if (const auto name = entry.at("metric"); name && name.string() == metric) return name;
    }
  }
  return config.node("objectives");
}

}  // namespace

void check_reported(const run::Run& run) {
  const auto judge = run.judge();
  for (const auto stage : {run::Stage::baseline, run::Stage::proxy}) {
    auto reader = run.reader(stage);
    if (!reader.founded()) continue;
    std::set<std::string> missing = judge.named(), reported;
    bool measured = false;
    const auto view = reader.refresh();
    for (const auto& trial : view.trials()) {
      const auto* result = trial ? trial->result() : nullptr;
      if (result == nullptr) continue;
      measured = true;
      for (const auto& [name, value] : result->metrics) missing.erase(name), reported.insert(name);
    }
    if (!measured || missing.empty()) continue;
    const auto where = naming(run.config(), *missing.begin());
    const auto text = fmt::format(
        "no training of the {} stage reported {}, so that no trial of the search could be judged; they reported {}",
        to_string(stage), *missing.begin(), base::join({reported.begin(), reported.end()}, ", "));
    if (where) where.fail(text);
    base::fail(base::Exit::config, "{}", text);
  }
}

bool trains_networks(const config::Config& config) { return config.has("model") && !config::without_data(config); }

std::unique_ptr<search::StoppingPlanner> search_planner(const run::Run& run,
                                                        const std::shared_ptr<const space::Space>& space,
                                                        std::int64_t outputs) {
  const auto key = [space, outputs](const space::Params& params) { return arch::canonical(*space, params, outputs); };
  return search::make_stopping_planner(run.config(), space, run.seed(),
                                       {{.params = space->defaults(), .note = "defaults"}}, key);
}

SearchParts search_parts(const run::Run& run, const trial::Fidelity& top) {
  return search_parts(run, top,
                      trains_networks(run.config()) ? run::split_figures(run.need(run::Stage::split)).outputs : 0);
}

SearchParts search_parts(const run::Run& run, const trial::Fidelity& top, std::int64_t outputs) {
  SearchParts parts;
  parts.space = std::make_shared<const space::Space>(space::Space::load(run.config(), "search"));
  parts.planner = search_planner(run, parts.space, outputs);
  parts.early_stop = search::make_early_stop(run.config());
  parts.fidelities = search::rungs_of(run.config(), *parts.space, top);
  return parts;
}

}  // namespace assay::pipeline
