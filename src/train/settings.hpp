// What [training] and [augment] say for one trial, as concrete typed values.
#pragma once

#include <cstdint>

#include "base/json_fwd.hpp"

namespace assay::train {

struct Settings {
  enum class Optimizer { sgd, adamw };
  enum class Schedule { cosine, constant };
  enum class Precision { fp32, bf16 };

  int epochs = 30;
  std::int64_t batch_size = 128;  ///< of all ranks together
  int accumulate = 1;             ///< parts that a batch is computed in, one after the other, to save memory
  Optimizer optimizer = Optimizer::adamw;
  double lr = 2e-3;
  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 1e-4;  ///< on weights of convolutions and linear layers, never on norms and biases
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  Schedule schedule = Schedule::cosine;
  double warmup = 1;  ///< epochs
  double label_smoothing = 0;
  double clip_norm = 0;  ///< 0: off
  Precision precision = Precision::fp32;

  int crop = 0;  ///< pixels of padding around the image before a crop of the old size
  bool flip = false;
  int cutout = 0;  ///< side of the square that is blanked

  bool augments() const { return crop > 0 || flip || cutout > 0; }
};

/// From Space::instantiate's "training" and "augment": absent keys keep their defaults. Error(config) naming a key
/// whose value is out of range or of the wrong type.
Settings settings_from(const base::Json& training, const base::Json& augment);

}  // namespace assay::train
