// The training rows of an epoch in a seeded order, cut into batches on the device.
#pragma once

#include <cstdint>
#include <memory>

#include "nn/torch.hpp"
#include "train/resident.hpp"
#include "train/settings.hpp"

namespace assay::train {

struct Batch {
  torch::Tensor inputs, targets;  ///< of this rank
  std::int64_t global_rows = 0;   ///< of all ranks together
};

class Batches {
 public:
  /// `positions`: int64 rows of `resident` to train on (CPU); undefined: all of them. `resident` must outlive it.
  Batches(const Resident& resident, torch::Tensor positions, const Settings& settings, std::uint64_t seed);

  std::int64_t rows() const { return rows_; }
  /// Steps of an epoch. Batches differ by at most one row, so that no small last one upsets the norms.
  std::int64_t steps() const { return steps_; }

  /// Order and augmentation of an epoch depend on (seed, epoch) alone: a resumed training sees what it would have seen.
  void start_epoch(std::int64_t epoch);
  /// Rank `rank`'s share of batch `step` of the epoch; it may be empty if there are more ranks than rows.
  Batch take(std::int64_t step, int rank = 0, int ranks = 1) const;

 private:
  const Resident& resident_;
  torch::Tensor positions_, order_, draws_;
  Settings settings_;
  std::uint64_t seed_;
  std::int64_t rows_ = 0, steps_ = 0;
  bool augments_ = false;
};

}  // namespace assay::train
