// What spaces instantiate is what arch lowers.
#include "arch/network.hpp"
#include "spaces.hpp"

using namespace assay;

TEST_CASE("NAS-Bench-201: the cell of 3x3 convolutions has its published size") {
  const auto space = test::example("nb201");
  space::Params conv3;
  for (const auto& parameter : space.parameters()) conv3[parameter.name] = std::string("conv3");
  const auto counts = arch::count(arch::lower(space.instantiate(conv3)["model"], 10));
  CHECK(counts.parameters == 1'531'546);
  CHECK(std::llround(counts.multiply_adds / 1e4) == 22012);  // 220.12 M
}

TEST_CASE("every sampled point of the example spaces becomes a network") {
  for (const auto* name : {"nb201", "mobilenetv3", "ax_mlp"}) {
    const auto space = test::example(name);
    for (int i = 0; i < 20; ++i) {
      base::Rng rng(1, "test", i, "lowering");
      const auto network = arch::lower(space.instantiate(space.sample(rng))["model"], 10);
      CHECK(network.output() == arch::Shape{10});
    }
  }
}

TEST_CASE("the committed configurations load, and their points lower") {
  for (const auto* name : {"quickstart", "fashion-mnist"}) {
    const auto config = config::Config::load(std::string(ASSAY_SOURCE_DIR) + "/configs/" + name + ".toml");
    const auto space = space::Space::load(config);
    for (int i = 0; i < 50; ++i) {
      base::Rng rng(1, "test", i, "lowering");
      const auto network = arch::lower(space.instantiate(space.sample(rng))["model"], 10);
      CHECK(network.output() == arch::Shape{10});
    }
  }
}
