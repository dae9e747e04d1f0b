// NNI's search_space.json: its types with exactly its draws, rounding and clipping.
#pragma once

#include <string>

#include "base/json.hpp"
#include "space/reading/registry.hpp"
#include "space/space.hpp"

namespace assay::space {

/// Registers the parameters of the file as `prefix`.<key>, those of a nested choice as `prefix`.<key>.<_name>.<key>,
/// and gives the template of what NNI hands to a trial: {"lr": .., "layer": {"_name": "conv", "kernel": ..}}.
/// Error(config) with file:line:column and the remedy.
///
/// The draws are those of nni/common/hpo_utils/formatting.py (NNI 3.0): quniform and qloguniform are even (in the
/// logarithm), then rounded to a multiple of q, halves to even, then clipped; qnormal and qlognormal are rounded and
/// not clipped; randint leaves its upper end out and, like choice, has no order (up to 1,000 values; more are a range).
base::Json import_nni(Registry& registry, const std::string& text, const std::string& file, const std::string& prefix,
                      Role role);

}  // namespace assay::space
