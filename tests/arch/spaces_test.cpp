// The worked spaces of configs/, from TOML through Space to networks.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <filesystem>
#include <set>

#include "arch/lower.hpp"
#include "arch/primitives.hpp"
#include "base/json.hpp"
#include "space/space.hpp"

using namespace assay;

namespace {

space::Space load(const std::string& name) {
  return space::Space::load(config::Config::load(std::filesystem::path(ASSAY_SOURCE_DIR) / "configs" / name));
}

base::Json model_of(const space::Space& space, const space::Params& params) {
  return space.instantiate(params).at("model");
}

std::int64_t count_of(const arch::Network& network, std::string_view op, std::string_view block) {
  std::int64_t found = 0;
  for (const auto& node : network.nodes) {
    if (node.op == op && node.block.starts_with(block)) ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("configs/spaces/nb201.toml with 3x3 convolutions has the published counts") {
  const auto space = load("spaces/nb201.toml");
  auto params = space.defaults();
  REQUIRE(params.size() == 6);
  for (auto& [name, value] : params) value = std::string("conv3");
  const auto counts = arch::count(arch::lower(model_of(space, params), 10));
  CHECK(counts.parameters == 1'531'546);
  CHECK(counts.multiply_adds == 220'119'680);
}

TEST_CASE("configs/spaces/darts.toml: two cells that choose operations and inputs") {
  const auto space = load("spaces/darts.toml");
  REQUIRE(space.parameters().size() == 2 * 4 * 2 * 2);
  // Each input of inner node i: 8 operations, i + 2 nodes to read; 2.4e11 a cell, as EcoNAS's space has it.
  double log10 = 0;
  for (int node = 0; node < 4; ++node) log10 += 2 * 2 * std::log10(8.0 * (node + 2));
  CHECK(std::abs(space.log10_size() - log10) < 1e-9);
  CHECK(std::abs(log10 - std::log10(5.8e22)) < 0.01);
  base::Rng rng(1, "test", 0, "darts");
  std::set<std::int64_t> sizes;
  for (int i = 0; i < 50; ++i) {
    const auto network = arch::lower(model_of(space, space.sample(rng)), 10);
    CHECK(network.output() == arch::Shape{10});
    sizes.insert(arch::count(network).parameters);
  }
  CHECK(sizes.size() > 40);
}

TEST_CASE("configs/spaces/ax_mlp.toml counts as by hand") {
  const auto space = load("spaces/ax_mlp.toml");
  const auto network = arch::lower(model_of(space, space.defaults()), 10);
  CHECK(arch::count(network).parameters == 784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10);
}

TEST_CASE("configs/spaces/mobilenetv3.toml compiles at 224 pixels") {
  const auto space = load("spaces/mobilenetv3.toml");
  auto params = space.defaults();
  const auto network = arch::lower(model_of(space, params), 1000);
  CHECK(network.input() == arch::Shape{3, 224, 224});
  CHECK(network.output() == arch::Shape{1000});
  // Of the order of MobileNetV3-large: 5.4 million parameters, 219 million multiply-adds.
  const auto counts = arch::count(network);
  CHECK(counts.parameters > 3'500'000);
  CHECK(counts.parameters < 9'000'000);
  CHECK(counts.multiply_adds > 120'000'000);
  CHECK(counts.multiply_adds < 600'000'000);

  // One layer by hand: the first copy of s1, 16 -> 24 channels, stride 2 from 112 to 56.
  params["s1.repeat"] = std::int64_t{2};
  for (auto& [name, value] : params) {
    if (name.starts_with("s1.") && name.ends_with("kernel")) value = std::int64_t{5};
    if (name.starts_with("s1.") && name.ends_with("expand")) value = std::int64_t{4};
  }
  std::erase_if(params, [&](const auto& item) { return !space.active(*space.find(item.first), params); });
  const auto small = arch::lower(model_of(space, params), 1000);
  std::int64_t parameters = 0;
  for (const auto& node : small.nodes) {
    if (node.block != "s1.1") continue;
    const auto& in = small.nodes[static_cast<std::size_t>(node.inputs[0])].shape;
    parameters += arch::primitive(node.op).cost(node, {in, in}).parameters;
  }
  CHECK(parameters == 16 * 64 + 128 + 64 * 25 + 128 + 64 * 24 + 48);
  CHECK(count_of(small, "scale", "s2") == std::get<std::int64_t>(params.at("s2.repeat")));
  CHECK(count_of(small, "scale", "s1") == 0);
}

TEST_CASE("random points of the worked spaces lower, whole and scaled") {
  for (const std::string name : {"spaces/nb201.toml", "spaces/ax_mlp.toml", "spaces/mobilenetv3.toml",
                                 "quickstart.toml", "fashion-mnist.toml"}) {
    INFO(name);
    const auto space = load(name);
    std::set<std::string> hashes;
    for (int trial = 0; trial < 20; ++trial) {
      base::Rng rng(1, "test", trial, "sample");
      const auto model = model_of(space, space.sample(rng));
      const auto network = arch::lower(model, 10);
      const auto half = arch::lower(model, 10, {.width = 0.5, .resolution = 0.5});
      CHECK(network.output() == arch::Shape{10});
      CHECK(arch::count(half).parameters <= arch::count(network).parameters);
      CHECK(arch::to_json(arch::network_from_json(arch::to_json(network))) == arch::to_json(network));
      hashes.insert(arch::canonical_hash(network));
    }
    CHECK(hashes.size() > 10);
  }
}
