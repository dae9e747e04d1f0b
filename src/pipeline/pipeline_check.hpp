// What would only be found out after stages that cost hours, found before the first one. Without LibTorch.
#pragma once

#include <string>

#include "config/config.hpp"

namespace assay::pipeline {

/// Error(config) unless the configuration describes a whole run whose space, blocks, proxies and points can be used.
void check_pipeline(const config::Config& config);

/// Error(config) if an objective, a reward or a limit names what the built-in trainer does not report. `task`:
/// "classification", "regression", or "auto" while the data have not been read.
void check_reportable(const config::Config& config, const std::string& task);

}  // namespace assay::pipeline
