// Constraints: what they mean, and that drawing with them is drawing again and again until they hold.
#include <fmt/format.h>

#include <array>
#include <catch2/catch_approx.hpp>
#include <cmath>
#include <map>
#include <set>

#include "base/json.hpp"
#include "space/domain.hpp"
#include "space/encoding.hpp"
#include "spaces.hpp"

using namespace assay;
using Catch::Approx;
using test::space_of;

namespace {

space::Space with(const std::string& params, const std::string& require) {
  return space_of("[params.model]\n" + params + "[[constraint]]\nrequire = '''" + require + "'''\n");
}

std::int64_t integer(const space::Params& params, const std::string& name) {
  return std::get<std::int64_t>(params.at("params.model." + name));
}

}  // namespace

TEST_CASE("what an expression means at a point") {
  const std::string domains = R"(n = { int = [0, 9], default = 4 }
op.choice = ["conv", "pool", { name = "attn", heads.choice = [2, 4] }]
mixed.choice = ["none", 4]
on.choice = [true, false]
)";
  const auto holds = [&](const std::string& require, std::int64_t n, const std::string& op, bool on = true) {
    const std::string p = "params.model.";
    space::Params params{{p + "n", n}, {p + "op", op}, {p + "mixed", std::int64_t{4}}, {p + "on", on}};
    if (op == "attn") params[p + "op.attn.heads"] = std::int64_t{4};
    std::string text;
    for (std::size_t i = 0; i < require.size(); ++i) text += require[i] == '@' ? p : std::string(1, require[i]);
    return with(domains, text).satisfies_constraints(params);
  };
  CHECK(holds("@n % 3 == 1", 4, "pool"));
  CHECK_FALSE(holds("@n % 3 == 1", 5, "pool"));
  CHECK(holds("-@n % 5 == 1", 4, "pool"));  // the sign of the divisor
  CHECK(holds("min(@n, 6, 7) + max(1, @n) == 8 or @n == 9", 9, "pool"));
  CHECK(holds("abs(@n - 9) <= 5 and @n / 2 >= 2", 4, "pool"));
  CHECK_FALSE(holds("abs(@n - 9) <= 5 and @n / 2 >= 2", 3, "pool"));
  CHECK(holds("@op == \"conv\" or @n > 5", 6, "pool"));
  CHECK_FALSE(holds("@op == 'conv' or @n > 5", 5, "pool"));
  CHECK(holds("@op != \"pool\"", 5, "attn"));
  CHECK(holds("@mixed == \"4\" or @n == 4", 5, "pool"));
  CHECK_FALSE(holds("@on", 5, "pool", false));
  CHECK_FALSE(holds("@on == true and not (@n > 8)", 9, "pool"));
  // and binds tighter than or
  CHECK(holds("@n == 4 or @n == 5 and @on", 4, "pool", false));

  // What does not exist decides nothing, unless it is asked whether it does.
  CHECK(holds("@op.attn.heads > 9 or @n == 4", 5, "pool"));
  CHECK_FALSE(holds("@op.attn.heads > 9 or @n == 4", 5, "attn"));
  CHECK(holds("not @op.attn.heads > 9", 5, "pool"));
  CHECK_FALSE(holds("@op.attn.heads > 9 and @n == 4", 5, "pool"));
  CHECK_FALSE(holds("active(@op.attn.heads) or @n == 4", 5, "pool"));
  CHECK(holds("active(@op.attn.heads) or @n == 4", 5, "attn"));
  CHECK_FALSE(holds("value(@op.attn.heads, 0) >= 1 or @n == 4", 5, "pool"));
  CHECK(holds("value(@op.attn.heads, 0) >= 1 or @n == 4", 5, "attn"));
}

