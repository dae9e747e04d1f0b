// One small LibTorch layer per primitive of arch.
#pragma once

#include <memory>
#include <vector>

#include "arch/network.hpp"
#include "nn/torch.hpp"

namespace assay::nn {

class Layer : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const std::vector<torch::Tensor>& inputs) = 0;
};

/// The layer of one node with its first weights drawn from `generator`. `inputs` are the shapes of the node's inputs.
std::shared_ptr<Layer> make_layer(const arch::Node& node, const std::vector<arch::Shape>& inputs,
                                  torch::Generator& generator);

}  // namespace assay::nn
