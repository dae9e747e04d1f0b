#include "search/rungs/explore.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <memory>
#include <set>

using namespace assay;

TEST_CASE("exploring: each kind of parameter moves by its own step, within its bounds") {
  const auto config = config::Config::parse(
      "[params.training]\nlr = { float = [0.001, 1.0], log = true }\nx = { float = [0.0, 10.0] }\n"
      "n.int = [1, 5]\nc.choice = [\"a\", \"b\", \"c\"]\nbatch.int = [24, 4024]\nwide = { float = [0.0, 4.0], step = "
      "2.0 }\ng = { normal = [0.0, 2.0] }\n"
      "[params.model]\nwidth.int = [1, 64]\n",
      "t.toml");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  CHECK(search::can_explore(*space));
  const auto at = [](const space::Params& params, const char* name) {
    return params.at(std::string("params.training.") + name);
  };
  auto params = space->defaults();
  params["params.training.lr"] = 0.1;
  params["params.training.x"] = 9.5;
  params["params.training.n"] = std::int64_t{1};
  params["params.training.c"] = std::string("b");
  params["params.training.g"] = 1.0;
  params["params.training.batch"] = std::int64_t{1024};
  params["params.training.wide"] = 2.0;
  std::set<double> lr, x, g, wide;
  std::set<std::int64_t> n, batch;
  std::set<std::string> c;
  base::Rng rng(1, "search", 0, "test");
  for (int i = 0; i < 60; ++i) {
    const auto moved = search::explore(*space, params, {.resample = 0, .factor = 0.2}, rng);
    lr.insert(std::round(1e6 * std::get<double>(at(moved, "lr"))) / 1e6);
    x.insert(std::get<double>(at(moved, "x")));
    g.insert(std::get<double>(at(moved, "g")));
    batch.insert(std::get<std::int64_t>(at(moved, "batch")));
    wide.insert(std::get<double>(at(moved, "wide")));
    n.insert(std::get<std::int64_t>(at(moved, "n")));
    c.insert(std::get<std::string>(at(moved, "c")));
    CHECK(moved.at("params.model.width") == params.at("params.model.width"));  // the checkpoint must fit
  }
  // A fifth of three decades up or down.
  CHECK(lr == std::set{std::round(1e6 * std::pow(10, -1.6)) / 1e6, std::round(1e6 * std::pow(10, -0.4)) / 1e6});
  CHECK(x == std::set{7.5, 10.0});
  CHECK(g == std::set{0.6, 1.4});
  CHECK(n == std::set<std::int64_t>{1, 2});
  // A fifth of the 4,001 values; of three steps at least one.
  REQUIRE(batch.size() == 2);
  CHECK(std::abs(*batch.begin() - 224) <= 1);
  CHECK(std::abs(*batch.rbegin() - 1824) <= 1);
  CHECK(wide == std::set{0.0, 4.0});
  CHECK(c == std::set<std::string>{"a", "c"});
  bool far = false;
  for (int i = 0; i < 60; ++i) {
    const auto drawn = std::get<double>(at(search::explore(*space, params, {.resample = 1, .factor = 0.2}, rng), "x"));
    far = far || drawn < 7;
  }
  CHECK(far);
}
