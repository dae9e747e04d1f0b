// What the loop needs to know of a network: its parameters and how to run it.
#pragma once

#include <functional>
#include <memory>

#include "nn/torch.hpp"

namespace assay::train {

struct Model {
  std::shared_ptr<torch::nn::Module> module;
  std::function<torch::Tensor(const torch::Tensor&)> forward;  ///< {batch, ...} -> {batch, outputs}
  bool channels_last = false;  ///< inputs and weights of four dimensions in that memory layout
};

template <class Module>
Model as_model(std::shared_ptr<Module> module) {
  auto* network = module.get();  // lives as long as the model's module
  return {module, [network](const torch::Tensor& batch) { return network->forward(batch); }};
}

/// Moves the model to its device and, where it pays, to channels_last. Before FlatParameters, which fix the layout.
void place(Model& model, torch::Device device, bool bf16);

}  // namespace assay::train
