// Cells that choose their inputs: the published network of DARTS, and small cells by hand.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "arch/lower.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

using namespace assay;
using arch::Shape;
using base::Json;

namespace {

struct Input {
  const char* op;
  int from;
};

Json operation(const std::string& name) {
  if (name == "sep3") return {{"op", "sepconv"}, {"kernel", 3}, {"order", "act-conv-norm"}, {"repeat", 2}};
  if (name == "dil3") return {{"op", "sepconv"}, {"kernel", 3}, {"dilation", 2}, {"order", "act-conv-norm"}};
  if (name == "conv") return {{"op", "conv"}, {"kernel", 1}, {"order", "conv"}};
  if (name == "max") return {{"op", "pool"}, {"kernel", 3}};
  return {{"op", name}};
}

/// Two inputs for each inner node, in a row.
Json cell(const std::vector<Input>& inputs, int width, int stride, const std::string& join, int repeat = 1) {
  Json json{{"op", "cell"}, {"name", "cell"},  {"nodes", inputs.size() / 2}, {"width", width}, {"stride", stride},
            {"join", join}, {"repeat", repeat}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto key = std::to_string(2 + i / 2) + "." + std::to_string(1 + i % 2);
    json["from"][key] = inputs[i].from;
    json["edges"][key] = operation(inputs[i].op);
  }
  return json;
}

arch::Network network_of(const Json& blocks, int pixels = 32) {
  auto all = blocks;
  all.push_back({{"op", "pool"}, {"kind", "global-avg"}});
  all.push_back({{"op", "linear"}, {"width", "classes"}});
  return arch::lower({{"input", {3, pixels, pixels}}, {"blocks", all}}, 10);
}

const Json stem = {{"op", "conv"}, {"kernel", 3}, {"width", 8}, {"order", "conv-norm"}};

/// Shape of what the last of the blocks gives: the input of the global pool.
Shape shape_of(const Json& blocks, int pixels = 32) {
  const auto network = network_of(blocks, pixels);
  for (const auto& node : network.nodes) {
    if (node.op == "pool" && network.nodes.size() > 2 && node.shape.size() == 1) {
      return network.nodes[static_cast<std::size_t>(node.inputs[0])].shape;
    }
  }
  return {};
}

std::string failure(const Json& blocks) {
  try {
    network_of(blocks);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the network that DARTS found has the published number of weights") {
  // Genotype DARTS_V2 of 20 cells, 36 channels, CIFAR-10: 3.349342 million.
  const std::vector<Input> normal = {{"sep3", 0}, {"sep3", 1}, {"sep3", 0}, {"sep3", 1},
                                     {"sep3", 1}, {"skip", 0}, {"skip", 0}, {"dil3", 2}};
  const std::vector<Input> reduce = {{"max", 0}, {"max", 1},  {"skip", 2}, {"max", 1},
                                     {"max", 0}, {"skip", 2}, {"skip", 2}, {"max", 1}};
  auto first = stem;
  first["width"] = 3 * 36;
  const auto network =
      network_of({first, cell(normal, 36, 1, "all", 6), cell(reduce, 72, 2, "all"), cell(normal, 72, 1, "all", 6),
                  cell(reduce, 144, 2, "all"), cell(normal, 144, 1, "all", 6)});
  CHECK(arch::count(network).parameters == 3'349'342);
}

TEST_CASE("the first cell reads the block before it twice, the second one that block and the first cell") {
  const auto once = network_of({stem, cell({{"skip", 0}, {"skip", 1}}, 4, 1, "unused")});
  const auto projection = [](int in) { return in * 4 + 2 * 4; };
  const auto rest = 3 * 8 * 9 + 2 * 8 + 4 * 10 + 10;
  CHECK(arch::count(once).parameters == rest + 2 * projection(8));
  const auto twice = network_of({stem, cell({{"skip", 0}, {"skip", 1}}, 4, 1, "unused", 2)});
  CHECK(arch::count(twice).parameters == rest + 3 * projection(8) + projection(4));
  // Behind any other block a cell begins anew.
  const auto apart = cell({{"skip", 0}, {"skip", 1}}, 4, 1, "unused");
  const auto between = network_of({stem, apart, {{"op", "act"}}, apart});
  CHECK(arch::count(between).parameters == rest + 2 * projection(8) + 2 * projection(4));
}

TEST_CASE("the output of a cell is what no node reads, or all inner nodes") {
  // Node 0 and the two inner nodes are read by none.
  const std::vector<Input> inputs = {{"conv", 1}, {"skip", 1}, {"conv", 1}, {"conv", 1}};
  CHECK(shape_of({stem, cell(inputs, 4, 1, "unused")}) == Shape{12, 32, 32});
  CHECK(shape_of({stem, cell(inputs, 4, 1, "all")}) == Shape{8, 32, 32});
  const std::vector<Input> row = {{"conv", 0}, {"conv", 1}, {"conv", 2}, {"conv", 2}};
  CHECK(shape_of({stem, cell(row, 4, 1, "unused")}) == Shape{4, 32, 32});
}

TEST_CASE("a cell with a stride halves every way through it, at odd sizes too") {
  const std::vector<Input> inputs = {{"skip", 0}, {"max", 1}, {"sep3", 2}, {"skip", 0}, {"dil3", 3}, {"skip", 2}};
  for (const int pixels : {32, 33, 7}) {
    const int half = (pixels + 1) / 2, quarter = (half + 1) / 2;
    CHECK(shape_of({stem, cell(inputs, 4, 2, "all")}, pixels) == Shape{12, half, half});
    CHECK(shape_of({stem, cell(inputs, 4, 2, "unused")}, pixels) == Shape{4, half, half});
    CHECK(shape_of({stem, cell({{"skip", 1}, {"max", 1}}, 4, 2, "unused")}, pixels) == Shape{8, half, half});
    // The second cell's node 0 is twice as large as its node 1.
    CHECK(shape_of({stem, cell(inputs, 4, 2, "all", 1), cell(inputs, 8, 2, "all")}, pixels) ==
          Shape{24, quarter, quarter});
  }
  // Nothing but zeros: still of the right shape.
  CHECK(shape_of({stem, cell({{"zero", 0}, {"zero", 1}, {"conv", 1}, {"zero", 0}}, 4, 2, "all")}) == Shape{8, 16, 16});
}

TEST_CASE("cells that cannot be built say why") {
  using Catch::Matchers::ContainsSubstring;
  auto good = cell({{"skip", 0}, {"skip", 1}}, 4, 1, "unused");
  CHECK(failure({stem, good}).empty());
  const auto with = [&](const char* key, const Json& value) {
    auto changed = good;
    changed[key] = value;
    return failure({stem, changed});
  };
  CHECK_THAT(with("from", {{"2.1", 0}}), ContainsSubstring(R"(from must say for "2.2" which node it reads, 0 to 1)"));
  CHECK_THAT(with("from", {{"2.1", 2}, {"2.2", 0}}), ContainsSubstring(R"("2.1")"));
  CHECK_THAT(with("edges", {{"2.1", {{"op", "skip"}}}}), ContainsSubstring(R"(edge "2.2" is missing)"));
  CHECK_THAT(with("join", "some"), ContainsSubstring(R"(join must be "unused" or "all")"));
  CHECK_THAT(with("nodes", 0), ContainsSubstring("cell needs \"nodes\""));
  CHECK_THAT(failure({{{"op", "flatten"}}, good}), ContainsSubstring("cell needs an image"));
}
