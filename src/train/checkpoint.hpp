// The whole state of a training between two steps, in one file. Random numbers are functions of (seed, epoch, step), so
// the position is the random state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nn/torch.hpp"
#include "os/file.hpp"
#include "study/checkpoint.hpp"
#include "train/optimizer.hpp"

namespace assay::train {

using study::checkpoint_file;

struct Position {
  std::int64_t epoch = 0, step = 0;  ///< the next step to take: step `step` of epoch `epoch`
  double loss_sum = 0;               ///< over the rows of this epoch so far, all ranks
  double seconds = 0;                ///< spent on training so far
};

/// Which training a checkpoint belongs to.
struct Identity {
  std::string exact;    ///< equal: the same training, to be resumed where it was left
  std::string related;  ///< equal apart from its length: a longer training goes on after the epochs already made
  /// Population-based training: the checkpoint is another trial's, to be gone on from with other settings as if it were
  /// kin.
  bool copy = false;
};

/// Published atomically; durable before it returns.
void save_checkpoint(const os::Path& folder, const torch::nn::Module& module, const Optimizer& optimizer,
                     const Position& position, const Identity& identity, std::uint64_t seed);

enum class Start { scratch, resumed, continued, weights };

struct Loaded {
  Start start = Start::scratch;
  Position position;
};

/// Puts a checkpoint in `folder` into module and optimizer, as far as it fits: the same training is resumed exactly;
/// kin, or a copy, is continued after its last epoch; another training of a network of equal shapes gives its weights
/// alone. A missing, torn or foreign file means scratch.
Loaded load_checkpoint(const os::Path& folder, torch::nn::Module& module, Optimizer& optimizer,
                       const Identity& identity, std::int64_t epochs);

}  // namespace assay::train
