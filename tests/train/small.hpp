// Small data and networks for the trainer's tests.
#pragma once

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>

#include "os/host.hpp"
#include "train/loop.hpp"

namespace small {

using namespace assay;

/// Networks this small only lose by threads.
inline const bool one_thread = [] {
  at::set_num_threads(1);
  return true;
}();

/// sin(1 + 0.7 i + phase): the same numbers as make_reference.py has.
inline torch::Tensor fixed(std::vector<std::int64_t> shape, double phase) {
  std::int64_t n = 1;
  for (const auto extent : shape) n *= extent;
  auto values = torch::empty({n});
  for (std::int64_t i = 0; i < n; ++i) {
    values[i] = static_cast<float>(std::sin(1 + static_cast<double>(i) * 0.7 + phase));
  }
  return values.view(shape);
}

/// Images whose class is the brightest of four quarters, with some noise.
inline train::Resident images(std::int64_t rows, std::uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  auto inputs = torch::randn({rows, 1, 6, 6}, generator) * 0.5;
  auto targets = torch::randint(4, {rows}, generator, torch::kInt64);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto quarter = targets[i].item<std::int64_t>();
    inputs[i][0].narrow(0, quarter / 2 * 3, 3).narrow(1, quarter % 2 * 3, 3) += 1;
  }
  return {.inputs = inputs, .targets = targets};
}

/// Convolution, norm (if asked for), dropout, linear.
struct NetImpl : torch::nn::Module {
  NetImpl(bool with_norm, double rate) : dropout(rate) {
    torch::manual_seed(7);
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 8, 3).padding(1)));
    if (with_norm) norm = register_module("norm", torch::nn::BatchNorm2d(8));
    linear = register_module("linear", torch::nn::Linear(8 * 36, 4));
  }
  torch::Tensor forward(const torch::Tensor& batch) {
    auto x = conv(batch);
    if (norm) x = norm(x);
    x = torch::relu(x).flatten(1);
    return linear(torch::dropout(x, dropout, is_training()));
  }
  double dropout;
  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
  torch::nn::Linear linear{nullptr};
};

inline train::Model net(bool with_norm, double dropout) {
  return train::as_model(std::make_shared<NetImpl>(with_norm, dropout));
}

/// All parameters and buffers in one row.
inline torch::Tensor weights(const train::Model& model) {
  std::vector<torch::Tensor> all;
  for (const auto& [name, tensor] : nn::state_of(*model.module)) {
    all.push_back(tensor.detach().cpu().to(torch::kFloat64).reshape({-1}));
  }
  return torch::cat(all);
}

/// A folder that goes away with the test.
struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("assay-train-" + os::random_name())) {
    std::filesystem::create_directories(path);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

}  // namespace small
