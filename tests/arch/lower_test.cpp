#include "arch/lower.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "arch/models.hpp"
#include "arch/primitives.hpp"
#include "base/error.hpp"

using namespace assay;
using arch::Shape;
using Catch::Matchers::ContainsSubstring;
using test::model;

namespace {

const char* head = R"({"op": "pool", "kind": "global-avg"}, {"op": "linear", "width": "classes"}])";

arch::Network image(const std::string& blocks, const arch::Scaling& scaling = {}) {
  return arch::lower(model("[3, 32, 32]", "[" + blocks + ", " + head), 10, scaling);
}

arch::Counts costs(const std::string& blocks) { return arch::count(image(blocks)); }

std::vector<std::string> ops(const arch::Network& network) {
  std::vector<std::string> names;
  for (const auto& node : network.nodes) names.push_back(node.op);
  return names;
}

const arch::Node& nth(const arch::Network& network, std::string_view op, int n = 0) {
  for (const auto& node : network.nodes) {
    if (node.op == op && n-- == 0) return node;
  }
  throw std::runtime_error("no such node");
}

std::string failure(const std::string& blocks, const arch::Scaling& scaling = {}) {
  try {
    image(blocks, scaling);
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("NAS-Bench-201 with 3x3 convolutions everywhere has the published counts") {
  const auto network = arch::lower(test::nb201({"conv3"}), 10);
  const auto counts = arch::count(network);
  CHECK(counts.parameters == 1'531'546);
  CHECK(counts.multiply_adds == 220'119'680);
  CHECK(network.output() == Shape{10});
}

TEST_CASE("NAS-Bench-201 with skips and zeros") {
  // Only stem, two reductions, last norm and classifier have weights.
  constexpr std::int64_t outside = 464 + 14'464 + 57'600 + 128 + 650;
  CHECK(arch::count(arch::lower(test::nb201({"skip"}), 10)).parameters == outside);
  CHECK(arch::count(arch::lower(test::nb201({"pool"}), 10)).parameters == outside);
  // With zeros only, stem and shortcuts do not reach the output: they are not built.
  const auto zeros = arch::lower(test::nb201({"zero"}), 10);
  CHECK(arch::count(zeros).parameters < outside);
  CHECK(zeros.output() == Shape{10});
  // A convolution that leads nowhere is not built: 0-1 is followed by zeros.
  const auto dead = arch::lower(test::nb201({"conv3", "skip", "zero", "skip", "zero", "skip"}), 10);
  CHECK(arch::count(dead).parameters == outside);
}

TEST_CASE("an MLP counts as by hand") {
  const auto network = arch::lower(model("[1, 28, 28]", R"([{"op": "flatten"},
      {"op": "linear", "name": "hidden1", "act": "relu", "width": 64}, {"op": "dropout", "rate": 0.2},
      {"op": "linear", "name": "hidden2", "act": "relu", "width": 32}, {"op": "dropout", "rate": 0.0},
      {"op": "linear", "width": "classes"}])"),
                                   10);
  const auto counts = arch::count(network);
  CHECK(counts.parameters == 784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10);
  CHECK(counts.multiply_adds == 784 * 64 + 64 * 32 + 32 * 10);
  CHECK(ops(network) ==
        std::vector<std::string>{"input", "flatten", "linear", "act", "dropout", "linear", "act", "linear"});
  CHECK(nth(network, "linear").block == "hidden1");
  // linear flattens by itself
  const auto direct = arch::lower(model("[1, 28, 28]", R"([{"op": "linear", "width": "classes"}])"), 10);
  CHECK(arch::count(direct).parameters == 7850);
}

TEST_CASE("convolutions: order, bias, padding, groups") {
  const auto plain = image(R"({"op": "conv", "width": 16})");
  CHECK(ops(plain) == std::vector<std::string>{"input", "conv", "norm", "act", "pool", "linear"});
  CHECK(arch::count(plain).parameters == 3 * 16 * 9 + 32 + 170);
  CHECK(costs(R"({"op": "conv", "width": 16, "order": "act-conv"})").parameters == 3 * 16 * 9 + 16 + 170);
  CHECK(costs(R"({"op": "conv", "width": 16, "order": "conv", "bias": false})").parameters == 3 * 16 * 9 + 170);
  CHECK(ops(image(R"({"op": "conv", "width": 16, "act": "none"})"))[3] == "pool");
  const auto dilated = image(R"({"op": "conv", "width": 12, "kernel": 5, "dilation": 2, "stride": 2, "groups": 3})");
  CHECK(nth(dilated, "conv").shape == Shape{12, 16, 16});
  CHECK(arch::count(dilated).parameters == 12 * 1 * 25 + 24 + 130);
  CHECK(arch::count(dilated).multiply_adds == 12 * 25 * 256 + 120);
  const auto separable = costs(R"({"op": "conv", "width": 16}, {"op": "sepconv", "kernel": 5, "width": 32})");
  CHECK(separable.parameters == 432 + 32 + 16 * 25 + 16 * 32 + 64 + 330);
  // width defaults to that of the input
  CHECK(nth(image(R"({"op": "conv", "width": 16}, {"op": "conv"})"), "conv", 1).shape == Shape{16, 32, 32});
}

TEST_CASE("mbconv with squeeze-excitation counts as by hand") {
  const auto network = image(R"({"op": "conv", "width": 16}, {"op": "mbconv", "name": "ir", "kernel": 5, "expand": 4,
                                "width": 24, "stride": 2, "se": 0.25, "act": "hswish"})");
  const std::int64_t stem = 432 + 32, expand = 16 * 64 + 128, depthwise = 64 * 25 + 128;
  const std::int64_t squeeze = 64 * 4 + 4 + 4 * 64 + 64, project = 64 * 24 + 48, linear = 250;
  CHECK(arch::count(network).parameters == stem + expand + depthwise + squeeze + project + linear);
  CHECK(arch::count(network).multiply_adds ==
        432 * 1024 + 16 * 64 * 1024 + 64 * 25 * 256 + 2 * 64 * 4 + 64 * 24 * 256 + 240);
  CHECK(std::get<std::string>(nth(network, "act", 4).attributes.at("kind")) == "hsigmoid");
  // a skip where nothing changes; expand 1 has no first convolution
  const auto skip = image(R"({"op": "conv", "width": 16}, {"op": "mbconv"})");
  CHECK(arch::count(skip).parameters == stem + 16 * 9 + 32 + 256 + 32 + 170);
  CHECK(nth(skip, "add").inputs.size() == 2);
}

TEST_CASE("repeat, layers and residual stages") {
  const auto stage = image(R"({"op": "conv", "width": 8, "stride": 2, "repeat": 3})");
  CHECK(nth(stage, "conv", 2).shape == Shape{8, 16, 16});
  CHECK(nth(stage, "conv", 2).block == "conv#1.3");
  const auto layered = image(R"({"op": "mbconv", "name": "s1", "width": 8, "stride": 2, "repeat": 2,
                                 "layers": [{"kernel": 3, "expand": 2}, {"kernel": 7, "expand": 3}]})");
  CHECK(arch::integer(nth(layered, "conv", 1), "kernel") == 3);
  CHECK(arch::integer(nth(layered, "conv", 4), "kernel") == 7);
  CHECK(nth(layered, "conv", 4).shape == Shape{24, 16, 16});
  CHECK(nth(layered, "conv", 4).block == "s1.2");
  const auto resnet = image(R"({"op": "conv", "width": 16},
    {"op": "residual", "name": "stage", "width": 32, "stride": 2, "repeat": 2, "act": "relu",
     "body": [{"op": "conv"}, {"op": "conv", "order": "conv-norm"}]})");
  CHECK(nth(resnet, "add", 0).shape == Shape{32, 16, 16});
  CHECK(nth(resnet, "add", 1).shape == Shape{32, 16, 16});
  CHECK(arch::count(resnet).parameters ==
        464 + (16 * 32 * 9 + 64 + 32 * 32 * 9 + 64 + 16 * 32 + 64) + 2 * (32 * 32 * 9 + 64) + 330);
  CHECK(ops(image(R"({"op": "conv", "width": 8, "repeat": 0}, {"op": "norm"})"))[1] == "norm");
}

