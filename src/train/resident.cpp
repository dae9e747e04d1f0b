#include "train/resident.hpp"

#include <torch/nn/functional/pooling.h>
#include <torch/nn/functional/upsampling.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::train {
namespace {

namespace F = torch::nn::functional;

constexpr std::int64_t piece = 4096;  // rows converted at a time: bounds the memory on the way

/// Channels of an image, or features of a table: what has a mean of its own, and how many values share it.
struct Layout {
  std::int64_t groups, each;
};
Layout layout_of(const data::Dataset& dataset) {
  const auto groups = dataset.shape.front();
  return {groups, dataset.row_size() / std::max<std::int64_t>(1, groups)};
}

/// Sums over the rows in double precision, of distances from the first row: so spread far from zero stays exact. Values
/// that floats cannot tell from constant ones have the deviation one, so that they become zero.
template <class Value>
void measure_inputs(const std::vector<Value>& values, const std::vector<std::int64_t>& rows, const Layout& layout,
                    Normaliser& normaliser) {
  std::vector<double> sum(static_cast<std::size_t>(layout.groups)), squares(sum.size()), origin(sum.size());
  const auto size = layout.groups * layout.each;
  for (std::size_t group = 0; group < origin.size(); ++group) {
    const auto at = rows.front() * size + static_cast<std::int64_t>(group) * layout.each;
    origin[group] = static_cast<double>(values[static_cast<std::size_t>(at)]);
  }
  for (const auto row : rows) {
    const Value* value = values.data() + row * size;
    for (std::size_t group = 0; group < sum.size(); ++group) {
      for (std::int64_t i = 0; i < layout.each; ++i, ++value) {
        const auto x = static_cast<double>(*value) - origin[group];
        sum[group] += x;
        squares[group] += x * x;
      }
    }
  }
  const auto count = static_cast<double>(rows.size()) * static_cast<double>(layout.each);
  for (std::size_t group = 0; group < sum.size(); ++group) {
    const auto offset = sum[group] / count, mean = origin[group] + offset;
    const auto variance = std::max(0.0, squares[group] / count - offset * offset);
    const auto deviation = static_cast<float>(std::sqrt(variance));
    // The reciprocal of anything smaller than a normal float may be infinite.
    const bool constant = variance <= 1e-14 * mean * mean || deviation < std::numeric_limits<float>::min();
    normaliser.mean.push_back(static_cast<float>(mean));
    normaliser.deviation.push_back(constant ? 1.0F : deviation);
  }
}

torch::Tensor per_group(const std::vector<float>& values, std::size_t dimensions) {
  std::vector<std::int64_t> shape(dimensions, 1);
  shape[1] = static_cast<std::int64_t>(values.size());
  return torch::tensor(values).view(shape);
}

torch::Tensor raw_rows(const data::Dataset& dataset) {
  std::vector<std::int64_t> shape{dataset.rows()};
  shape.insert(shape.end(), dataset.shape.begin(), dataset.shape.end());
  // The tensors only look at the data set's memory; nothing is written through them.
  if (!dataset.bytes.empty())
    return torch::from_blob(const_cast<std::uint8_t*>(dataset.bytes.data()), shape, torch::kUInt8);
  return torch::from_blob(const_cast<float*>(dataset.values.data()), shape, torch::kFloat32);
}

torch::Tensor resized(const torch::Tensor& images, std::int64_t height, std::int64_t width) {
  if (images.size(2) == height && images.size(3) == width) return images;
  if (height <= images.size(2) && width <= images.size(3))
    return F::adaptive_avg_pool2d(images, F::AdaptiveAvgPool2dFuncOptions({height, width}));
  return F::interpolate(images, F::InterpolateFuncOptions()
                                    .size(std::vector<std::int64_t>{height, width})
                                    .mode(torch::kBilinear)
                                    .align_corners(false));
}

torch::Tensor targets_of(const data::Dataset& dataset, const torch::Tensor& rows, const Normaliser& normaliser) {
  if (dataset.task == data::Task::classification) {
    auto labels = torch::from_blob(const_cast<std::int32_t*>(dataset.labels.data()), {dataset.rows()}, torch::kInt32);
    return labels.index_select(0, rows).to(torch::kInt64);
  }
  auto targets = torch::from_blob(const_cast<float*>(dataset.targets.data()), {dataset.rows()}, torch::kFloat32);
  auto scaled =
      (targets.index_select(0, rows).to(torch::kFloat64) - normaliser.target_mean) / normaliser.target_deviation;
  return scaled.to(torch::kFloat32);
}

void check_fit(const data::Dataset& dataset, const arch::Shape& input) {
  const bool images = dataset.shape.size() == 3 && input.size() == 3 && dataset.shape[0] == input[0];
  if (images || base::element_count(dataset.shape) == base::element_count(input)) return;
  base::fail(base::Exit::config,
             "The network takes inputs of shape {}, but the rows of {} have shape {}: set [model] input to it.",
             base::shape_text(input), dataset.name, base::shape_text(dataset.shape));
}

}  // namespace

