#include "eval/latency.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/time.hpp"
#include "nn/network_module.hpp"

namespace assay::eval {
namespace {

constexpr int warmup_passes = 10, least_passes = 21, most_passes = 201;
constexpr double most_seconds = 0.5;

}  // namespace

double latency_ms(const arch::Network& network, const std::string& device_name) {
  const torch::Device device(device_name);
  const auto module = std::make_shared<nn::NetworkModule>(network, 1);
  module->to(device);
  module->eval();
  const torch::InferenceMode inference;
  std::vector<std::int64_t> shape{1};
  shape.insert(shape.end(), network.input().begin(), network.input().end());
  const auto input = torch::zeros(shape, torch::TensorOptions(torch::kFloat32).device(device));
  const auto pass = [&] {
    const auto start = base::steady_seconds();
    const auto output = module->forward(input);
    if (device.is_cuda()) output.cpu();  // waits for the device, as a user of the answer does
    return (base::steady_seconds() - start) * 1e3;
  };
  for (int i = 0; i < warmup_passes; ++i) pass();
  std::vector<double> times;
  const auto start = base::steady_seconds();
  for (int i = 0; i < most_passes && (i < least_passes || base::steady_seconds() - start < most_seconds); ++i) {
    times.push_back(pass());
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace assay::eval
