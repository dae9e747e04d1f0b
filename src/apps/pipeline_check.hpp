// What would only be found out after stages that cost hours, found before the first one. Without LibTorch.
#pragma once

#include "config/config.hpp"

namespace assay::apps {

/// Error(config) unless the configuration describes a whole run whose space, blocks, proxies and points can be used.
void check_pipeline(const config::Config& config);

}  // namespace assay::apps
