// One trial as JSON, whole: for `assay trial --json` and `assay export`.
#pragma once

#include <string>

#include "base/json_fwd.hpp"
#include "study/trial.hpp"

namespace assay::apps {

/// {"trial", "state", "params", "note", "tags", "from", "rungs": [{"rung", "attempt", "state", "failure", "reason",
/// "fidelity", "metrics", "attributes", "reports", "worker", "host", "job", "started", "ended", "device_seconds"}]}.
base::Json record_of(const study::Trial& trial);

/// "trials/41/0.2" below the stage's folder: where the attempt left what it wrote.
std::string attempt_folder(const study::Measurement& measured);

}  // namespace assay::apps
