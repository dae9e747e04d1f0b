// The training of one network: epochs of steps, an evaluation after each epoch, clean stops at step boundaries.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "os/file.hpp"
#include "train/checkpoint.hpp"
#include "train/evaluate.hpp"
#include "train/model.hpp"
#include "train/parameters.hpp"
#include "train/resident.hpp"
#include "train/settings.hpp"

namespace assay::train {

struct Job {
  const Resident& train;
  const Resident& valid;
  torch::Tensor positions;  ///< rows of `train` to use (int64, CPU); undefined: all
  Settings settings;
  std::uint64_t seed = 0;
  const Sum& sum;  ///< the group of ranks; all of them call train() alike
  Identity identity = {};
  os::Path folder = {};             ///< of checkpoints; empty: none are written
  os::Path previous = {};           ///< folder of a checkpoint to start from; empty: scratch
  bool leave_checkpoint = false;    ///< also at the end: a longer training may go on from it
  double checkpoint_seconds = 300;  ///< longest work that a crash may cost
  double timeout = 0;               ///< seconds that this attempt may take; 0: no limit
  /// After each epoch, on every rank: validation metrics and "train_loss". True: stop here.
  std::function<bool(std::int64_t epoch, const Metrics& metrics)> report = {};
};

struct Result {
  enum class End {
    done,
    stopped,  ///< the report said so
    left,     ///< a stop signal; the checkpoint is written
    timeout,  ///< it took longer than the job may
    nan,      ///< the loss is no finite number any more
    oom       ///< the device's memory does not hold it
  };
  End end = End::done;
  std::string reason;
  Metrics metrics;           ///< of the last evaluation
  double train_seconds = 0;  ///< steps alone, over all attempts; evaluations and loading do not count
  std::int64_t epochs = 0;   ///< made in all
};

/// Places the model on the device of `job.train` and trains it.
Result train(Model& model, const Job& job);

}  // namespace assay::train
