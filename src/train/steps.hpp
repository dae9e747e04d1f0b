// One optimizer step after another on one network: batch, forward, backward, sum over the ranks, update. Never waits
// for the device.
#pragma once

#include <cstdint>

#include "nn/torch.hpp"
#include "train/batches.hpp"
#include "train/model.hpp"
#include "train/optimizer.hpp"
#include "train/parameters.hpp"
#include "train/resident.hpp"
#include "train/settings.hpp"

namespace assay::train {

class Steps {
 public:
  /// Places the model on the device of `rows`; the ranks of a group begin with rank 0's parameters. The
  /// references must outlive it.
  Steps(Model& model, const Resident& rows, torch::Tensor positions, const Settings& settings, std::uint64_t seed,
        const Sum& sum);

  /// Order and augmentation of an epoch; `loss_sum` is what its rows before a resumed step had.
  void start_epoch(std::int64_t epoch, double loss_sum = 0);
  /// Step `in_epoch` of the epoch, `overall` since the start (it names the random stream of dropout). False if memory
  /// ran out. The ranks of a group find that out together in the first steps; later it is an exception, because the
  /// others wait in the sum already: this process ends, and its launcher ends them.
  bool take(std::int64_t in_epoch, std::int64_t overall, double rate);

  /// The whole state of rank 0 goes to all: parameters, buffers, optimizer.
  void share_state();

  /// Sum of the losses of this epoch's rows so far over all ranks; waits for the device.
  double loss_sum() const;

  std::int64_t steps_per_epoch() const { return batches_.steps(); }
  std::int64_t rows() const { return batches_.rows(); }
  Optimizer& optimizer() { return optimizer_; }
  bool bf16() const { return bf16_; }
  torch::Device device() const { return device_; }

 private:
  void forward_backward(const Batch& batch);
  /// Part by part: gradients add up to those of the whole batch (but norms see the parts).
  void accumulate(const Batch& batch);
  void seed_dropout(std::int64_t overall);

  Model& model_;
  const Sum& sum_;
  data::Task task_;
  Settings settings_;
  std::uint64_t seed_;
  torch::Device device_;
  bool bf16_;
  Batches batches_;
  FlatParameters parameters_;
  Optimizer optimizer_;
  torch::Tensor loss_sum_;
};

}  // namespace assay::train
