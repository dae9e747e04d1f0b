// A network description as a LibTorch module: one layer per primitive, run in the order of the nodes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arch/network.hpp"
#include "nn/layers.hpp"
#include "nn/torch.hpp"

namespace assay::nn {

/// Parameters and buffers are called "n<node>.weight", "n<node>.bias", "n<node>.running_mean", "n<node>.running_var",
/// by the index of the node in the description. network.py uses the same names.
class NetworkModule : public torch::nn::Module {
 public:
  /// Initial weights come from a generator of their own on the CPU (keyed by `seed`), so that the CPU, every GPU and
  /// every rank start equal; move the module afterwards with `to(device)`. Convolutions: normal with variance 2 /
  /// (kernel^2 x output channels / groups) (He, fan-out), bias 0. Linear layers: uniform within 1 / sqrt(input
  /// features), PyTorch's default. Norms: 1 and 0.
  NetworkModule(arch::Network network, std::uint64_t seed);

  /// {batch, channels, height, width} or {batch, features} -> {batch, outputs}. Dropout draws from the device's default
  /// generator.
  torch::Tensor forward(const torch::Tensor& batch);

  const arch::Network& network() const { return network_; }

 private:
  arch::Network network_;
  std::vector<std::shared_ptr<Layer>> layers_;  ///< per node; nullptr for the input
  std::vector<std::vector<int>> last_uses_;     ///< per node: values that nobody needs afterwards
};

}  // namespace assay::nn
