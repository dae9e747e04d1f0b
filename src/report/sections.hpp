// The parts of the page's data, one function per part; document.cpp puts them together. Each takes what is there and
// says what is missing.
#pragma once

#include <optional>

#include "base/json.hpp"
#include "report/run_data.hpp"
#include "report/verdict.hpp"

namespace assay::report {

/// Of the finalists of a run; nothing while there are none.
std::optional<Verdict> verdict(const RunData& run_data);

/// One sentence, a lead, a few figures, notes on how to read them.
base::Json headline_section(const RunData& run_data);
base::Json split_section(const RunData& run_data);
base::Json proxy_section(const RunData& run_data);
/// The limits on metrics: bounds, hard or soft, how many comparable trials keep each; null without limits.
base::Json constraints_section(const RunData& run_data);
base::Json search_section(const RunData& run_data);
/// With the named metrics, and which limits it breaks.
base::Json baseline_section(const RunData& run_data);
/// With every named metric of each finalist, its feasibility, and its difference from the control.
base::Json full_section(const RunData& run_data);
/// Trainings, device time and elapsed time by stage; formulas for the next search.
base::Json cost_section(const RunData& run_data);
/// Failed trials by stage and kind, each with an example.
base::Json failures_section(const RunData& run_data);
/// What to change before the next search; `checks()` names what was looked at.
base::Json hints_section(const RunData& run_data);
base::Json checks();

/// Device-seconds of one full training: measured by the proxy stage, else by the baseline; 0 if unknown.
double full_training_seconds(const RunData& run_data);

}  // namespace assay::report
