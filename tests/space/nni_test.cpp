// NNI's search_space.json: what is drawn, what reaches the trial, and what is refused.
#include <array>
#include <catch2/catch_approx.hpp>
#include <cmath>
#include <map>
#include <set>

#include "os/file.hpp"
#include "space/domain.hpp"
#include "spaces.hpp"
#include "temp_folder.hpp"

using namespace assay;

namespace {

space::Space import(const std::string& json, const std::string& more = "") {
  const tests::TempFolder folder;
  os::publish(folder.path() / "search_space.json", json);
  os::publish(folder.path() / "x.toml", "[space]\nimport = \"search_space.json\"\n" + more);
  return space::Space::load(config::Config::load(folder.path() / "x.toml"));
}

/// Without the folder in front.
std::string error_of(const std::string& json, const std::string& more = "") {
  try {
    import(json, more);
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    const std::string text = error.what();
    const auto place = text.find("search_space.json:");
    return place == std::string::npos ? text : text.substr(place);
  }
  return "";
}

bool says(const std::string& message, const std::string& part) {
  INFO("message: " << message);
  const bool found = message.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

std::string one(const std::string& type, const std::string& value) {
  return R"({"x": {"_type": ")" + type + R"(", "_value": )" + value + "}}";
}

/// The values of 20,000 draws with their shares.
std::map<double, double> shares(const space::Space& space) {
  base::Rng rng(1, "test", 0, "nni");
  std::map<double, double> result;
  for (int i = 0; i < 20'000; ++i) result[*space::as_number(space.sample(rng).begin()->second)] += 1 / 20'000.0;
  return result;
}

using Catch::Approx;

}  // namespace

TEST_CASE("quniform rounds to multiples, halves to even, and clips to ends that may be off the grid") {
  const auto ends = shares(import(one("quniform", "[2, 10, 5]")));  // the example of NNI's documentation
  REQUIRE(ends.size() == 3);
  CHECK(ends.at(2) == Approx(0.5 / 8).margin(0.01));  // U below 2.5 is rounded to 0 and clipped
  CHECK(ends.at(5) == Approx(5.0 / 8).margin(0.01));
  CHECK(ends.at(10) == Approx(2.5 / 8).margin(0.01));

  // 0.5 and 1.5 steps go to the even neighbours 0 and 2: the cells are open to both sides alike.
  const auto space = import(one("quniform", "[0, 2, 1]"));
  const auto& domain = space.parameters().front().domain;
  CHECK(std::get<double>(space::from_unit(domain, 0.25)) == 0.0);
  CHECK(std::get<double>(space::from_unit(domain, 0.75)) == 2.0);
  const auto even = shares(space);
  CHECK(even.at(0) == Approx(0.25).margin(0.01));
  CHECK(even.at(1) == Approx(0.5).margin(0.01));

  // Its bits are those of NNI's own round(x / q) * q, not those of the decimal.
  CHECK(shares(import(one("quniform", "[0, 0.5, 0.1]"))).contains(3 * 0.1));
  CHECK(shares(import(one("qnormal", "[0.3, 0.1, 0.1]"))).contains(3 * 0.1));

  const auto wide = shares(import(one("quniform", "[0.05, 0.35, 0.1]")));
  CHECK(wide.size() == 3);  // only the very ends of the range go to 0 and to 0.4
  for (const auto& [value, share] : wide) CHECK(share == Approx(1.0 / 3).margin(0.01));
}

TEST_CASE("qloguniform is even in the logarithm before it is rounded and clipped") {
  const auto found = shares(import(one("qloguniform", "[1, 100, 10]")));
  CHECK(found.at(1) == Approx(std::log(5) / std::log(100)).margin(0.01));
  CHECK(found.at(10) == Approx(std::log(3) / std::log(100)).margin(0.01));
  CHECK(found.at(100) == Approx(std::log(100 / 95.0) / std::log(100)).margin(0.01));
  CHECK(found.size() == 11);
}

TEST_CASE("uniform, loguniform and the normals") {
  base::Rng rng(1, "test", 0, "nni");
  const auto space = import(R"({
    "u":   {"_type": "uniform",     "_value": [0.5, 0.9]},
    "lu":  {"_type": "loguniform",  "_value": [0.0001, 0.1]},
    "n":   {"_type": "normal",      "_value": [5, 2]},
    "qn":  {"_type": "qnormal",     "_value": [0, 3, 2]},
    "ln":  {"_type": "lognormal",   "_value": [-3, 1]},
    "qln": {"_type": "qlognormal",  "_value": [0, 1, 1]}
  })");
  std::map<std::string, double> mean;
  int zero = 0, off = 0;
  const int draws = 20'000;
  for (int i = 0; i < draws; ++i) {
    const auto params = space.sample(rng);
    const auto at = [&](const char* name) {
      return std::get<double>(params.at(std::string("params.training.") + name));
    };
    CHECK((at("u") >= 0.5 && at("u") <= 0.9));
    mean["u"] += at("u") / draws;
    mean["lu"] += std::log10(at("lu")) / draws;
    mean["n"] += at("n") / draws;
    mean["n2"] += (at("n") - 5) * (at("n") - 5) / draws;
    mean["ln"] += std::log(at("ln")) / draws;
    zero += at("qln") == 0;  // exp(N) below a half
    off += std::fmod(at("qn"), 2) != 0;
  }
  CHECK(mean["u"] == Approx(0.7).margin(0.003));
  CHECK(mean["lu"] == Approx(-2.5).margin(0.03));
  CHECK(mean["n"] == Approx(5).margin(0.05));
  CHECK(mean["n2"] == Approx(4).margin(0.15));
  CHECK(mean["ln"] == Approx(-3).margin(0.03));
  CHECK(zero / double(draws) == Approx(0.5 * std::erfc(std::log(2) / std::sqrt(2))).margin(0.01));
  CHECK(off == 0);
}

TEST_CASE("randint leaves its upper end out and has no order") {
  const auto space = import(one("randint", "[0.5, 4]"));  // bounds are rounded up
  const auto& domain = space.parameters().front().domain;
  CHECK(space::to_text(domain) == "1 | 2 | 3");
  CHECK_FALSE(domain.ordered);
  const auto found = shares(space);
  CHECK(found.size() == 3);
  CHECK(found.at(3) == Approx(1.0 / 3).margin(0.01));
  const auto large = import(one("randint", "[0, 100000]"));
  CHECK(large.parameters().front().domain.kind == space::Kind::integer);
  CHECK(large.parameters().front().domain.hi == 99'999);
}

TEST_CASE("a trial gets the nested shape that NNI gives it") {
  const auto space = import(R"({
    "lr": {"_type": "choice", "_value": [0.01, 0.1]},
    "opt": {"_type": "choice", "_value": ["sgd", "adam"]},
    "size": {"_type": "choice", "_value": [[3, 3], [5, 5]]},
    "layer": {"_type": "choice", "_value": [
      {"_name": "empty"},
      {"_name": "conv", "kernel": {"_type": "choice", "_value": [3, 5]},
       "norm": {"_type": "choice", "_value": [{"_name": "batch", "eps": {"_type": "uniform", "_value": [0, 1]}}, {"_name": "none"}]}}
    ]}
  })");
  std::set<std::string> names;
  for (const auto& parameter : space.parameters()) names.insert(parameter.name);
  CHECK(names == std::set<std::string>{"params.training.lr", "params.training.opt", "params.training.size",
                                       "params.training.layer", "params.training.layer.conv.kernel",
                                       "params.training.layer.conv.norm", "params.training.layer.conv.norm.batch.eps"});
  CHECK(space.parameters().front().role == space::Role::training);
  auto params = space.defaults();
  CHECK(space.instantiate(params)["params"]["training"].dump() ==
        R"({"lr":0.01,"opt":"sgd","size":[3,3],"layer":{"_name":"empty"}})");
  params["params.training.layer"] = std::string("conv");
  params["params.training.size"] = std::string("[5,5]");
  params = space.with_defaults(params);
  CHECK(
      space.instantiate(params)["params"]["training"].dump() ==
      R"({"lr":0.01,"opt":"sgd","size":[5,5],"layer":{"_name":"conv","kernel":3,"norm":{"_name":"batch","eps":0.5}}})");
}

TEST_CASE("imported parameters live beside written ones and can be constrained") {
  const auto space = import(one("quniform", "[1, 9, 1]"), R"(role = "model"
[params.model]
y.int = [1, 9]
[[constraint]]
require = "params.model.x < params.model.y or params.model.x == 5"
)");
  CHECK(space.parameters().size() == 2);
  CHECK(space.find("params.model.x")->role == space::Role::architecture);
  CHECK(space.valid_share() == Approx(0.5 * 0.5 + 0.5 * 0.5).margin(0.2));
  says(error_of(one("uniform", "[0, 1]"), "[params.training]\nx = 3\n"), "[params.training] has x too");
  says(error_of(one("uniform", "[0, 1]"), "[params.training]\nx.int = [1, 3]\n"), "is used twice");
}

TEST_CASE("what is no NNI space is refused with place and remedy") {
  says(error_of(one("unifrom", "[0, 1]")), "search_space.json:1:8: unknown _type unifrom of x (did you mean uniform?)");
  says(error_of("{\n  \"x\": {\"_type\": \"choice\",\n    \"_value\": []}}"), "search_space.json:3:5: an empty choice");
  says(error_of("{\n  \"x\": 3\n}"), "search_space.json:2:3: x needs _type and _value");
  says(error_of("{\"x\": {\"_type\": 3, \"_value\": []}}"), "_type is a text");
  says(error_of("{\"x\": {\"_type\": \"choice\", \"_value\": 3}}"), "must be a list");
  says(error_of("{\"x\": {\"_type\": \"choice\", \"_value\": [1], \"_v\": 3}}"), "unknown key _v in x");
  says(error_of(one("uniform", "[0]")), "_value has 1 values; it is [low, high]");
  says(error_of(one("uniform", "[1, 1]")), "is no range");
  says(error_of(one("uniform", "[2, 1]")), "is no range");
  says(error_of(one("uniform", "[0, \"1\"]")), "\"1\" is no number");
  says(error_of(one("loguniform", "[0, 1]")), "must start above 0");
  says(error_of(one("quniform", "[0, 1]")), "[low, high, q]");
  says(error_of(one("quniform", "[0, 1, 0]")), "q is 0; it must be above 0");
  says(error_of(one("quniform", "[0, 1, 5]")), "wider than the range");
  says(error_of(one("normal", "[0, 0]")), "sigma is 0");
  says(error_of(one("randint", "[3, 3]")), "holds no integer");
  says(error_of(one("choice", "[1, 1.0]")), "listed twice");
  says(error_of(one("choice", "[null]")), "null is no value");
  says(error_of(one("choice", "[{\"a\": 1}]")), "all of them objects with _name");
  says(error_of(one("choice", "[{\"_name\": 1}]")), "_name is a text");
  says(error_of(one("choice", "[{\"_name\": \"a\"}, {\"_name\": \"a\"}]")), "listed twice");
  says(error_of("[]"), "a search space is an object");
  says(error_of("{}"), "no parameters");
  says(error_of("{\"x\": 1, \"x\": 2}"), "search_space.json:1:10: the key x is written twice");
  says(error_of("{\"x\": \n"), "search_space.json:2:");
  says(error_of("{\"x\": tru}"), "this is no JSON");
  says(error_of(""), "this is no JSON");
  says(error_of("{} x"), "this is no JSON");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  says(error_of(deep), "nested more than 64 levels");
  const tests::TempFolder folder;
  os::publish(folder.path() / "x.toml", "[space]\nimport = \"nothing.json\"\n");
  CHECK_THROWS_AS(space::Space::load(config::Config::load(folder.path() / "x.toml")), base::Error);
}

TEST_CASE("what the imported file says identifies a run, not where it lies") {
  const tests::TempFolder folder;
  const auto identity = [&](const std::string& name, const std::string& json) {
    os::publish(folder.path() / name, json);
    os::publish(folder.path() / "x.toml", "[space]\nimport = \"" + name + "\"\n");
    return config::Config::load(folder.path() / "x.toml").identity({"space"});
  };
  const auto first = identity("a.json", one("uniform", "[0, 1]"));
  CHECK(first == identity("b.json", one("uniform", "[0, 1]")));
  CHECK(first != identity("a.json", one("uniform", "[0, 2]")));
}

TEST_CASE("two parameters of one name are refused, with both places") {
  const std::string nested =
      "{\"layer\": {\"_type\": \"choice\", \"_value\": [\n"
      "  {\"_name\": \"conv\", \"k\": {\"_type\": \"uniform\", \"_value\": [0, 1]}}]},\n";
  const auto error = error_of(nested + "\"layer.conv.k\": {\"_type\": \"choice\", \"_value\": [1, 2]}}");
  says(error, "search_space.json:3:1");
  says(error, "the parameter name params.training.layer.conv.k is used twice, also at ");
  says(error, "search_space.json:2:");
  says(error, "rename one of them");
  CHECK(error_of(nested + "\"layer.conv\": {\"_type\": \"choice\", \"_value\": [1, 2]}}").empty());
}