TEST_CASE("scaling by width, depth and resolution") {
  const auto blocks = R"({"op": "conv", "width": 16, "repeat": 4}, {"op": "sepconv", "width": 24},
                         {"op": "conv", "width": 24, "groups": 24, "kernel": 5}, {"op": "mbconv", "expand": 3})";
  const auto half = image(blocks, {.width = 0.5, .depth = 0.5, .resolution = 0.5});
  CHECK(half.input() == Shape{3, 16, 16});
  CHECK(half.output() == Shape{10});
  CHECK(nth(half, "conv", 0).shape == Shape{8, 16, 16});
  CHECK(nth(half, "conv", 2).block == "sepconv#2");  // two of four copies are left
  CHECK(nth(half, "conv", 3).shape == Shape{12, 16, 16});
  CHECK(arch::integer(nth(half, "conv", 4), "groups") == 12);  // still depthwise
  const auto tiny = image(blocks, {.width = 0.01, .depth = 0.01, .resolution = 0.01});
  CHECK(tiny.input() == Shape{3, 4, 4});
  CHECK(nth(tiny, "conv", 0).shape == Shape{4, 4, 4});
  const auto twice = image(blocks, {.width = 2, .depth = 1.5});
  CHECK(nth(twice, "conv", 5).shape == Shape{32, 32, 32});
  // the output keeps its width, also where it is written as a number; hidden layers round to one
  const auto mlp =
      arch::lower(model("[7]", R"([{"op": "linear", "width": 13}, {"op": "linear", "width": 3}])"), 3, {.width = 0.5});
  CHECK(nth(mlp, "linear", 0).shape == Shape{7});
  CHECK(mlp.output() == Shape{3});
  CHECK(arch::scaled_width(6, 0.5, 4) == 4);
  CHECK(arch::scaled_width(2, 0.5, 4) == 2);  // never wider than before
  CHECK(arch::scaled_width(100, 0.33, 4) == 32);
}