TEST_CASE("stepped reals are the decimals that were written") {
  const auto texts = [](const std::string& domain) {
    std::string text;
    const auto space = space_of("[params.model]\nx = { " + domain + " }\n");
    const auto points = space.enumerate(100);
    for (const auto& point : *points) text += space::to_text(point.begin()->second) + " ";
    return text;
  };
  CHECK(texts("float = [0.0, 0.5], step = 0.1") == "0 0.1 0.2 0.3 0.4 0.5 ");
  CHECK(texts("float = [-0.3, 0.3], step = 0.1") == "-0.3 -0.2 -0.1 0 0.1 0.2 0.3 ");
  CHECK(texts("float = [1e-4, 1e-3], step = 3e-4") == "0.0001 0.0004 0.0007 0.001 ");
  CHECK(texts("float = [1.05, 2.0], step = 0.35") == "1.05 1.4 1.75 ");
  CHECK(texts("float = [0.3333333333333333, 2.0], step = 1.5") == "0.3333333333333333 1.8333333333333333 ");
  const auto fine = space_of("[params.model]\nx = { float = [-1.0, 1.0], step = 0.001 }\n");
  const auto points = *fine.enumerate(5000);
  REQUIRE(points.size() == 2001);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto right = fmt::format("{:.3f}", (static_cast<double>(i) - 1000) / 1000);
    CHECK(std::get<double>(points[i].begin()->second) == std::stod(right));
    CHECK(fine.decode(fine.encode(points[i])) == points[i]);
  }
  // As older versions wrote them: values in logs, and the default in study.json.
  const auto halves = space_of("[params.model]\nx = { float = [0.0, 0.5], step = 0.1 }\n");
  CHECK(space::to_text(halves.defaults().begin()->second) == "0.3");
  CHECK(halves.describe()["parameters"][0]["domain"]["default"].get<double>() == 3 * 0.1);
  const auto old = fine.normalise({{"params.model.x", -1 + 1300 * 0.001}});
  CHECK(space::to_text(old.at("params.model.x")) == "0.3");
}

TEST_CASE("numbers are compared as they are written, not by their last bits") {
  const auto left = [](const std::string& domain, const std::string& require) {
    return with("d = " + domain + "\n", require).enumerate(1000)->size();
  };
  const std::string tenths = "{ float = [0.0, 0.5], step = 0.1 }";
  CHECK(left(tenths, "params.model.d <= 0.3") == 4);
  CHECK(left("{ float = [0.0, 0.5], step = 0.1, default = 0.1 }", "params.model.d != 0.3") == 5);
  CHECK(left("{ float = [0.0, 0.5], step = 0.1, default = 0.3 }", "params.model.d == 0.3") == 1);
  CHECK(left("{ float = [0.0, 0.5], step = 0.1, default = 0.2 }", "params.model.d < 0.1 + 0.2") == 3);
  CHECK(left("{ float = [0.0, 0.5], step = 0.1, default = 0.5 }", "params.model.d > 0.1 * 3") == 2);
  CHECK(left("{ float = [0.0, 0.5], step = 0.1, default = 0.3 }", "3 * params.model.d >= 0.9") == 3);
  CHECK(left("{ float = [0.0, 1.0], step = 0.05, default = 0.3 }", "params.model.d % 0.1 == 0") == 11);
  CHECK(left("{ float = [-1.0, 0.0], step = 0.05, default = -0.3 }", "params.model.d % 0.1 == 0") == 11);
  CHECK(left("{ choice = [1000000001, 1000000002, 1000000003], default = 1000000002 }", "params.model.d % 2 == 0") ==
        1);
}

TEST_CASE("what intervals leave out no point keeps, and the other way round") {
  const std::string domains = R"(a = { float = [-0.4, 0.5], step = 0.1, default = 0.1 }
b = { float = [0.05, 0.6], step = 0.05, default = 0.1 }
c = { choice = [0.1, 0.2, 0.3, 0.7], default = 0.1 }
)";
  const auto all = *space_of("[params.model]\n" + domains).enumerate(1000);
  REQUIRE(all.size() == 10 * 12 * 4);
  const auto number = [](const space::Params& point, const char* name) {
    return std::llround(20 * std::get<double>(point.at(std::string("params.model.") + name)));
  };
  const auto check = [&](const std::string& require, auto right) {
    INFO(require);
    const auto space = with(domains, require + " or params.model.a + params.model.b + params.model.c == 0.3");
    const auto kept = *space.enumerate(1000);
    std::size_t expected = 0;
    for (const auto& point : all) {
      const auto a = number(point, "a"), b = number(point, "b"), c = number(point, "c");
      const bool keeps = right(a, b, c) || a + b + c == 6;
      CHECK(space.satisfies_constraints(point) == keeps);
      expected += keeps;
    }
    CHECK(kept.size() == expected);
    CHECK(space.valid_size().exact == expected);
  };
  using Int = long long;
  check("params.model.a + params.model.b == params.model.c", [](Int a, Int b, Int c) { return a + b == c; });
  check("params.model.a + params.model.b < params.model.c", [](Int a, Int b, Int c) { return a + b < c; });
  check("params.model.a + params.model.b >= params.model.c", [](Int a, Int b, Int c) { return a + b >= c; });
  check("params.model.a * 3 <= params.model.b - params.model.c", [](Int a, Int b, Int c) { return 3 * a <= b - c; });
  check("params.model.b / params.model.c == 0.5", [](Int, Int b, Int c) { return 2 * b == c; });
  check("params.model.b % params.model.c == 0 and params.model.a != 0.3",
        [](Int a, Int b, Int c) { return b % c == 0 && a != 6; });
  check("min(params.model.a, params.model.b) > params.model.c - 0.1",
        [](Int a, Int b, Int c) { return std::min(a, b) > c - 2; });
}

