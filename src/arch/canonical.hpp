// One key for all parameter sets that mean the same training.
#pragma once

#include <cstdint>
#include <string>

#include "space/space.hpp"

namespace assay::arch {

/// Equal for points that build the same network (canonical_hash) and agree in all values of [training], [augment] and
/// [params.*]. Where [model] lists no blocks, or its network cannot be built: the point itself. `outputs` as for
/// lower(). Error(config) for what is no point of the space.
std::string canonical(const space::Space& space, const space::Params& params, std::int64_t outputs);

}  // namespace assay::arch
