// Proposals, work and outcomes as JSON: the payload of log records and of what a group's leader sends to its ranks.
#pragma once

#include "base/json_fwd.hpp"
#include "trial/trial.hpp"

namespace assay::trial {

base::Json to_json(const Proposal& proposal);
Proposal proposal_from_json(const base::Json& json);

base::Json to_json(const Work& work);
Work work_from_json(const base::Json& json);

base::Json to_json(const Outcome& outcome);
Outcome outcome_from_json(const base::Json& json);

/// Values that are no finite number become null, and null becomes NaN again.
base::Json to_json(const Metrics& metrics);
Metrics metrics_from_json(const base::Json& json);

base::Json to_json(const Objective& objective);
Objective objective_from_json(const base::Json& json);

}  // namespace assay::trial