TEST_CASE("listed values are drawn as often as redrawing would") {
  const auto space = with("a = { int = [1, 8], log = true, default = 2 }\nb.choice = [1, 2, 4]\nc.int = [1, 3]\n",
                          "params.model.a <= params.model.b");
  std::map<std::pair<std::int64_t, std::int64_t>, double> listed, redrawn;
  base::Rng rng(1, "test", 0, "listed");
  int drawn = 0, kept = 0;
  for (int i = 0; i < 60'000; ++i) {
    const auto direct = space.sample(rng);
    listed[{integer(direct, "a"), integer(direct, "b")}] += 1 / 60'000.0;
    const auto even = space.decode({rng.uniform(), rng.uniform(), rng.uniform()});
    ++drawn;
    if (!space.satisfies_constraints(even)) continue;
    ++kept;
    ++redrawn[{integer(even, "a"), integer(even, "b")}];
  }
  CHECK(space.valid_share() == Approx(double(kept) / drawn).margin(0.01));
  CHECK(space.refused_shares().at(0) == Approx(1 - space.valid_share()).margin(0.05));
  CHECK(listed.size() == redrawn.size());
  for (const auto& [values, share] : listed) CHECK(share == Approx(redrawn[values] / kept).margin(0.01));
}

TEST_CASE("where one draw in millions is valid a walk finds points, spread over all that is allowed") {
  std::string domains, sum;
  for (int i = 0; i < 10; ++i) {
    domains += "x" + std::to_string(i) + " = { float = [0.0, 1.0], default = 0.05 }\n";
    sum += (i > 0 ? " + " : "") + std::string("params.model.x") + std::to_string(i);
  }
  const auto space = with(domains, sum + " <= 1");  // 1 in 10! of the cube
  CHECK(space.valid_share() < 0.001);
  base::Rng rng(1, "test", 0, "walk");
  std::array<double, 10> mean{};
  const int draws = 2000;
  for (int i = 0; i < draws; ++i) {
    const auto params = space.sample(rng);
    REQUIRE(space.satisfies_constraints(params));
    for (std::size_t j = 0; j < 10; ++j)
      mean[j] += std::get<double>(params.at("params.model.x" + std::to_string(j))) / draws;
  }
  for (const double one : mean) CHECK(one == Approx(1.0 / 11).margin(0.01));  // of the simplex with its corner at 0
  CHECK(space.warnings().front().find("the constraints refuse 100 %") != std::string::npos);
}

TEST_CASE("an impossible draw names the constraint that refuses most") {
  const auto space = with("a = { float = [0.0, 1.0], default = 0.5 }\nb = { float = [0.0, 1.0], default = 0.5 }\n",
                          "params.model.a == params.model.b");
  base::Rng rng(1, "test", 0, "tight");
  try {
    space.sample(rng);
    FAIL_CHECK("found a point");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    CHECK(std::string(error.what()).find("test.toml:5:") != std::string::npos);
    CHECK(std::string(error.what()).find("\"params.model.a == params.model.b\" alone refuses 100 %") !=
          std::string::npos);
  }
}

TEST_CASE("mutation and crossover within equalities keep them") {
  const auto space = with("a.int = [1, 9]\nb.int = [1, 9]\nc.int = [1, 9]\n", "params.model.a == params.model.b");
  base::Rng rng(1, "test", 0, "equal");
  std::set<std::int64_t> seen;
  auto params = space.defaults();
  for (int i = 0; i < 300; ++i) {
    params = space.crossover(space.mutate(params, rng), space.sample(rng), rng);
    CHECK(integer(params, "a") == integer(params, "b"));
    seen.insert(integer(params, "a"));
  }
  CHECK(seen.size() == 9);
}

