#include "nn/network_module.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include "arch/lower.hpp"
#include "arch/models.hpp"
#include "arch/primitives.hpp"
#include "nn/weights.hpp"
#include "os/file.hpp"

using namespace assay;
using test::model;
using torch::Tensor;

namespace {

Tensor tensor_of(const base::Json& json) {
  const auto values = json.at("values").get<std::vector<double>>();
  return torch::tensor(values, torch::kFloat64)
      .to(torch::kFloat32)
      .reshape(json.at("shape").get<std::vector<std::int64_t>>());
}

bool close(const Tensor& a, const Tensor& b) { return a.sizes() == b.sizes() && torch::allclose(a, b, 1e-5, 1e-5); }

/// The nodes of one case as a network; the case's input is node 0.
arch::Network network_of(const base::Json& item) {
  const auto shape = item.at("inputs").at(0).at("shape").get<arch::Shape>();
  base::Json first = {{"op", "input"}, {"inputs", base::Json::array()}, {"attributes", {{"channels", shape[1]}}}};
  if (shape.size() == 4) first["attributes"]["height"] = shape[2], first["attributes"]["width"] = shape[3];
  auto nodes = base::Json::array({first});
  for (auto node : item.at("nodes")) {
    if (!node.contains("inputs")) node["inputs"] = {0};
    nodes.push_back(node);
  }
  return arch::network_from_json({{"format", "assay-network"}, {"version", 1}, {"nodes", nodes}});
}

/// "weight" of a single layer is n1.weight of the network.
std::string our_name(const std::string& name) { return name.find('.') == std::string::npos ? "n1." + name : name; }

base::Json reference() {
  return base::Json::parse(os::read_file(os::Path(ASSAY_SOURCE_DIR) / "tests/nn/reference.json"));
}

}  // namespace

TEST_CASE("layers agree with PyTorch's in output, gradients and running statistics") {
  for (const auto& item : reference().at("layers")) {
    INFO(item.at("name").get<std::string>());
    nn::NetworkModule network(network_of(item), 1);
    network.train(item.at("training").get<bool>());
    const auto find = [&](const std::string& name) {
      for (const auto& [own, tensor] : nn::state_of(network)) {
        if (own == our_name(name)) return tensor;
      }
      FAIL("no tensor " << name);
      return Tensor();
    };
    CHECK(nn::state_of(network).size() == item.at("state").size());
    for (const auto& [name, value] : item.at("state").items()) {
      const torch::NoGradGuard no_gradients;
      auto target = find(name);
      REQUIRE(target.sizes() == tensor_of(value).sizes());
      target.copy_(tensor_of(value));
    }
    const auto input = tensor_of(item.at("inputs").at(0)).requires_grad_();
    const auto output = network.forward(input);
    output.square().sum().backward();
    CHECK(close(output, tensor_of(item.at("output"))));
    CHECK(close(input.grad(), tensor_of(item.at("gradients").at(0))));
    if (!item.contains("parameter_gradients")) continue;
    for (const auto& [name, value] : item.at("parameter_gradients").items()) {
      CHECK(close(find(name).grad(), tensor_of(value)));
    }
    for (const auto& [name, value] : item.at("buffers_after").items()) CHECK(close(find(name), tensor_of(value)));
  }
}

TEST_CASE("cross-entropy with label smoothing agrees with PyTorch's") {
  for (const auto& item : reference().at("cross_entropy")) {
    const auto logits = tensor_of(item.at("logits")).requires_grad_();
    const auto labels = torch::tensor(item.at("labels").get<std::vector<std::int64_t>>());
    const auto loss =
        torch::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, -100, item.at("smoothing").get<double>());
    loss.backward();
    CHECK_THAT(loss.item<double>(), Catch::Matchers::WithinAbs(item.at("loss").get<double>(), 1e-6));
    CHECK(close(logits.grad(), tensor_of(item.at("gradient"))));
  }
}

