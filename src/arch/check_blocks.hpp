// The blocks of a model as they are written, before anything is drawn: what no network could be built from is told with
// its place in the file.
#pragma once

#include "config/config.hpp"

namespace assay::arch {

/// [model] and [define]: Error(config) at the first op that does not exist, attribute that its op does not have, and
/// table that is neither a domain nor blocks.
void check_blocks(const config::Config& config);

}  // namespace assay::arch
