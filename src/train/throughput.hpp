// How many examples a second the default network trains at each power-of-two batch size, and which size fills the
// device. A batch size is chosen for speed only, never for its validation score.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "run/results.hpp"
#include "run/run.hpp"
#include "space/space.hpp"

namespace assay::train {

/// The least gain of a doubling that still counts.
inline constexpr double least_gain = 0.05;

/// Trains the defaults of `space` for a few steps at 8, 16, ... until the memory is full, [baseline] largest_batch or
/// the number of rows is reached, or two doublings in a row gained less than 5 %. Leaves nothing behind.
std::vector<run::BatchPoint> sweep_batches(const run::Run& run, const space::Space& space, const std::string& device,
                                           int threads);

/// The last size that still gained over the best smaller one; 0 if nothing could be measured.
std::int64_t best_batch(const std::vector<run::BatchPoint>& sweep);

}  // namespace assay::train
