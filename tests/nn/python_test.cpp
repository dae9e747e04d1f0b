// The exported Python file must compute what the C++ module computes.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>

#include "arch/lower.hpp"
#include "arch/models.hpp"
#include "nn/network_module.hpp"
#include "nn/network_py.hpp"
#include "nn/weights.hpp"
#include "os/host.hpp"
#include "os/process.hpp"

using namespace assay;
using test::model;

namespace {

struct Case {
  std::string name;
  base::Json json;
  bool normalised;
};

std::vector<Case> cases() {
  return {
      {"MLP", model("[13]", R"([{"op": "linear", "width": 32, "act": "gelu"}, {"op": "norm"}, {"op": "dropout"},
                               {"op": "residual", "body": [{"op": "linear", "width": 16, "act": "tanh"}]},
                               {"op": "linear", "width": "classes"}])"),
       true},
      {"mobile", model("[3, 24, 24]", R"([{"op": "conv", "width": 16, "stride": 2, "act": "hswish"},
          {"op": "mbconv", "kernel": 5, "expand": 3, "se": 0.25, "act": "hswish", "repeat": 2, "stride": 2, "width": 24},
          {"op": "mbconv", "se": 0.5, "act": "relu6"}, {"op": "sepconv", "act": "leaky", "dilation": 2},
          {"op": "pool", "kind": "avg", "kernel": 3, "stride": 2}, {"op": "norm", "kind": "layer"},
          {"op": "conv", "kernel": 1, "width": 32, "act": "swish", "groups": 4}, {"op": "pool", "kernel": 3},
          {"op": "linear", "width": 20, "act": "sigmoid", "bias": false}, {"op": "linear", "width": "classes"}])"),
       true},
      {"NAS-Bench-201", test::nb201({"conv3", "skip", "pool", "conv1", "zero", "conv3"}, 1), false},
  };
}

/// Running statistics as after some training, so that norms do something.
void settle(nn::NetworkModule& network) {
  const torch::NoGradGuard no_gradients;
  for (const auto& [name, tensor] : nn::state_of(network)) {
    if (name.ends_with("running_var")) tensor.uniform_(0.5, 2.0);
    if (name.ends_with("running_mean") || name.ends_with("bias")) tensor.normal_(0, 0.3);
  }
}

std::string python() { return os::environment("ASSAY_PYTHON").value_or(ASSAY_PYTHON); }

void compare(const Case& item) {
  INFO(item.name);
  torch::manual_seed(7);
  const auto folder = std::filesystem::temp_directory_path() / ("assay-" + os::random_name());
  os::make_folders(folder);

  nn::NetworkModule network(arch::lower(item.json, 10), 3);
  settle(network);
  network.eval();
  const torch::NoGradGuard no_gradients;
  auto sizes = network.network().input();
  sizes.insert(sizes.begin(), 5);
  const auto batch = torch::randn(sizes);
  auto normal = batch;
  std::map<std::string, std::string> metadata = {{"note", "test"}};
  if (item.normalised) {
    std::vector<double> mean, deviation;
    for (std::int64_t i = 0; i < sizes[1]; ++i) mean.push_back(0.1 * static_cast<double>(i)), deviation.push_back(2.0);
    metadata["mean"] = base::Json(mean).dump();
    metadata["std"] = base::Json(deviation).dump();
    std::vector<std::int64_t> extent(sizes.size() - 1, 1);
    extent[0] = -1;
    normal = (batch - torch::tensor(mean).reshape(extent)) / 2;
  }
  os::publish(folder / "network.json", arch::to_json(network.network()).dump(1));
  os::publish(folder / "network.py", nn::network_py());
  nn::save_tensors(folder / "weights.safetensors", nn::state_of(network), metadata);
  nn::save_tensors(folder / "case.safetensors", {{"input", batch}, {"output", network.forward(normal)}}, {});

  const auto script = R"(
import sys, torch
sys.path.insert(0, ')" +
                      folder.string() + R"(')
import network
case, _ = network.read_tensors(')" +
                      (folder / "case.safetensors").string() + R"(')
output = network.load()(case['input'])
print('difference', (output - case['output']).abs().max().item(), 'of', case['output'].abs().max().item())
network.main([])
print('equal' if torch.allclose(output, case['output'], rtol=1e-5, atol=1e-5) else 'different')
)";
  const auto run = os::capture({python(), "-c", script}, 120);
  INFO(run.output);
  CHECK(run.ended.code == 0);
  CHECK(run.output.ends_with("equal\n"));
  const auto parameters = arch::count(network.network()).parameters;
  CHECK(run.output.find(std::to_string(parameters) + " parameters\nchecksum ") != std::string::npos);

  std::filesystem::remove_all(folder);
}

}  // namespace

TEST_CASE("network.py gives the outputs of the C++ network") {
  if (os::capture({python(), "-c", "import torch, numpy"}, 120).ended.code != 0) {
    SKIP(python() << " has no torch: set ASSAY_PYTHON to a Python that has it");
  }
  for (const auto& item : cases()) compare(item);
}
