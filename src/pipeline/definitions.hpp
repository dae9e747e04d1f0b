// How the studies of a run are founded: the same by a stage's worker, by hand (`assay ask`, `add`, `import`), and for a
// simulation.
// Without LibTorch.
#pragma once

#include <memory>
#include <vector>

#include "config/config.hpp"
#include "run/run.hpp"
#include "search/stopping/early_stop.hpp"
#include "search/stopping/stop_rules.hpp"
#include "space/space.hpp"
#include "study/study.hpp"
#include "trial/early_stop.hpp"
#include "trial/planner.hpp"

namespace assay::pipeline {

/// How the reason of a study begins that `assay stop --close` ended.
inline constexpr const char* closed_by_hand = "closed by hand";

/// The full schedule of a stage: [training] overlaid with [<stage>.training]; epochs 0 if they are searched.
trial::Fidelity full_fidelity(const config::Config& config, run::Stage stage);

study::Definition definition_of(const run::Run& run, run::Stage stage, const space::Space& space,
                                const trial::Planner& planner, const std::vector<trial::Fidelity>& fidelities);

/// Error(config) if no training of the earlier stages reported a metric that an objective, a reward or a limit names:
/// no trial of the search could be judged. Where nothing has been trained yet nothing is known.
void check_reported(const run::Run& run);

/// What the search works with.
struct SearchParts {
  std::shared_ptr<const space::Space> space;
  std::unique_ptr<search::StoppingPlanner> planner;
  std::unique_ptr<trial::EarlyStop> early_stop;  ///< nullptr: trials are trained to their end
  std::vector<trial::Fidelity> fidelities;       ///< that its trials are measured at, lowest first
};
/// `top`, the highest fidelity: the chosen proxy's, or the full one.
SearchParts search_parts(const run::Run& run, const trial::Fidelity& top);
/// The same before there is a split: `outputs` of the networks, to tell which are equal; any number does.
SearchParts search_parts(const run::Run& run, const trial::Fidelity& top, std::int64_t outputs);
/// One more planner of the same search.
std::unique_ptr<search::StoppingPlanner> search_planner(const run::Run& run,
                                                        const std::shared_ptr<const space::Space>& space,
                                                        std::int64_t outputs);
/// True if trials train networks of [model], of which two points may describe one. (A table's rows and an external
/// trainer's networks are nobody's graph: their key is the point itself.)
bool trains_networks(const config::Config& config);

}  // namespace assay::pipeline
