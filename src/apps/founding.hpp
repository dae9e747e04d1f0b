// How the studies of a run are founded: the same by a stage's worker and by hand (`assay ask`, `add`, `import`).
// Without LibTorch.
#pragma once

#include <memory>
#include <vector>

#include "config/config.hpp"
#include "run/run.hpp"
#include "search/stop_rules.hpp"
#include "space/space.hpp"
#include "study/planner.hpp"
#include "study/study.hpp"

namespace assay::apps {

/// How the reason of a study begins that `assay stop --close` ended.
inline constexpr const char* closed_by_hand = "closed by hand";

/// The full schedule of a stage: [training] overlaid with [<stage>.training]; epochs 0 if they are searched.
study::Fidelity full_fidelity(const config::Config& config, run::Stage stage);

study::Founding founding_of(const run::Run& run, run::Stage stage, const space::Space& space,
                            const study::Planner& planner, const std::vector<study::Fidelity>& fidelities);

/// Error(config) if no training of the earlier stages reported a metric that an objective, a reward or a limit names:
/// no trial of the search could be judged. Where nothing has been trained yet nothing is known.
void check_reported(const run::Run& run);

/// What the search works with.
struct SearchParts {
  std::shared_ptr<const space::Space> space;
  std::unique_ptr<search::StoppingPlanner> planner;
  std::vector<study::Fidelity> fidelities;  ///< that its trials are measured at, lowest first
};
/// `top`, the highest fidelity: the chosen proxy's, or the full one.
SearchParts search_parts(const run::Run& run, const study::Fidelity& top);

}  // namespace assay::apps
