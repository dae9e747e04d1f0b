// The worked spaces: names, sizes and the concrete models that come out.
#include <catch2/catch_approx.hpp>
#include <cmath>

#include "space/domain.hpp"
#include "spaces.hpp"

using namespace assay;
using test::example;

TEST_CASE("NAS-Bench-201: six shared edges, 15,625 points") {
  const auto space = example("nb201");
  REQUIRE(space.parameters().size() == 6);
  CHECK(space.parameters().front().name == "cell.edge.0-1");
  CHECK(space.find("cell.edge.2-3") != nullptr);
  CHECK(std::pow(10, space.log10_size()) == Catch::Approx(15625));
  const auto all = space.enumerate(20'000);
  REQUIRE(all);
  CHECK(all->size() == 15625);
  CHECK_FALSE(space.enumerate(15'624));

  space::Params conv3;
  for (const auto& parameter : space.parameters()) conv3[parameter.name] = std::string("conv3");
  const auto model = space.instantiate(conv3)["model"];
  const auto& cell = model["blocks"][1];
  CHECK(cell["op"] == "dag");
  CHECK(cell["repeat"] == 5);
  CHECK(cell["edges"].size() == 6);
  CHECK(cell["edges"]["0-1"]["kernel"] == 3);
  CHECK(cell["edges"]["0-1"]["name"] == "0-1");
  const auto& down = model["blocks"][2];
  CHECK(down["width"] == 32);
  CHECK(down["body"].size() == 2);
  CHECK(down["body"][0]["stride"] == 2);
  CHECK(down["shortcut"][1]["name"] == "shortcut.conv#2");
  CHECK_FALSE(test::has_placeholder(model));
}

TEST_CASE("MobileNetV3: kernels and expansions per layer, as many as the stage has layers") {
  const auto space = example("mobilenetv3");
  REQUIRE(space.parameters().size() == 5 * (1 + 4 * 2));
  REQUIRE(space.find("s3.2.kernel") != nullptr);
  CHECK(space.find("s3.2.kernel")->conditions.empty());  // two layers are always there
  REQUIRE(space.find("s3.4.kernel")->conditions.size() == 1);
  CHECK(space.find("s3.4.kernel")->conditions[0].parent == "s3.repeat");
  CHECK(space.find("s3.4.kernel")->conditions[0].at_least == 4);
  // Each stage: 9^2 + 9^3 + 9^4 layer settings.
  CHECK(space.log10_size() == Catch::Approx(5 * std::log10(81 + 729 + 6561)));

  auto params = space.defaults();
  CHECK(std::get<std::int64_t>(params.at("s1.repeat")) == 3);
  CHECK_FALSE(params.contains("s1.4.kernel"));
  const auto block = space.instantiate(params)["model"]["blocks"][2];
  CHECK(block["repeat"] == 3);
  CHECK(block["layers"].size() == 3);
  CHECK(block["layers"][2].contains("expand"));
  CHECK(block["op"] == "mbconv");
  CHECK(block["stride"] == 2);
  CHECK_FALSE(block.contains("kernel"));
}

TEST_CASE("Ax's MLP: six parameters, one of them used twice") {
  const auto space = example("ax_mlp");
  std::vector<std::string> names;
  for (const auto& parameter : space.parameters()) names.push_back(parameter.name);
  CHECK(names == std::vector<std::string>{"hidden1.width", "dropout", "hidden2.width", "training.lr", "training.epochs",
                                          "training.batch_size"});
  CHECK(space.find("hidden1.width")->role == space::Role::architecture);
  CHECK(space.find("training.lr")->role == space::Role::training);
  CHECK(space.warnings().size() == 1);  // roles are mixed

  auto params = space.defaults();
  CHECK(std::get<std::int64_t>(params.at("hidden1.width")) == 64);
  params["dropout"] = 0.25;
  const auto concrete = space.instantiate(params);
  CHECK(concrete["model"]["blocks"][2]["rate"] == 0.25);
  CHECK(concrete["model"]["blocks"][4]["rate"] == 0.25);
  CHECK(concrete["model"]["blocks"][2]["name"] == "dropout#3");
  CHECK(concrete["training"]["optimizer"] == "adamw");  // defaults of the settings table
  CHECK(concrete["training"]["lr"] == std::get<double>(params.at("training.lr")));
  CHECK_FALSE(concrete.contains("params"));
}

TEST_CASE("own trainer: free keys, a choice with a conditional parameter") {
  const auto space = example("own_trainer");
  const auto* heads = space.find("params.model.mixer.attn.heads");
  REQUIRE(heads != nullptr);
  REQUIRE(heads->conditions.size() == 1);
  CHECK(heads->conditions[0].parent == "params.model.mixer");
  CHECK(std::pow(10, space.log10_size()) == Catch::Approx(13 * 3 * 4));
  CHECK(space.enumerate(1000)->size() == 156);

  auto params = space.defaults();
  auto concrete = space.instantiate(params);
  CHECK(concrete["params"]["model"]["mixer"] == "conv");
  CHECK(concrete["params"]["model"]["width"] == 64);
  CHECK(concrete["params"]["training"]["lr"] == 1e-3);
  params["params.model.mixer"] = std::string("attn");
  params["params.model.mixer.attn.heads"] = std::int64_t{8};
  concrete = space.instantiate(params);
  CHECK(concrete["params"]["model"]["mixer"]["name"] == "attn");
  CHECK(concrete["params"]["model"]["mixer"]["heads"] == 8);
  CHECK_FALSE(concrete.contains("model"));
}
