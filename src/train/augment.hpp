// Crop, flip and cutout of a whole batch at once.
#pragma once

#include <cstdint>
#include <string_view>

#include "nn/torch.hpp"
#include "train/settings.hpp"

namespace assay::train {

/// What chance decides for each image of an epoch, drawn on the host, so that every device and every number of ranks
/// gets the same: int32 [rows, 5] of crop row and column, flip, and the middle of the cutout.
torch::Tensor draw_augmentation(std::int64_t rows, std::int64_t height, std::int64_t width, const Settings& settings,
                                std::uint64_t seed, std::int64_t epoch);

/// Images [n, c, h, w] of normalised floats with their n rows of draws. What lies outside the image, and the cutout, is
/// zero: the mean of the data.
torch::Tensor augmented(const torch::Tensor& images, const torch::Tensor& draws, const Settings& settings);

/// The same by tensor operations, as GPUs do it; for tests.
torch::Tensor augmented_by_tensors(const torch::Tensor& images, const torch::Tensor& draws, const Settings& settings);

}  // namespace assay::train
