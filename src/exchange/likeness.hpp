// How much a column of somebody else's table looks like a parameter: for what a refusal proposes, never to decide.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "space/space.hpp"

namespace assay::exchange {

/// From 0 (nothing in common) to 2 (the same but for case and separators): "learning_rate" and "lr" (its initials),
/// "batch" and "batch_size", "momentun" and "momentum".
double likeness(const std::string& a, const std::string& b);
/// Share of the cells that are values of the parameter's domain.
double fitting_share(const space::Parameter& parameter, const std::vector<base::Json>& cells);

}  // namespace assay::exchange
