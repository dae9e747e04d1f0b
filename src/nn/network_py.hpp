// The text of network.py: a self-contained Python file that rebuilds an exported network in PyTorch. Whoever exports
// writes it beside network.json (arch::to_json) and weights.safetensors (save_tensors of state_of).
#pragma once

#include <string_view>

namespace assay::nn {

/// Metadata that network.py understands, in weights.safetensors:
///   "mean", "std"                 JSON lists with one number for each channel or feature: inputs are normalised with
///   them "target_mean", "target_std"   of a regression: outputs are in the units of the data "classes" JSON list of
///   names, empty for a regression "table"                       of tables, JSON: {"names", "header", "delimiter",
///   "columns": [{"index", "name",
///                                 "categories" | "mean"}]}: how a row of texts becomes numbers
std::string_view network_py();

}  // namespace assay::nn
