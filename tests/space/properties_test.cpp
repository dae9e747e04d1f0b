// What must hold for every space and every point of it.
#include <catch2/catch_approx.hpp>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "space/domain.hpp"
#include "space/sum_product.hpp"
#include "spaces.hpp"

using namespace assay;
using namespace std::string_literals;

namespace {

const char* const zoo = R"(
[model]
input  = [1, 8, 8]
blocks = [
  { op = "conv", name = "stem", width = { int = [8, 64], step = 8, log = true }, kernel.choice = [3, 5, 7] },
  { use = "stage", name = "s1", width.choice = [16, 32] },
  { use = "stage", name = "s2", width = { float = [0.5, 2.0], step = 0.25 } },
  { use = "cell", name = "c" },
  { name = "tail", choice = [ { op = "skip" }, { name = "deep", op = "residual", body = [ { op = "conv", kernel.choice = [1, 3] } ] } ] },
  { op = "linear", width = "classes" },
]
[define.stage]
op = "mbconv"
draw = "per-layer"
repeat.int = [1, 3]
expand.choice = [1, 2, 4]
act.choice = ["relu", "hswish"]
[define.cell]
op = "dag"
nodes.choice = [2, 3]
edge.choice = [ { op = "zero" }, { op = "conv", kernel.choice = [1, 3] } ]
[training]
lr         = { float = [1e-4, 1e-1], log = true }
momentum   = { float = [0.5, 0.99] }
batch_size.choice = [32, 64, 128]
[params.augment]
ops   = { subset = ["crop", "flip", "cutout", "noise"], k = 2 }
extra = { subset = ["a", "b", "c"] }
shift = { normal = [0.0, 1.0] }
decay = { normal = [-3.0, 1.0], log = true }
[[constraint]]
require = "stem <= 2 * s1.width"
[[constraint]]
require = "(s1.repeat + s2.repeat) / 2 <= 2.5"
)";

std::vector<space::Space> all_spaces() {
  std::vector<space::Space> spaces;
  for (const auto* name : {"nb201", "mobilenetv3", "ax_mlp", "own_trainer"}) spaces.push_back(test::example(name));
  spaces.push_back(test::space_of(zoo));
  return spaces;
}

base::Rng stream(std::int64_t number) { return {7, "test", number, "space"}; }

std::string text(const space::Params& params) { return space::to_json(params).dump(); }

/// Choices whose first item is repeated `depth` times, one count for all of them.
std::string shared_depth(int blocks, const std::string& rest = "") {
  std::string text =
      "[model]\nblocks = [\n{ op = \"conv\", name = \"stem\", repeat = { choice = [1, 2, 3], name = "
      "\"depth\" } },\n";
  for (int i = 0; i < blocks; ++i) {
    text += "{ name = \"b" + std::to_string(i) +
            "\", choice = [ { name = \"x\", use = \"deep\", repeat = { ref = \"depth\" } }, { op = \"skip\" }, { op = "
            "\"zero\" } ] },\n";
  }
  return text + "]\n[define.deep]\nop = \"conv\"\ndraw = \"per-layer\"\nkernel.choice = [3, 5]\n" + rest;
}

space::Table random_table(base::Rng& rng, std::size_t variables, std::int64_t states) {
  space::Table table;
  for (std::size_t i = 0; i < variables; ++i) {
    if (rng.below(3) == 0) table.variables.push_back(i);
  }
  std::vector<std::u16string> rows{u""};
  for (std::size_t i = 0; i < table.variables.size(); ++i) {
    std::vector<std::u16string> longer;
    for (const auto& row : rows) {
      for (char16_t state = 0; state < states; ++state) longer.push_back(row + state);
    }
    rows = longer;
  }
  for (const auto& row : rows) {
    if (&row == &rows.front() || rng.below(5) > 0) table.rows.emplace(row, space::number(1 + rng.below(9)));
  }
  return table;
}