TEST_CASE("models that do not fit are refused by name") {
  CHECK_THAT(
      failure(R"({"op": "conv", "width": 16}, {"op": "residual", "name": "s3", "body": [{"op": "conv", "width": 24}],
                        "shortcut": []})"),
      ContainsSubstring("block \"s3\": cannot add 24x32x32 and 16x32x32: give both paths the same width"));
  CHECK_THAT(failure(R"({"op": "dag", "name": "cell", "nodes": 3, "edges": {"0-1": {"op": "skip"},
                         "0-2": {"op": "conv", "width": 8}, "1-2": {"op": "skip"}}})"),
             ContainsSubstring("block \"cell\": cannot add 8x32x32 and 3x32x32"));
  CHECK_THAT(
      failure(
          R"({"op": "pool", "kernel": 8}, {"op": "pool", "kernel": 8, "name": "p2"}, {"op": "pool", "name": "p3", "kernel": 2})"),
      ContainsSubstring("block \"p3\": a 2x2 window does not fit into 3x1x1"));
  CHECK_THAT(failure(R"({"op": "conv", "width": 16, "name": "g", "groups": 2})"),
             ContainsSubstring("block \"g\": 2 groups do not divide the 3 channels of its input and its width 16"));
  CHECK_THAT(failure(R"({"op": "flatten"}, {"op": "conv", "width": 8, "name": "late"})"),
             ContainsSubstring("block \"late\": conv needs an image") && ContainsSubstring("3072 features"));
  CHECK_THAT(failure(R"({"op": "pool", "kernel": 16, "name": "p"}, {"op": "pool", "kernel": 2, "name": "q"})",
                     {.resolution = 0.5}),
             ContainsSubstring("block \"q\"") && ContainsSubstring("(at resolution 0.5)"));
  CHECK_THAT(([] {
               try {
                 arch::lower(model("[4]", R"([{"op": "linear", "width": 8}])"), 3);
               } catch (const base::Error& error) {
                 return std::string(error.what());
               }
               return std::string();
             }()),
             ContainsSubstring("the model gives 8 values, but the data need 3"));
}

