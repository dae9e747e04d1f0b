// One sentence per stage from its figures, shared by the stages themselves, `assay run` and `assay status`.
#pragma once

#include <string>
#include <vector>

#include "base/json_fwd.hpp"
#include "run/run.hpp"
#include "trial/view.hpp"

namespace assay::launch {

/// "3 of 6 proxies agree; chosen 4 epochs ...". `metric` is the first objective's name: shares are shown in per cent.
std::string summary(run::Stage stage, const base::Json& figures, const std::string& metric = "accuracy");

/// "97.9 %" for shares (run/metric.hpp), four digits for anything else.
std::string score_text(const std::string& metric, double value);

/// Nominal costs of the proxies that proxy-select tries without a list, in full trainings.
std::vector<double> default_proxy_shares(const config::Config& config);

/// How many trials a stage will have: exact for lists, the limit for the search.
std::int64_t planned_trials(const run::Run& run, run::Stage stage);

/// "43/60 trials  2 workers  best 98.2 %  front 7  failed 1  2.9 trials/s  6 s left"; `rate` in trials per second, 0:
/// not known yet; `workers` < 0: left out.
std::string progress(const trial::StudyView& view, std::int64_t planned, int workers, double rate);

}  // namespace assay::launch