std::uint64_t brute_force(const std::vector<space::Table>& tables, std::size_t variables, char16_t states) {
  std::uint64_t sum = 0;
  std::u16string at(variables, u'\0');
  while (true) {
    std::uint64_t product = 1;
    for (const auto& table : tables) {
      std::u16string row;
      for (const auto variable : table.variables) row.push_back(at[variable]);
      const auto found = table.rows.find(row);
      product *= found == table.rows.end() ? 0 : *found->second.exact;
    }
    sum += product;
    std::size_t i = 0;
    while (i < variables && ++at[i] == states) at[i++] = 0;
    if (i == variables) return sum;
  }
}

}  // namespace

TEST_CASE("samples, defaults and mutations are points of the space") {
  for (const auto& space : all_spaces()) {
    space.check(space.defaults());
    for (int i = 0; i < 200; ++i) {
      auto rng = stream(i);
      const auto params = space.sample(rng);
      space.check(params);
      space.check(space.mutate(params, rng));
      CHECK_FALSE(test::has_placeholder(space.instantiate(params)));
    }
  }
}

TEST_CASE("the same stream gives the same sample, another stream another one") {
  const auto space = test::space_of(zoo);
  auto a = stream(1), b = stream(1), c = stream(2);
  const auto first = space.sample(a);
  CHECK(text(first) == text(space.sample(b)));
  CHECK(text(first) != text(space.sample(c)));
  CHECK(text(space.mutate(first, a)) == text(space.mutate(first, b)));
}

TEST_CASE("a mutation changes one value, besides those that come and go with it") {
  for (const auto& space : all_spaces()) {
    for (int i = 0; i < 200; ++i) {
      auto rng = stream(i);
      const auto params = space.sample(rng), child = space.mutate(params, rng);
      int changed = 0;
      for (const auto& [name, value] : child) {
        if (params.contains(name)) changed += !space::same(params.at(name), value);
      }
      CHECK(changed == 1);
    }
  }
}

TEST_CASE("mutations reach every parameter and every value") {
  const auto space = test::example("nb201");
  std::map<std::string, std::set<std::string>> seen;
  auto rng = stream(0);
  const auto parent = space.defaults();
  for (int i = 0; i < 1000; ++i) {
    for (const auto& [name, value] : space.mutate(parent, rng)) {
      if (!space::same(parent.at(name), value)) seen[name].insert(space::to_text(value));
    }
  }
  CHECK(seen.size() == 6);
  for (const auto& [name, values] : seen) CHECK(values.size() == 4);
}

TEST_CASE("encode and decode are inverse") {
  for (const auto& space : all_spaces()) {
    for (int i = 0; i < 100; ++i) {
      auto rng = stream(i);
      const auto params = space.sample(rng);
      const auto unit = space.encode(params);
      REQUIRE(unit.size() == space.parameters().size());
      for (const double value : unit) CHECK((value >= 0 && value <= 1));
      const auto back = space.decode(unit);
      REQUIRE(back.size() == params.size());
      for (const auto& [name, value] : params) {
        const auto number = space::as_number(value);
        if (number) {
          CHECK(*space::as_number(back.at(name)) == Catch::Approx(*number).epsilon(1e-9).margin(1e-9));
        } else {
          CHECK(space::same(back.at(name), value));
        }
      }
    }
  }
}

TEST_CASE("points survive JSON, also where a writer drops the .0") {
  for (const auto& space : all_spaces()) {
    auto rng = stream(3);
    const auto params = space.sample(rng);
    CHECK(space::params_from_json(space::to_json(params)) == params);
    CHECK(space::params_from_json(base::Json::parse(space::to_json(params).dump())) == params);
  }
  const auto space = test::space_of("[params.model]\nw = { float = [0.5, 2.0] }\nk.choice = [1, 0.5]\n");
  const auto params =
      space.normalise(space::params_from_json(base::Json::parse(R"({"params.model.w": 1, "params.model.k": 1})")));
  CHECK(std::holds_alternative<double>(params.at("params.model.w")));
  CHECK(std::holds_alternative<double>(params.at("params.model.k")));
  CHECK(space.instantiate(params)["params"]["model"]["w"] == 1.0);
  CHECK_THROWS(space::params_from_json(base::Json::parse(R"({"a": [1, 2]})")));
  CHECK_THROWS(space::params_from_json(base::Json::parse(R"({"a": {"b": 1}})")));
}

