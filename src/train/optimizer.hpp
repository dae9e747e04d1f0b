// SGD (with Nesterov momentum) and AdamW on flat parameters, by PyTorch's fused kernels on CPU and CUDA.
#pragma once

#include "nn/torch.hpp"
#include "nn/weights.hpp"
#include "train/parameters.hpp"
#include "train/settings.hpp"

namespace assay::train {

class Optimizer {
 public:
  /// `parameters` must outlive it.
  Optimizer(FlatParameters& parameters, const Settings& settings);

  /// One update from the gradients in `parameters`.
  void step(double rate);

  /// Its state by parameter name, for a checkpoint: views, so that copying into them restores it.
  nn::NamedTensors state() const;

 private:
  void step_sgd(double rate);
  void step_adamw(double rate);

  FlatParameters& parameters_;
  Settings settings_;
  torch::Tensor momentum_;  ///< SGD: velocity; AdamW: mean of gradients
  torch::Tensor square_;    ///< AdamW: mean of squared gradients
  torch::Tensor count_;     ///< AdamW: steps so far, on the device
  struct Part {             ///< the half with weight decay, and the half without
    torch::Tensor values, gradients, momentum, square;
    double decay;
  };
  std::vector<Part> parts_;
};

}  // namespace assay::train