Normaliser measure(const data::Dataset& dataset, const std::vector<std::int64_t>& rows) {
  Normaliser normaliser;
  if (rows.empty()) base::fail(base::Exit::data, "There are no rows to train on in {}.", dataset.name);
  if (!dataset.bytes.empty()) {
    measure_inputs(dataset.bytes, rows, layout_of(dataset), normaliser);
  } else {
    measure_inputs(dataset.values, rows, layout_of(dataset), normaliser);
  }
  if (dataset.task == data::Task::regression) {
    Normaliser targets;
    measure_inputs(dataset.targets, rows, {1, 1}, targets);
    normaliser.target_mean = targets.mean.front();
    normaliser.target_deviation = targets.deviation.front();
  }
  return normaliser;
}

torch::Tensor Resident::normalised(torch::Tensor batch) const {
  if (batch.scalar_type() != torch::kUInt8) return batch;
  return batch.to(torch::kFloat32).sub_(mean).mul_(inverse_deviation);
}

Resident make_resident(const data::Dataset& dataset, const std::vector<std::int64_t>& rows,
                       const Normaliser& normaliser, const arch::Shape& input, torch::Device device,
                       std::uint64_t float_limit) {
  check_fit(dataset, input);
  const torch::NoGradGuard no_gradients;
  const auto raw = raw_rows(dataset);
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto chosen = torch::from_blob(const_cast<std::int64_t*>(rows.data()), {count}, torch::kInt64);
  const auto mean = per_group(normaliser.mean, dataset.shape.size() + 1);
  const auto inverse = per_group(normaliser.deviation, dataset.shape.size() + 1).reciprocal();
  const bool resize = dataset.shape.size() == 3 && input.size() == 3;
  const bool keep_bytes = raw.scalar_type() == torch::kUInt8 && input.size() == 3 &&
                          static_cast<std::uint64_t>(count * base::element_count(input)) * sizeof(float) > float_limit;

  std::vector<std::int64_t> shape{count};
  shape.insert(shape.end(), input.begin(), input.end());
  auto inputs = torch::empty(shape, torch::TensorOptions(keep_bytes ? torch::kUInt8 : torch::kFloat32).device(device));
  for (std::int64_t at = 0; at < count; at += piece) {
    const auto size = std::min(piece, count - at);
    auto part = raw.index_select(0, chosen.narrow(0, at, size)).to(torch::kFloat32);
    if (resize) part = resized(part, input[1], input[2]);
    if (keep_bytes) {
      part = part.round().clamp(0, 255);
    } else {
      part = (part - mean) * inverse;
    }
    inputs.narrow(0, at, size).copy_(part.reshape(inputs.narrow(0, at, size).sizes()));
  }

  Resident resident{.inputs = inputs,
                    .targets = targets_of(dataset, chosen, normaliser).to(device),
                    .task = dataset.task,
                    .target_deviation = normaliser.target_deviation};
  if (keep_bytes) {
    resident.mean = mean.to(device);
    resident.inverse_deviation = inverse.to(device);
  }
  return resident;
}

}  // namespace assay::train