TEST_CASE("the number of points equals the enumeration") {
  const auto space = test::space_of(R"(
[model]
blocks = [
  { use = "s", name = "a" }, { use = "s", name = "b" },
  { use = "cell", name = "c" },
  { name = "tail", choice = [ { op = "skip" }, { op = "conv", kernel.choice = [1, 3, 5] } ] },
]
[define.s]
op = "conv"
draw = "per-layer"
repeat.choice = [1, 2]
kernel.choice = [3, 5]
[define.cell]
op = "dag"
draw = "per-use"
nodes.int = [2, 3]
edge.choice = [ { op = "zero" }, { op = "skip" } ]
)");
  const auto expected = (2 + 4) * (2 + 4) * (2 + 8) * (1 + 3);
  CHECK(std::pow(10, space.log10_size()) == Catch::Approx(expected));
  const auto all = space.enumerate(10'000);
  REQUIRE(all);
  CHECK(all->size() == std::size_t(expected));
  std::set<std::string> distinct;
  for (const auto& params : *all) {
    space.check(params);
    distinct.insert(text(params));
    const auto model = space.instantiate(params)["model"];
    CHECK(model["blocks"][2]["edges"].size() == (model["blocks"][2]["nodes"] == 2 ? 1 : 3));
  }
  CHECK(distinct.size() == all->size());
}

TEST_CASE("choices that share a count of repeats are counted one by one, not all together") {
  const auto expected = [](int blocks, int deepest) {
    std::uint64_t sum = 0;
    for (int depth = 1; depth <= deepest; ++depth) {
      std::uint64_t product = 1;
      for (int i = 0; i < blocks; ++i) product *= 2 + (std::uint64_t{1} << depth);
      sum += product;
    }
    return sum;
  };
  for (const int blocks : {1, 2, 3}) {
    const auto space = test::space_of(shared_depth(blocks));
    const auto all = space.enumerate(10'000);
    REQUIRE(all);
    CHECK(all->size() == expected(blocks, 3));
    CHECK(space.size().exact == all->size());
    const auto tied = test::space_of(shared_depth(blocks, "[[constraint]]\nrequire = \"depth < 3 or b0 == 'skip'\"\n"));
    const auto valid = tied.enumerate(10'000);
    REQUIRE(valid);
    CHECK(valid->size() < all->size());
    CHECK(tied.valid_size().exact == valid->size());
  }
  const auto space = test::space_of(shared_depth(18));
  const auto size = space.size();
  CHECK(size.exact == expected(18, 3));
  CHECK_FALSE(size.bound);
  CHECK(size.log10 == Catch::Approx(std::log10(double(expected(18, 3)))).epsilon(1e-12));
  const auto shallow = test::space_of(shared_depth(18, "[[constraint]]\nrequire = \"depth <= 2\"\n"));
  CHECK(shallow.valid_size().exact == expected(18, 2));
}

TEST_CASE("sums of products by elimination are those of trying everything, or bounds of them") {
  constexpr std::size_t variables = 8;
  int bounds = 0;
  for (int i = 0; i < 100; ++i) {
    auto rng = stream(i);
    std::vector<space::Table> tables(1 + static_cast<std::size_t>(rng.below(8)));
    for (auto& table : tables) table = random_table(rng, variables, 3);
    for (std::size_t variable = 0; variable < variables; ++variable)
      tables.push_back({{variable}, {{u"\0"s, {}}, {u"\1"s, {}}, {u"\2"s, {}}}});
    const auto expected = brute_force(tables, variables, 3);
    const auto sum = space::sum_of_products(tables, 100'000);
    CHECK(sum.number.exact == expected);
    CHECK_FALSE(sum.bound);
    const auto rough = space::sum_of_products(tables, 30);
    CHECK(rough.number.log10 >= std::log10(double(expected)) - 1e-9);
    CHECK(rough.number.exact.has_value() != rough.bound);
    bounds += rough.bound;
  }
  CHECK(bounds > 10);
}

TEST_CASE("what is too entangled to be counted gets an upper bound that says so") {
  // Every two of eight counts from 1 to 6 multiply: 6^8 combinations, and none of the counts parts the others.
  constexpr int counts = 8;
  std::string blocks, defines;
  for (int i = 0; i < counts; ++i) {
    const auto count = "repeat = { ref = \"d" + std::to_string(i) + "\" }";
    blocks += "{ op = \"conv\", name = \"s" + std::to_string(i) + "\", repeat = { int = [1, 6], name = \"d" +
              std::to_string(i) + "\" } },\n";
    defines += "[define.o" + std::to_string(i) +
               "]\nop = \"residual\"\ndraw = \"per-layer\"\nbody = [ { use = \"deep\", " + count + " } ]\n";
    for (int j = 0; j < i; ++j)
      blocks += "{ use = \"o" + std::to_string(j) + "\", name = \"p" + std::to_string(i) + std::to_string(j) + "\", " +
                count + " },\n";
  }
  const auto space = test::space_of("[model]\nblocks = [\n" + blocks + "]\n" + defines +
                                    "[define.deep]\nop = \"conv\"\ndraw = \"per-layer\"\nkernel.choice = [3, 5]\n");
  const auto begin = std::chrono::steady_clock::now();
  const auto size = space.size();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  CHECK(space.parameters().size() == counts + 28 * 36);
  CHECK(size.bound);
  CHECK_FALSE(size.exact);
  // The sum of 2^(sum of products of two) is 2^(28 * 36), and next to nothing more.
  const double right = 28 * 36 * std::log10(2);
  CHECK(size.log10 >= right);
  CHECK(size.log10 < right + 10);
  CHECK(seconds.count() < 20);  // a second or two
}

TEST_CASE("neighbours differ in one discrete parameter") {
  const auto space = test::example("nb201");
  CHECK(space.neighbours(space.defaults()).size() == 6 * 4);
  const auto zoo_space = test::space_of(zoo);
  for (const auto& neighbour : zoo_space.neighbours(zoo_space.defaults())) zoo_space.check(neighbour);
}

TEST_CASE("samples are even over the domains") {
  const auto space = test::space_of(R"([params.model]
a.choice = [1, 2, 4]
b.int = [1, 5]
c = { int = [1, 64], log = true }
d = { float = [1e-4, 1.0], log = true }
e = { normal = [5.0, 2.0] }
f = { subset = [1, 2, 3], k = 2 }
)");
  std::map<std::string, int> count;
  double logs = 0, sum = 0, squares = 0;
  int small = 0;
  const int draws = 20'000;
  auto rng = stream(0);
  for (int i = 0; i < draws; ++i) {
    const auto params = space.sample(rng);
    for (const auto* name : {"params.model.a", "params.model.b", "params.model.f"})
      ++count[name + space::to_text(params.at(name))];
    small += std::get<std::int64_t>(params.at("params.model.c")) <= 8;
    logs += std::log10(std::get<double>(params.at("params.model.d")));
    const double e = std::get<double>(params.at("params.model.e"));
    sum += e;
    squares += e * e;
  }
  const double n = draws;
  CHECK(count["params.model.a4"] / n == Catch::Approx(1.0 / 3).margin(0.02));
  CHECK(count["params.model.b1"] / n == Catch::Approx(0.2).margin(0.02));
  CHECK(count["params.model.b5"] / n == Catch::Approx(0.2).margin(0.02));
  CHECK(count["params.model.f1+3"] / n == Catch::Approx(1.0 / 3).margin(0.02));
  CHECK(small / n == Catch::Approx(std::log(8.5 / 0.5) / std::log(64.5 / 0.5)).margin(0.02));
  CHECK(logs / n == Catch::Approx(-2).margin(0.05));
  CHECK(sum / n == Catch::Approx(5).margin(0.1));
  CHECK(squares / n - sum / n * sum / n == Catch::Approx(4).margin(0.2));
}

TEST_CASE("the description is stable and names everything") {
  const auto space = test::space_of(zoo);
  const auto description = space.describe();
  CHECK(description.dump() == test::space_of(zoo).describe().dump());
  CHECK(description["parameters"].size() == space.parameters().size());
  CHECK(
      description["parameters"][0].dump() ==
      R"({"name":"stem.width","role":"architecture","domain":{"kind":"int","lo":8.0,"hi":64.0,"log":true,"step":8.0,"default":16}})");
  CHECK(description["constraints"][0] == "stem <= 2 * s1.width");
}
