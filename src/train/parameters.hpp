// All parameters of a network in one flat buffer, their gradients in another: the optimizer, the clipping and the sum
// over the ranks are each one operation on one tensor, whatever the number of layers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "comm/nccl.hpp"
#include "comm/world.hpp"
#include "nn/torch.hpp"
#include "nn/weights.hpp"

namespace assay::train {

/// Moves a module's parameters into the flat buffer; the module keeps views of it, each with its own memory layout.
/// From then on parameters must be changed in place only. Weights that decay (two or more dimensions) stand first.
class FlatParameters {
 public:
  explicit FlatParameters(torch::nn::Module& module);

  const torch::Tensor& values() const { return values_; }
  const torch::Tensor& gradients() const { return gradients_; }
  /// The part of a flat tensor that weight decay applies to, and the rest (norms and biases). Either may be empty.
  torch::Tensor decayed(const torch::Tensor& flat) const { return flat.narrow(0, 0, decayed_); }
  torch::Tensor undecayed(const torch::Tensor& flat) const { return flat.narrow(0, decayed_, flat.numel() - decayed_); }

  /// A flat tensor of the same layout (an optimizer's state) seen by parameter: "<prefix><parameter>".
  nn::NamedTensors by_name(const torch::Tensor& flat, const std::string& prefix) const;

  void zero_gradients() { gradients_.zero_(); }
  /// Scales the gradients down to the norm `most` where they are longer; no host synchronisation.
  void clip(double most);

 private:
  struct Slot {
    std::string name;
    std::int64_t offset;
    std::vector<std::int64_t> sizes, strides;
  };
  torch::Tensor view(const torch::Tensor& flat, const Slot& slot) const;

  std::vector<Slot> slots_;
  torch::Tensor values_, gradients_;
  std::int64_t decayed_ = 0;
};

/// Sums tensors over the ranks of a group: by MPI on the CPU, by NCCL on GPUs. Does nothing in a group of one.
class Sum {
 public:
  Sum(comm::Group group, torch::Device device);
  const comm::Group& group() const { return group_; }
  /// In place; contiguous float32 of the device.
  void operator()(torch::Tensor& tensor) const;
  /// Ends the world if a rank was lost; once per epoch.
  void check() const;
  /// Before the host reads from the device: waits for the work in the current stream, which a sum with a lost rank
  /// would never end, and checks meanwhile. Does nothing on the CPU or in a group of one.
  void wait() const;

 private:
  comm::Group group_;
  std::shared_ptr<comm::Nccl> nccl_;
};

/// Running statistics of the norms become the mean over the ranks, so that all evaluate and save the same network.
void average_buffers(torch::nn::Module& module, const Sum& sum);
/// Tensors of rank 0 go to all, in place; each rank brings tensors of equal sizes.
void share(std::vector<torch::Tensor> tensors, const comm::Group& group);
/// Parameters and buffers of rank 0 go to all.
void share_parameters(torch::nn::Module& module, FlatParameters& parameters, const comm::Group& group);

}  // namespace assay::train
