// The text of network.py: a self-contained Python file that rebuilds an exported network in PyTorch. Whoever exports
// writes it beside network.json (arch::to_json) and weights.safetensors (save_tensors of state_of).
#pragma once

#include <string_view>

namespace assay::nn {

/// Metadata that network.py understands, in weights.safetensors: "mean" and "std", JSON lists with one number for each
/// channel or feature; the inputs are normalised with them.
std::string_view network_py();

}  // namespace assay::nn
