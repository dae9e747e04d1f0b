// Spaces of which constraints leave next to nothing.
#include <chrono>
#include <set>

#include "random_spaces.hpp"
#include "space/constraints/bounds.hpp"
#include "space/constraints/expression.hpp"

using namespace assay;
using test::space_of;

namespace {

space::Space product(const std::string& largest, const std::string& require, const std::string& defaults) {
  const auto initial = base::Json::parse(defaults);
  std::string text = "[params.model]\n";
  for (const auto& [name, value] : initial.items()) {
    text += fmt::format("{} = {{ int = [1, {}], default = {} }}\n", name, largest, value.dump());
  }
  return space_of(text + "[[constraint]]\nrequire = \"" + require + "\"\n");
}

std::size_t distinct(const space::Space& space, int draws) {
  base::Rng rng(1, "test", 0, "sparse");
  std::set<std::string> points;
  for (int i = 0; i < draws; ++i) {
    const auto params = space.sample(rng);
    space.check(params);
    points.insert(space::to_json(params).dump());
  }
  return points.size();
}

space::Draft draft_of(const space::Space& space, const space::Params& params) {
  space::Draft draft;
  for (const auto& parameter : space.parameters()) {
    const auto found = params.find(parameter.name);
    draft.push_back(found == params.end() ? std::nullopt : std::optional(found->second));
  }
  return draft;
}

/// The least ranges that hold all of these points.
space::Range hull(const std::vector<space::Draft>& drafts, std::size_t place) {
  space::Range range{.exists = false};
  bool first = true;
  for (const auto& draft : drafts) {
    if (!draft[place]) {
      range.missing = true;
      continue;
    }
    const auto* flag = std::get_if<bool>(&*draft[place]);
    const double number = flag != nullptr ? (*flag ? 1 : 0) : space::as_number(*draft[place]).value_or(0);
    range.lo = first ? number : std::min(range.lo, number);
    range.hi = first ? number : std::max(range.hi, number);
    range.exists = true;
    first = false;
  }
  if (drafts.size() == 1 && drafts[0][place]) range.only = &*drafts[0][place];
  return range;
}

}  // namespace

TEST_CASE("an equality of products is listed, and drawn evenly") {
  const auto space =
      product("1000", "params.model.a * params.model.b == params.model.c * 7 - 36", R"({"a": 6, "b": 1, "c": 6})");
  CHECK(distinct(space, 200) > 185);
  std::size_t count = 0;
  for (int a = 1; a <= 1000; ++a) {
    for (int b = 1; b <= 1000; ++b) count += (a * b + 36) % 7 == 0 && (a * b + 36) / 7 <= 1000;
  }
  const auto all = space.enumerate(20'000);
  REQUIRE(all);
  CHECK(all->size() == count);
  CHECK(space.valid_size().exact == count);
}

TEST_CASE("an equality with too many solutions to list is drawn without end, and quickly") {
  const auto space =
      product("100000", "params.model.a * params.model.b == params.model.c * 7 - 36", R"({"a": 6, "b": 1, "c": 6})");
  CHECK(space.valid_share() < 0.005);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(distinct(space, 500) > 400);
  base::Rng rng(1, "test", 0, "mutate");
  auto params = space.defaults();
  std::set<std::string> children;
  for (int i = 0; i < 100; ++i) {
    params = space.mutate(params, rng);
    space.check(params);
    children.insert(space::to_json(params).dump());
  }
  CHECK(children.size() > 50);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  CHECK(seconds.count() < 10);  // 600 draws; 40 ms each it was once
}

TEST_CASE("islands of reals far from the default are found") {
  const auto space = space_of(R"([params.model]
a = { float = [0.0, 1.0], default = 0.5 }
b = { float = [0.0, 1.0], default = 0.5 }
[[constraint]]
require = "abs(params.model.a - 0.5) + abs(params.model.b - 0.5) < 0.001 or abs(params.model.a - 0.9) + abs(params.model.b - 0.1) < 0.001"
)");
  base::Rng rng(1, "test", 0, "islands");
  int far = 0;
  for (int i = 0; i < 200; ++i) {
    const auto params = space.sample(rng);
    space.check(params);
    far += std::get<double>(params.at("params.model.a")) > 0.8;
  }
  INFO(far);
  CHECK((far > 20 && far < 180));
}

TEST_CASE("a group that holds nothing but the default says so") {
  const auto space = space_of(R"([params.model]
a = { float = [1.0, 2.0], default = 1.5 }
b = { int = [1, 1000], default = 3 }
[[constraint]]
require = "params.model.a * params.model.b == 4.5 and params.model.b == 3"
)");
  base::Rng rng(1, "test", 0, "stuck");
  try {
    space.sample(rng);
    FAIL_CHECK("a point was drawn");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()).find("no point but the default was found") != std::string::npos);
    CHECK(std::string(error.what()).find("test.toml:5:") != std::string::npos);
  }
}

