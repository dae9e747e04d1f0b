#include "arch/network.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <set>

#include "arch/lower.hpp"
#include "arch/models.hpp"
#include "base/error.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using test::model;

namespace {

std::string hash(const std::string& blocks) {
  return arch::canonical_hash(arch::lower(
      model("[4, 8, 8]",
            "[" + blocks + R"(, {"op": "pool", "kind": "global-avg"}, {"op": "linear", "width": "classes"}])"),
      5));
}

std::string cell(const std::vector<std::string>& edges) {
  return arch::canonical_hash(arch::lower(test::nb201(edges, 1), 10));
}

}  // namespace

TEST_CASE("the hash sees what is computed, not how it is written") {
  const auto conv = hash(R"({"op": "conv", "name": "a", "width": 8})");
  CHECK(conv == hash(R"({"op": "conv", "name": "b", "width": 8, "kernel": 3, "order": "conv-norm-act"})"));
  CHECK(conv == hash(R"({"op": "skip"}, {"op": "conv", "width": 8}, {"op": "dropout", "rate": 0})"));
  CHECK(conv == hash(R"({"op": "conv", "width": 8}, {"op": "residual", "body": [{"op": "zero"}]})"));
  CHECK(conv != hash(R"({"op": "conv", "width": 8, "act": "tanh"})"));
  CHECK(conv != hash(R"({"op": "conv", "width": 12})"));
  CHECK(hash(R"({"op": "act"}, {"op": "dropout", "rate": 0.1})") !=
        hash(R"({"op": "act"}, {"op": "dropout", "rate": 0.2})"));
  // the two paths of a sum may change places
  const auto a = R"([{"op": "conv", "kernel": 1}])", b = R"([{"op": "pool", "kernel": 3, "stride": 1}])";
  const auto residual = [](const std::string& body, const std::string& shortcut) {
    return R"({"op": "conv", "width": 8}, {"op": "residual", "body": )" + body + R"(, "shortcut": )" + shortcut + "}";
  };
  const auto plain = R"([{"op": "conv", "kernel": 1, "order": "conv", "bias": false}])";
  CHECK(hash(residual(plain, b)) == hash(residual(b, plain)));
  CHECK(hash(residual(a, b)) != hash(residual(b, a)));  // conv's order differs in a shortcut
}

TEST_CASE("one layer used twice is not two equal layers") {
  const auto shared = hash(R"({"op": "dag", "nodes": 4, "edges": {"0-1": {"op": "conv"}, "0-2": {"op": "zero"},
      "1-2": {"op": "act"}, "0-3": {"op": "zero"}, "1-3": {"op": "act"}, "2-3": {"op": "skip"}}})");
  const auto twice = hash(R"({"op": "dag", "nodes": 4, "edges": {"0-1": {"op": "conv"}, "0-2": {"op": "conv"},
      "1-2": {"op": "zero"}, "0-3": {"op": "zero"}, "1-3": {"op": "act"}, "2-3": {"op": "act"}}})");
  CHECK(shared != twice);
}

TEST_CASE("cells that reach the output by the same paths are equal") {
  // Skip chains and dead edges do not count; the order of layers does.
  const auto conv3 = cell({"zero", "zero", "zero", "conv3", "zero", "zero"});
  CHECK(cell({"skip", "conv3", "zero", "zero", "zero", "skip"}) == conv3);
  CHECK(cell({"conv3", "conv1", "skip", "zero", "skip", "zero"}) == conv3);
  CHECK(cell({"zero", "zero", "zero", "conv3", "skip", "pool"}) == conv3);
  CHECK(cell({"conv3", "zero", "zero", "zero", "conv1", "zero"}) !=
        cell({"conv1", "zero", "zero", "zero", "conv3", "zero"}));
}

TEST_CASE("network.json comes back as it was") {
  for (const auto& json : {test::nb201({"conv3", "skip", "pool", "conv1", "zero", "conv3"}),
                           model("[3, 8, 8]", R"([{"op": "conv", "width": 8, "act": "leaky"},
                               {"op": "mbconv", "se": 0.5, "expand": 2}, {"op": "norm", "kind": "layer"},
                               {"op": "dropout", "rate": 0.25}, {"op": "linear", "width": "classes"}])")}) {
    const auto network = arch::lower(json, 10);
    const auto text = arch::to_json(network).dump();
    const auto back = arch::network_from_json(base::Json::parse(text));
    CHECK(arch::to_json(back).dump() == text);
    CHECK(arch::canonical_hash(back) == arch::canonical_hash(network));
    CHECK(arch::count(back).parameters == arch::count(network).parameters);
  }
}

TEST_CASE("a bad network.json is refused") {
  const auto refuse = [](auto&& change) {
    auto json = arch::to_json(arch::lower(model("[4]", R"([{"op": "linear", "width": "classes"}])"), 3));
    change(json);
    try {
      arch::network_from_json(json);
    } catch (const base::Error& error) {
      CHECK(error.code() == base::Exit::data);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refuse([](auto& j) { j["format"] = "other"; }), ContainsSubstring("format"));
  CHECK_THAT(refuse([](auto& j) { j["nodes"][1]["op"] = "liner"; }), ContainsSubstring("did you mean \"linear\""));
  CHECK_THAT(refuse([](auto& j) { j["nodes"][1]["inputs"] = {1}; }), ContainsSubstring("before it"));
  CHECK_THAT(refuse([](auto& j) { j["nodes"][1]["attributes"]["widht"] = 3; }),
             ContainsSubstring("did you mean \"width\""));
  CHECK_THAT(refuse([](auto& j) { j["nodes"][1]["attributes"]["width"] = -3; }), ContainsSubstring("between 1"));
  CHECK_THAT(refuse([](auto& j) { j["nodes"][1]["shape"] = {4}; }), ContainsSubstring("should have shape 3"));
  CHECK_THAT(refuse([](auto& j) { j.erase("nodes"); }), ContainsSubstring("nodes"));
}