TEST_CASE("slips in a block are named with the nearest valid word") {
  CHECK_THAT(failure(R"({"op": "cnov", "name": "a", "width": 8})"),
             ContainsSubstring("block \"a\": there is no op \"cnov\"; did you mean \"conv\"?"));
  CHECK_THAT(failure(R"({"op": "conv", "name": "a", "widht": 8})"),
             ContainsSubstring("conv has no attribute \"widht\"; did you mean \"width\"?"));
  CHECK_THAT(failure(R"({"op": "conv", "name": "a", "width": "wide"})"),
             ContainsSubstring("width must be a number or \"classes\""));
  CHECK_THAT(failure(R"({"op": "conv", "name": "a", "width": 0})"),
             ContainsSubstring("width must be an integer from 1"));
  CHECK_THAT(failure(R"({"op": "conv", "name": "a", "kernel": 2.5})"), ContainsSubstring("kernel must be an integer"));
  CHECK_THAT(failure(R"({"op": "conv", "name": "a", "order": "conv-conv"})"), ContainsSubstring("order \"conv-conv\""));
  CHECK_THAT(failure(R"({"op": "conv", "name": "a", "act": "rleu"})"),
             ContainsSubstring("block \"a\": act kind cannot be \"rleu\""));
  CHECK_THAT(failure(R"({"op": "dropout", "rate": 1.5})"), ContainsSubstring("rate must be a number from 0 to 0.99"));
  CHECK_THAT(failure(R"({"op": "dag", "nodes": 3, "edges": {"0-1": {"op": "skip"}}})"),
             ContainsSubstring("edge \"0-2\" is missing"));
  CHECK_THAT(failure(R"({"op": "mbconv", "repeat": 3, "layers": [{}, {}]})"),
             ContainsSubstring("layers has 2 entries, but repeat is 3"));
  CHECK_THAT(failure(R"({"op": "residual", "name": "r"})"), ContainsSubstring("block \"r\": residual needs \"body\""));
  CHECK_THAT(failure(R"({"op": "residual", "name": "r", "body": [{"op": "cov"}]})"),
             ContainsSubstring("block \"r.cov#1\""));
}

TEST_CASE("values of any wrong type end in a configuration error that names the block") {
  const std::string junk[] = {"null", "true", "-1", "1e30", "2.5", "\"text\"", "[]", "[1, [2]]", "{}", R"({"op": 3})"};
  const std::string ops[] = {"conv", "sepconv", "mbconv", "pool",     "norm",
                             "act",  "dropout", "linear", "residual", "dag"};
  const std::string keys[] = {"op",     "name", "repeat",        "layers", "kernel",   "width",  "stride", "dilation",
                              "groups", "bias", "act",           "order",  "norm",     "expand", "se",     "gate",
                              "kind",   "rate", "count_padding", "body",   "shortcut", "nodes",  "edges",  "edge"};
  for (const auto& op : ops) {
    for (const auto& key : keys) {
      for (const auto& value : junk) {
        auto block = base::Json::parse(op == "residual" ? R"({"body": [{"op": "conv"}]})"
                                       : op == "dag"    ? R"({"nodes": 2, "edges": {"0-1": {"op": "conv"}}})"
                                                        : "{}");
        block["op"] = op;
        block["name"] = "victim";
        block[key] = base::Json::parse(value);
        failure(block.dump());  // anything but base::Error(config) fails the test
      }
    }
  }
  for (const auto& text : {"3", "[3]", R"({"input": [3, 8, 8]})", R"({"input": 3, "blocks": []})",
                           R"({"input": [3, 8, 8], "blocks": {"a": 1}})", R"({"input": [3], "blocks": []})"}) {
    CHECK_THROWS_AS(arch::lower(base::Json::parse(text), 3), base::Error);
  }
  CHECK_THAT(failure(R"({"op": "flatten"}, {"op": "linear", "name": "huge", "width": 1000000})"),
             ContainsSubstring("block \"huge\": 1,000,000 values per example and 3,073,000,000 weights"));
}
