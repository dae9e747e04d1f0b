// assay space: what is searched, before anything is trained.
#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "assay/programs.hpp"
#include "base/json.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using tests::run_program;
using tests::Scratch;

namespace {

const char* const small_space = R"toml([model]
input  = [1, 8, 8]
blocks = [
  { op = "conv", name = "stem", width = { choice = [4, 8], default = 8 } },
  { name = "tail", choice = [ { op = "skip" }, { name = "deep", op = "conv", kernel.choice = [3, 5], groups.choice = [1, 3] } ] },
  { op = "linear", width = "classes" },
]
[training]
lr = { float = [1e-4, 1e-1], log = true }
[[constraint]]
require = "stem.width == 8 or not active(tail.deep.kernel)"
)toml";

}  // namespace

TEST_CASE("space prints tree, size, valid share and sizes of networks") {
  if (!tests::built("assay")) SKIP("assay is not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("c.toml", small_space);
  const auto said = run_program(scratch, {"assay", "space", "c.toml"});
  INFO(said.error << said.out);
  REQUIRE(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("parameters: 4 of architecture, 1 of training"));
  CHECK_THAT(said.out, ContainsSubstring("    tail.deep.kernel"));  // below its parent
  CHECK_THAT(said.out, ContainsSubstring("(if tail = deep)"));
  CHECK_THAT(said.out, ContainsSubstring("10 points, times the reals"));
  CHECK_THAT(said.out, ContainsSubstring("networks can be built"));
  CHECK_THAT(said.out, ContainsSubstring("cannot be built, for example: block \"tail\""));
  CHECK_THAT(said.out, ContainsSubstring("multiply-adds"));
  CHECK_THAT(said.out, ContainsSubstring("with 10 classes"));
  CHECK_THAT(said.out, ContainsSubstring("searched together"));  // a warning
}

TEST_CASE("space as JSON, with more classes and samples") {
  if (!tests::built("assay")) SKIP("assay is not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("c.toml", small_space);
  const auto said = run_program(scratch, {"assay", "space", "c.toml", "--json", "--classes", "7", "--samples", "300",
                                          "--set", "training.lr=0.1"});
  INFO(said.error << said.out);
  REQUIRE(said.code == 0);
  const auto json = base::Json::parse(said.out);
  CHECK(json["parameters"].size() == 4);
  CHECK(json["size"]["exact"] == 10);
  CHECK(json["size"]["reals"] == false);
  CHECK(json["constraints"][0]["refused"].get<double>() == Catch::Approx(0.25).margin(0.05));
  CHECK(json["samples"]["drawn"] == 300);
  CHECK(json["samples"]["classes"] == 7);
  // stem 4 or 8 with the plain tail; 8 with kernel 3 or 5; where the groups do not divide the width nothing is built.
  CHECK(json["samples"]["distinct"] == 2 + 2 + 2);
  const auto failed = json["samples"]["failed"].get<double>() / 300;
  CHECK(failed == Catch::Approx(1.0 / 6).margin(0.07));
  CHECK(json["valid_share"].get<double>() == Catch::Approx(0.75 * (1 - failed)).margin(0.001));
  CHECK(json["samples"]["parameters"]["least"] == 4 * 9 + 2 * 4 + (4 * 64 + 1) * 7);
}

TEST_CASE("space refuses what is wrong with the place in the user's file") {
  if (!tests::built("assay")) SKIP("assay is not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("c.toml", "[params.model]\nx.int = [5, 1]\n");
  const auto said = run_program(scratch, {"assay", "space", "c.toml"});
  CHECK(said.code == 64);
  CHECK_THAT(said.error, ContainsSubstring("c.toml:2:"));
  CHECK(run_program(scratch, {"assay", "space", "nothing.toml"}).code == 64);
  scratch.write("d.toml", "[params.model]\nx.int = [1, 5]\n");
  CHECK(run_program(scratch, {"assay", "space", "d.toml", "--samples", "0"}).code == 64);
}
