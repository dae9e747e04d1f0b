// A point as programs outside see it: in ASSAY_PARAMS, on the standard input of a process that is kept alive, from
// `assay ask --json`.
#pragma once

#include "base/json_fwd.hpp"
#include "config/config.hpp"
#include "space/space.hpp"

namespace assay::space {

/// {"model": {..}, "training": {..}, "augment": {..}, ..}: the free keys of [params.<role>] in their role's table,
/// those of a bare [params] beside them. What is searched in [model], [training] and [augment] themselves joins the
/// tables; where no command trains, so does what these sections hold besides.
base::Json outside_values(const config::Config& config, const Space& space, const Params& params);

}  // namespace assay::space
