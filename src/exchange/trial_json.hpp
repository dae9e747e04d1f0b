// Trials as JSON: for `assay trial --json`, `assay export` and `assay ask`.
#pragma once

#include <string>

#include "base/json_fwd.hpp"
#include "trial/standing.hpp"

namespace assay::exchange {

/// {"trial", "state", "params", "note", "tags", "from", "rungs": [{"rung", "attempt", "state", "failure", "reason",
/// "fidelity", "metrics", "attributes", "reports", "worker", "host", "job", "started", "ended", "device_seconds"}]}.
base::Json record_of(const trial::Trial& trial);
/// How a trial stands, by the one truth: {"trial", "state", "rung", "fidelity", "params", "metrics", "value",
/// "violation", "penalty", "feasible", "comparable", "final", "best", "front"}; null where it is not known.
base::Json standing_of(const trial::Standing& standing);
/// "best", "on the front", "breaks the constraints: latency_ms is 9 (at most 5)", ...; empty for nothing special.
std::string standing_text(const trial::Standing& standing, const trial::Standings& standings);
/// {"trial", "rung"}.
base::Json json_of(const trial::ItemId& item);

/// "trials/41/0.2" below the stage's folder: where the attempt left what it wrote.
std::string attempt_folder(const trial::Measurement& measured);

}  // namespace assay::exchange