TEST_CASE("bounds of a constraint hold all that it can be") {
  int refused = 0, constraints = 0;
  for (int number = 0; number < 400; ++number) {
    const test::RandomSpace made(number);
    const auto space = space_of(made.text());
    base::Rng rng(2, "test", number, "bounds");
    for (int round = 0; round < 10 && !space.constraints().empty(); ++round) {
      std::vector<space::Draft> drafts;
      for (int i = 0; i <= round % 4; ++i) {
        std::vector<double> unit(space.parameters().size());
        for (auto& coordinate : unit) coordinate = rng.uniform();
        drafts.push_back(draft_of(space, space.decode(unit)));
      }
      const auto ranges = [&](std::size_t place) { return hull(drafts, place); };
      for (const auto& constraint : space.constraints()) {
        const bool none = surely_false(*constraint.expression, ranges);
        const bool some = std::any_of(drafts.begin(), drafts.end(),
                                      [&](const auto& draft) { return holds(*constraint.expression, draft); });
        INFO(made.text() << constraint.text);
        CHECK_FALSE((none && some));
        if (drafts.size() == 1) CHECK(none != some);  // of one point they are exact
        ++constraints;
        refused += none;
      }
    }
  }
  CHECK(constraints > 3000);
  CHECK(refused > 300);
}

TEST_CASE("one zero") {
  const auto space = space_of(R"([params.model]
a = { normal = [0.0, 1.0], step = 0.5 }
b = { float = [-1.0, 1.0] }
c = { choice = [-0.0, 1.0] }
d = { normal = [0.0, 1.0] }
)");
  base::Rng rng(1, "test", 0, "zero");
  std::set<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.insert(space::to_text(space.sample(rng).at("params.model.a")));
  CHECK(texts.contains("0"));
  CHECK_FALSE(texts.contains("-0"));
  auto params = space.defaults();
  for (const auto* name : {"a", "b", "c", "d"}) params[std::string("params.model.") + name] = -0.0;
  for (const auto& point :
       {space.normalise(params), space.normalise(space::params_from_json(space::to_json(params)))}) {
    for (const auto& [name, value] : point) CHECK(space::to_text(value) == "0");
  }
  CHECK(space::to_text(std::get<double>(space::params_from_json({{"x", -0.0}}).at("x"))) == "0");
}

TEST_CASE("size tells conditions on other values of one parent apart") {
  const auto space = space_of(R"([model]
blocks = [ { name = "x", choice = [ { use = "e" }, { use = "d" } ] } ]
[define.e]
use = "d"
draw = "per-layer"
kernel.choice = [3, 5]
[define.d]
draw = "once"
op = "conv"
repeat.int = [1, 3]
)");
  const auto all = space.enumerate(1000);
  REQUIRE(all);
  CHECK(all->size() == 17);
  CHECK(space.size().exact == 17);
}
