#include "nn/network_module.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>

#include "arch/primitives.hpp"
#include "base/error.hpp"

namespace assay::nn {
namespace {

std::vector<std::vector<int>> last_uses(const arch::Network& network) {
  std::vector<int> last(network.nodes.size(), 0);
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    for (const auto input : network.nodes[i].inputs) last[static_cast<std::size_t>(input)] = static_cast<int>(i);
  }
  std::vector<std::vector<int>> uses(network.nodes.size());
  for (std::size_t i = 0; i + 1 < last.size(); ++i)
    uses[static_cast<std::size_t>(last[i])].push_back(static_cast<int>(i));
  return uses;
}

}  // namespace

NetworkModule::NetworkModule(arch::Network network, std::uint64_t seed)
    : network_(std::move(network)), last_uses_(last_uses(network_)) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const torch::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
    const auto& node = network_.nodes[i];
    std::vector<arch::Shape> shapes;
    for (const auto input : node.inputs) shapes.push_back(network_.nodes[static_cast<std::size_t>(input)].shape);
    layers_.push_back(node.op == "input" ? nullptr
                                         : register_module(fmt::format("n{}", i), make_layer(node, shapes, generator)));
  }
}

torch::Tensor NetworkModule::forward(const torch::Tensor& batch) {
  const auto& shape = network_.input();
  const auto sizes = batch.sizes();
  base::require(sizes.size() == shape.size() + 1 && std::equal(shape.begin(), shape.end(), sizes.begin() + 1),
                "a batch for an input of {} has another shape", arch::to_text(shape));
  std::vector<torch::Tensor> values(network_.nodes.size());
  values[0] = batch;
  for (std::size_t i = 1; i < values.size(); ++i) {
    std::vector<torch::Tensor> inputs;
    for (const auto input : network_.nodes[i].inputs) inputs.push_back(values[static_cast<std::size_t>(input)]);
    values[i] = layers_[i]->forward(inputs);
    for (const auto used : last_uses_[i]) values[static_cast<std::size_t>(used)].reset();
  }
  return values.back();
}

}  // namespace assay::nn