TEST_CASE("subsets: sets, permutations, multisets and sequences") {
  const auto count_of = [](const std::string& options) {
    const auto space = space_of("[params.model]\nx = { subset = [\"a\", \"b\", \"c\", \"d\"], " + options + " }\n");
    const auto all = space.enumerate(1000);
    REQUIRE(all);
    std::set<std::string> distinct;
    for (const auto& params : *all) {
      space.check(params);
      CHECK(space.decode(space.encode(params)) == params);
      distinct.insert(space::to_text(params.begin()->second));
    }
    CHECK(distinct.size() == all->size());
    CHECK(space.size().exact == all->size());
    return all->size();
  };
  CHECK(count_of("k = 2") == 6);
  CHECK(count_of("k = 3, sorted = false") == 24);
  CHECK(count_of("k = 4, sorted = false") == 24);
  CHECK(count_of("k = 2, distinct = false") == 10);
  CHECK(count_of("k = 3, distinct = false, sorted = false") == 64);
  const auto space = space_of("[params.model]\nx = { subset = [3, 5], k = 3, distinct = false, sorted = false }\n");
  const space::Params params{{"params.model.x", std::vector<std::string>{"5", "3", "5"}}};
  CHECK(space.instantiate(params)["params"]["model"]["x"].dump() == "[5,3,5]");
}

TEST_CASE("size counts shared counts of repeats inside of a choice once") {
  // `copies` decides about layers of a block that exists only in one branch: its conditions are no tree.
  const auto space = space_of(R"([model]
blocks = [
  { op = "conv", name = "stem", repeat = { int = [1, 2], name = "copies" } },
  { name = "t", choice = [ { op = "skip" }, { name = "deep", use = "stage" } ] },
]
[define.stage]
op = "conv"
draw = "per-layer"
repeat.ref = "copies"
kernel.choice = [1, 3, 5]
)");
  const auto all = space.enumerate(1000);
  REQUIRE(all);
  CHECK(all->size() == 2 + 3 + 9);  // skip with 1 or 2 copies; deep with 1; deep with 2
  CHECK(space.size().exact == 2 + 3 + 9);
}

TEST_CASE("a choice of blocks inside of a define is drawn as the define is") {
  const auto names = [](const std::string& draw) {
    const auto space = space_of(R"([model]
blocks = [ { use = "b", name = "x" }, { use = "b", name = "y" } ]
[define.b]
op = "residual"
body = [ { name = "inner", choice = [ { op = "skip" }, { name = "c", op = "conv", kernel.choice = [1, 3] } ] } ]
)" + draw);
    std::string text;
    for (const auto& parameter : space.parameters()) text += parameter.name + " ";
    return text;
  };
  CHECK(names("") == "b.body.inner b.body.inner.c.kernel ");
  CHECK(names("draw = \"per-use\"\n") == "x.body.inner x.body.inner.c.kernel y.body.inner y.body.inner.c.kernel ");
}

TEST_CASE("encodings for models") {
  const auto space = space_of(R"([params.model]
k.choice = [3, 5, 7]
op.choice = ["conv", { name = "attn", heads.choice = [2, 4] }]
lr = { float = [0.0, 2.0] }
size = { choice = ["s", "m", "l"], ordered = true, default = "m" }
)");
  const auto point = space.with_defaults({{"params.model.k", std::int64_t{7}}, {"params.model.lr", 0.5}});
  using space::Encoder;
  using space::Encoding;
  using Vector = std::vector<double>;
  CHECK(Encoder(space, Encoding::mixed)(point) == Vector{2.5 / 3, 0, -1, 0.25, 0.5});
  CHECK(Encoder(space, Encoding::rank)(point) == Vector{2, 0, -1, 0.25, 1});
  CHECK(Encoder(space, Encoding::one_hot)(point) == Vector{2.5 / 3, 1, 0, 0, 0, 0.25, 0.5});
  const auto attn = space.with_defaults({{"params.model.op", std::string("attn")}});
  CHECK(Encoder(space, Encoding::mixed)(attn) == Vector{0.5, 1, 0.25, 0.5, 0.5});
  CHECK(Encoder(space, Encoding::one_hot)(attn) == Vector{0.5, 0, 1, 0.25, 1, 0.5, 0.5});
  std::string names;
  const Encoder one_hot(space, Encoding::one_hot);
  for (const auto& column : one_hot.columns()) names += column.name + ",";
  const std::string p = "params.model.";
  CHECK(names == p + "k," + p + "op=conv," + p + "op=attn," + p + "op.attn.heads," + p + "op.attn.heads exists," + p +
                     "lr," + p + "size,");
}
