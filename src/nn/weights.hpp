// Named tensors in one file of the safetensors format (a JSON header, then raw little-endian values): weights for
// exchange with Python, and checkpoints. Knows nothing of networks.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/torch.hpp"
#include "os/file.hpp"

namespace assay::nn {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// Tensors of any device and layout; float32, float64, float16, bfloat16, int64, int32, uint8 and bool. Published
/// atomically: readers see the old or the new file. Metadata are free texts. Error(io) if the disk does not take it.
void save_tensors(const os::Path& path, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata,
                  os::Durable durable = os::Durable::yes);

struct TensorFile {
  NamedTensors tensors;  ///< on the CPU, contiguous, in the order of the file
  std::map<std::string, std::string> metadata;

  /// Nullptr if there is none of this name.
  const torch::Tensor* find(std::string_view name) const;
};

/// Error(io) if the file cannot be read, Error(data) naming it if it is torn or not a safetensors file.
TensorFile load_tensors(const os::Path& path);

/// Parameters, then buffers of a module by name. The tensors share memory with the module.
NamedTensors state_of(const torch::nn::Module& module);

/// Copies the tensors called `prefix` + name into the module's parameters and buffers, whatever their device.
/// Error(data) naming file and tensor if one is missing or has another shape or type. Others are left alone.
void load_state(torch::nn::Module& module, const TensorFile& file, std::string_view prefix, const os::Path& path);

}  // namespace assay::nn
