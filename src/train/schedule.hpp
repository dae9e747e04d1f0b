// The learning rate at each step: linear warm-up, then cosine to zero or constant.
#pragma once

#include <cstdint>

#include "train/settings.hpp"

namespace assay::train {

struct Schedule {
  Settings::Schedule kind = Settings::Schedule::cosine;
  double base = 0;         ///< the highest rate
  std::int64_t steps = 1;  ///< of the whole training: the cosine ends with this training, also a short proxy's
  std::int64_t warmup_steps = 0;

  /// For step 0 .. steps - 1. Step s of the warm-up has base * (s + 1) / (warmup_steps + 1); the first step after it
  /// base.
  double rate(std::int64_t step) const;
};

/// Warm-up takes at most a quarter of all steps, so that a proxy of few epochs is not all warm-up.
Schedule make_schedule(const Settings& settings, std::int64_t steps_per_epoch);

}  // namespace assay::train
