#include "train/augment.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

#include "base/random.hpp"

namespace assay::train {
namespace {

enum Column { crop_row, crop_column, mirror, blank_row, blank_column, columns };

/// Where one output image takes its pixels from.
struct Window {
  std::int64_t row, column;  ///< of the source pixel of output (0, 0), may lie outside
  bool mirrored;
  std::int64_t blank_top, blank_left, blank_side;
};

Window window_of(const std::int32_t* draw, const Settings& settings) {
  return {draw[crop_row] - settings.crop,        draw[crop_column] - settings.crop,        draw[mirror] != 0,
          draw[blank_row] - settings.cutout / 2, draw[blank_column] - settings.cutout / 2, settings.cutout};
}

void copy_plane(const float* from, float* to, std::int64_t height, std::int64_t width, const Window& window) {
  // Output columns whose source lies inside the image.
  const auto first = std::clamp<std::int64_t>(-window.column, 0, width);
  const auto last = std::clamp<std::int64_t>(width - window.column, 0, width);
  for (std::int64_t y = 0; y < height; ++y, to += width) {
    const auto source = y + window.row;
    std::fill(to, to + width, 0.0F);
    if (source < 0 || source >= height || first >= last) continue;
    const float* line = from + source * width;
    if (window.mirrored) {
      for (auto x = first; x < last; ++x) to[width - 1 - x] = line[x + window.column];
    } else {
      std::copy(line + first + window.column, line + last + window.column, to + first);
    }
    if (y >= window.blank_top && y < window.blank_top + window.blank_side) {
      const auto left = std::clamp<std::int64_t>(window.blank_left, 0, width);
      const auto right = std::clamp<std::int64_t>(window.blank_left + window.blank_side, 0, width);
      std::fill(to + left, to + std::max(left, right), 0.0F);
    }
  }
}

torch::Tensor augmented_on_cpu(const torch::Tensor& images, const torch::Tensor& draws, const Settings& settings) {
  const auto input = images.contiguous();
  const auto chance = draws.contiguous();
  auto output = torch::empty_like(input, torch::MemoryFormat::Contiguous);
  const auto channels = input.size(1), height = input.size(2), width = input.size(3), plane = height * width;
  const float* from = input.data_ptr<float>();
  float* to = output.data_ptr<float>();
  const auto* draw = chance.data_ptr<std::int32_t>();
  at::parallel_for(0, input.size(0), std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, channels * plane)),
                   [&](std::int64_t begin, std::int64_t end) {
                     for (auto i = begin * channels; i < end * channels; ++i) {
                       copy_plane(from + i * plane, to + i * plane, height, width,
                                  window_of(draw + i / channels * columns, settings));
                     }
                   });
  return output;
}

}  // namespace

torch::Tensor draw_augmentation(std::int64_t rows, std::int64_t height, std::int64_t width, const Settings& settings,
                                std::uint64_t seed, std::int64_t epoch) {
  base::Rng rng(seed, "train", epoch, "augment");
  auto draws = torch::zeros({rows, columns}, torch::kInt32);
  auto* draw = draws.data_ptr<std::int32_t>();
  for (std::int64_t i = 0; i < rows; ++i, draw += columns) {
    if (settings.crop > 0) {
      draw[crop_row] = static_cast<std::int32_t>(rng.below(2 * settings.crop + 1));
      draw[crop_column] = static_cast<std::int32_t>(rng.below(2 * settings.crop + 1));
    }
    if (settings.flip) draw[mirror] = static_cast<std::int32_t>(rng.below(2));
    if (settings.cutout > 0) {
      draw[blank_row] = static_cast<std::int32_t>(rng.below(height));
      draw[blank_column] = static_cast<std::int32_t>(rng.below(width));
    }
  }
  return draws;
}

torch::Tensor augmented_by_tensors(const torch::Tensor& images, const torch::Tensor& draws, const Settings& settings) {
  const auto n = images.size(0), channels = images.size(1), height = images.size(2), width = images.size(3);
  const auto whole = draws.to(torch::kInt64);
  const auto column = [&](Column which) { return whole.select(1, which).unsqueeze(1); };
  const auto numbers = [&](std::int64_t size) {
    return torch::arange(size, torch::TensorOptions(torch::kInt64).device(images.device())).unsqueeze(0);
  };
  const auto out_rows = numbers(height), out_columns = numbers(width);
  const auto rows = out_rows + column(crop_row) - settings.crop;
  auto columns_before_crop = out_columns;
  if (settings.flip) columns_before_crop = torch::where(column(mirror) != 0, width - 1 - out_columns, out_columns);
  const auto cols = columns_before_crop + column(crop_column) - settings.crop;
  auto seen = ((rows >= 0) & (rows < height)).unsqueeze(2) & ((cols >= 0) & (cols < width)).unsqueeze(1);
  if (settings.cutout > 0) {
    const auto top = column(blank_row) - settings.cutout / 2, left = column(blank_column) - settings.cutout / 2;
    const auto in_rows = (out_rows >= top) & (out_rows < top + settings.cutout);
    const auto in_columns = (out_columns >= left) & (out_columns < left + settings.cutout);
    seen = seen & ~(in_rows.unsqueeze(2) & in_columns.unsqueeze(1));
  }
  const auto source = rows.clamp(0, height - 1).unsqueeze(2) * width + cols.clamp(0, width - 1).unsqueeze(1);
  const auto index = source.view({n, 1, height * width}).expand({n, channels, height * width});
  return images.reshape({n, channels, height * width}).gather(2, index).view({n, channels, height, width}) *
         seen.unsqueeze(1);
}

torch::Tensor augmented(const torch::Tensor& images, const torch::Tensor& draws, const Settings& settings) {
  return images.is_cpu() ? augmented_on_cpu(images, draws, settings) : augmented_by_tensors(images, draws, settings);
}

}  // namespace assay::train