TEST_CASE("a convolution by hand") {
  // One channel, 3x3 of ones over 1..9 with padding: sums of the neighbourhoods.
  nn::NetworkModule network(arch::lower(model("[1, 3, 3]", R"([{"op": "conv", "width": 1, "order": "conv"}])"), 9), 1);
  const torch::NoGradGuard no_gradients;
  for (auto& [name, tensor] : nn::state_of(network)) tensor.fill_(name.ends_with("weight") ? 1 : 0.5);
  const auto output = network.forward(torch::arange(1, 10, torch::kFloat32).reshape({1, 1, 3, 3}));
  const auto expected = torch::tensor({12, 21, 16, 27, 45, 33, 24, 39, 28}, torch::kFloat32) + 0.5;
  CHECK(torch::equal(output, expected.reshape({1, 9})));
}

TEST_CASE("first weights: same seed same network, He variance, counted parameters") {
  const auto network = arch::lower(test::nb201({"conv3"}, 1), 10);
  nn::NetworkModule a(network, 5), b(network, 5), c(network, 6);
  std::int64_t parameters = 0;
  for (const auto& tensor : a.parameters()) parameters += tensor.numel();
  CHECK(parameters == arch::count(network).parameters);
  torch::rand({100});  // the default generator plays no part
  const auto sa = nn::state_of(a), sb = nn::state_of(b), sc = nn::state_of(c);
  bool all_equal = true, any_other = false;
  for (std::size_t i = 0; i < sa.size(); ++i) {
    all_equal = all_equal && sa[i].first == sb[i].first && torch::equal(sa[i].second, sb[i].second);
    any_other = any_other || !torch::equal(sa[i].second, sc[i].second);
  }
  CHECK(all_equal);
  CHECK(any_other);
  CHECK(sa[0].first == "n1.weight");
  const nn::NetworkModule wide(
      arch::lower(model("[4, 8, 8]", R"([{"op": "conv", "width": 256}, {"op": "conv", "groups": 256, "kernel": 5},
      {"op": "pool", "kind": "global-avg"}, {"op": "linear", "width": "classes"}])"),
                  10),
      2);
  const auto state = nn::state_of(wide);
  CHECK_THAT(state[0].second.std().item<double>(), Catch::Matchers::WithinRel(std::sqrt(2.0 / (9 * 256)), 0.05));
  CHECK_THAT(state[3].second.std().item<double>(), Catch::Matchers::WithinRel(std::sqrt(2.0 / 25), 0.05));
}

TEST_CASE("whole networks run forward and backward in training") {
  for (const auto& json :
       {test::nb201({"conv3", "skip", "pool", "conv1", "zero", "conv3"}, 1), test::nb201({"zero"}, 1)}) {
    nn::NetworkModule network(arch::lower(json, 10, {.width = 0.5, .resolution = 0.5}), 1);
    const auto output = network.forward(torch::randn({4, 3, 16, 16}));
    CHECK(output.sizes() == torch::IntArrayRef{4, 10});
    output.square().sum().backward();
    for (const auto& item : network.named_parameters()) {
      INFO(item.key());
      CHECK(item.value().grad().defined());
    }
  }
}

TEST_CASE("dropout acts in training only, batch norm survives a single value") {
  nn::NetworkModule network(arch::lower(model("[6]", R"([{"op": "norm"}, {"op": "dropout", "rate": 0.5},
      {"op": "linear", "width": "classes"}])"),
                                        3),
                            1);
  const auto batch = torch::randn({8, 6});
  CHECK_FALSE(torch::equal(network.forward(batch), network.forward(batch)));
  network.eval();
  CHECK(torch::equal(network.forward(batch), network.forward(batch)));
  network.train();
  network.forward(torch::randn({1, 6}));
  for (const auto& tensor : network.buffers()) CHECK(tensor.isfinite().all().item<bool>());
}
