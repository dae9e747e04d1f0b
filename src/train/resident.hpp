// A part of a data set on the device: normalised once, resized once, then only cut into batches.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/network.hpp"
#include "data/dataset.hpp"
#include "nn/torch.hpp"

namespace assay::train {

/// How raw values become inputs: (raw - mean) / deviation, per channel of images (bytes stay 0..255), per feature of
/// tables; likewise the targets of a regression. Measured on the rows that the search trains on.
struct Normaliser {
  std::vector<float> mean, deviation;
  double target_mean = 0, target_deviation = 1;
};
Normaliser measure(const data::Dataset& dataset, const std::vector<std::int64_t>& rows);

struct Resident {
  torch::Tensor inputs;  ///< [rows, shape...]: float32 and normalised, or uint8 where floats would take too much memory
  torch::Tensor targets;                  ///< int64 [rows] classes, or float32 [rows] normalised
  torch::Tensor mean, inverse_deviation;  ///< for uint8 inputs only
  data::Task task = data::Task::classification;
  double target_deviation = 1;  ///< of one normalised unit, in the user's units

  std::int64_t rows() const { return targets.size(0); }
  /// Rows as the network wants them, from rows as they are stored.
  torch::Tensor normalised(torch::Tensor rows) const;
};

/// `input` is the network's: images of another height and width are resized (area mean when smaller, bilinear when
/// larger), a flat input takes all values of a row. Error(config) if the two do not fit.
/// `float_limit`: most bytes of float inputs; larger images stay bytes.
Resident make_resident(const data::Dataset& dataset, const std::vector<std::int64_t>& rows,
                       const Normaliser& normaliser, const arch::Shape& input, torch::Device device,
                       std::uint64_t float_limit);

}  // namespace assay::train
