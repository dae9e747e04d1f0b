#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "search/points/parzen.hpp"
#include "search/points/quality_split.hpp"
#include "trial/view_builder.hpp"

using namespace assay;
using Catch::Approx;
using search::Parzen;

namespace {

std::shared_ptr<const space::Space> space_of(const std::string& lines) {
  return std::make_shared<const space::Space>(
      space::Space::load(config::Config::parse("[params.model]\n" + lines, "t.toml")));
}

space::Params at(const std::string& name, space::Value value) { return {{"params.model." + name, std::move(value)}}; }

/// Columns of trials 0, 1, .. at these points.
search::Columns columns_of(const std::shared_ptr<const space::Space>& space, const std::vector<space::Params>& points) {
  trial::ViewBuilder builder;
  builder.objectives({{"score", true, {}}}).max_trials(100);
  for (std::size_t i = 0; i < points.size(); ++i) builder.done(trial::TrialId(i), points[i], {{"score", double(i)}});
  search::History history(space);
  history.update(builder.build());
  search::Columns columns(space);
  columns.update(history.trials());
  return columns;
}

Parzen estimator(const search::Columns& columns, std::size_t trials) {
  search::KernelMemory memory;
  std::vector<trial::TrialId> members;
  for (std::size_t i = 0; i < trials; ++i) members.push_back(trial::TrialId(i));
  return Parzen(columns, columns.blocks(true).front(), members, std::vector<double>(trials, 1), {}, memory);
}

std::vector<double> densities(const Parzen& parzen, const std::vector<double>& values) {
  auto result = parzen.log_density({values.size(), values});
  for (auto& value : result) value = std::exp(value);
  return result;
}

}  // namespace

TEST_CASE("a Parzen density over the reals, worked out by hand") {
  const auto space = space_of("x.float = [0.0, 10.0]\n");
  const auto columns = columns_of(space, {at("x", 2.0), at("x", 6.0)});
  const auto parzen = estimator(columns, 2);
  // Widths: the gap .4, more than 1 / 4. At .5, each divided by its mass in [0, 1]:
  // phi(.75) / .4 / (Phi(2) - Phi(-.5)) = 1.12581, phi(.25) / .4 / (Phi(1) - Phi(-1.5)) = 1.24806; the prior:
  // phi(0) / (Phi(.5) - Phi(-.5)) = 1.04183.
  CHECK(densities(parzen, {0.5})[0] == Approx((1.12581 + 1.24806 + 1.04183) / 3).epsilon(1e-5));

  std::vector<double> places;
  for (int i = 0; i < 1000; ++i) places.push_back((i + 0.5) / 1000);
  double total = 0;
  for (const double density : densities(parzen, places)) total += density / 1000;
  CHECK(total == Approx(1).epsilon(1e-5));
}

TEST_CASE("where the prior is a neighbour, as in hyperopt and NNI, it narrows the kernels beside it") {
  const auto space = space_of("x.float = [0.0, 1.0]\n");
  const auto columns = columns_of(space, {at("x", 0.2), at("x", 0.6)});
  search::KernelMemory memory;
  const Parzen parzen(columns, columns.blocks(true).front(), {0, 1}, {1, 1}, {.prior_is_neighbour = true}, memory);
  // Widths: .5 - .2 = .3, and .6 - .5 = .1, which becomes 1 / 4. At .5 by the three kernels, the prior's last.
  CHECK(densities(parzen, {0.5})[0] == Approx((1.084569 + 1.572119 + 1.041829) / 3).epsilon(1e-5));
}

TEST_CASE("a Parzen estimate over categories, worked out by hand") {
  const auto space = space_of("op.choice = [\"a\", \"b\", \"c\"]\n");
  const auto columns = columns_of(space, {at("op", std::string("a")), at("op", std::string("a"))});
  // A third of a trial is spread over the three: a keeps (1 + 1/3) / 2, the others take (1/3) / 2 each; the prior 1/3.
  const auto found = densities(estimator(columns, 2), {0, 1, 2});
  CHECK(found[0] == Approx((2.0 / 3 + 2.0 / 3 + 1.0 / 3) / 3));
  CHECK(found[1] == Approx((1.0 / 6 + 1.0 / 6 + 1.0 / 3) / 3));
  CHECK(found[2] == Approx(found[1]));
}

TEST_CASE("on grids, probabilities sum up to one and draws follow them") {
  for (const auto* domain :
       {"n.int = [1, 5]\n", "n = { int = [1, 64], log = true }\n", "n = { float = [0.0, 1.0], step = 0.25 }\n",
        "n = { choice = [32, 8, 64], ordered = true }\n", "n = { normal = [10, 4], step = 2 }\n"}) {
    CAPTURE(domain);
    const auto space = space_of(domain);
    base::Rng rng(1, "test", 0, "points");
    std::vector<space::Params> points;
    for (int i = 0; i < 7; ++i) points.push_back(space->sample(rng));
    const auto columns = columns_of(space, points);
    REQUIRE(columns.axes().front().kind == search::Axis::Kind::grid);
    const auto parzen = estimator(columns, points.size());
    std::vector<double> cells;
    for (std::int64_t i = 0; i < columns.axes().front().cells; ++i) cells.push_back(double(i));
    const auto expected = densities(parzen, cells);
    double total = 0;
    for (const double value : expected) total += value;
    CHECK(total == Approx(1).epsilon(1e-6));

    constexpr std::size_t draws = 40'000;
    std::vector<double> shares(cells.size());
    for (const double cell : parzen.sample(draws, rng).values) shares[std::size_t(cell)] += 1.0 / draws;
    for (std::size_t i = 0; i < cells.size(); ++i) CHECK(std::abs(shares[i] - expected[i]) < 0.015);
  }
}

TEST_CASE("densities are those of Optuna 5.0.0") {
  // Of its _ParzenEstimator (prior weight 1, magic clip, no endpoints, multivariate), of reals per unit of the range.
  const std::vector<std::string> lines{
      "c.choice = [\"a\", \"b\", \"c\"]\n",         "k = { int = [1, 64], log = true }\n",
      "lr = { float = [1e-4, 1.0], log = true }\n", "n.int = [1, 5]\n",
      "s = { float = [0.0, 1.0], step = 0.25 }\n",  "x.float = [0.0, 10.0]\n"};
  const auto point = [](const char* c, std::int64_t k, double lr, std::int64_t n, double s, double x) {
    const std::string p = "params.model.";
    return space::Params{
        {p + "c", std::string(c)}, {p + "k", k}, {p + "lr", lr}, {p + "n", n}, {p + "s", s}, {p + "x", x}};
  };
  const std::vector<space::Params> all{
      point("a", 8, 1e-2, 1, 0.25, 2.0), point("b", 60, 3e-4, 4, 0.5, 6.5), point("a", 3, 0.5, 3, 1.0, 6.0),
      point("c", 16, 2e-3, 5, 0.0, 0.0), point("a", 1, 1e-3, 2, 0.75, 9.0),
      // where the density is asked for
      point("a", 10, 5e-3, 3, 0.5, 1.0), point("b", 2, 0.9, 4, 0.0, 6.2), point("c", 64, 1e-4, 1, 0.75, 10.0)};
  const std::vector<std::vector<double>> alone{{-0.730888, -1.349927, -1.349927}, {-3.724260, -2.249574, -5.926649},
                                               {0.130520, -0.617725, -0.141177},  {-1.537711, -1.543092, -1.721238},
                                               {-1.537711, -1.721238, -1.543092}, {0.108436, 0.040097, -0.222058}};
  const auto check = [&](const std::string& text, const std::vector<double>& expected) {
    const auto space = space_of(text);
    std::vector<space::Params> points;
    for (auto params : all) {
      std::erase_if(params, [&](const auto& item) { return space->find(item.first) == nullptr; });
      points.push_back(params);
    }
    const auto columns = columns_of(space, points);
    search::Candidates asked{3, {}};
    for (std::size_t axis = 0; axis < columns.axes().size(); ++axis) {
      for (std::size_t i = 5; i < 8; ++i) asked.values.push_back(columns.at(axis).values[i]);
    }
    const auto found = estimator(columns, 5).log_density(asked);
    for (std::size_t i = 0; i < 3; ++i) CHECK(found[i] == Approx(expected[i]).margin(2e-6));
  };
  std::string together;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    INFO(lines[i]);
    check(lines[i], alone[i]);
    together += lines[i];
  }
  check(together, {-7.976651, -8.401271, -12.032925});
}

TEST_CASE("columns give each point back") {
  const auto space = space_of(
      "a.float = [0.0, 1.0]\nb = { int = [1, 1000], log = true }\nc.choice = [true, false]\n"
      "d = { choice = [4, 2, 8], ordered = true }\ne.subset = [\"x\", \"y\", \"z\"]\nf.normal = [0, 1]\n"
      "g = { normal = [0, 3], step = 1 }\nh = { float = [1e-5, 1.0], log = true }\ni.choice = [7]\n");
  base::Rng rng(1, "test", 0, "points");
  std::vector<space::Params> points;
  for (int i = 0; i < 50; ++i) points.push_back(space->sample(rng));
  const auto columns = columns_of(space, points);
  for (std::size_t trial = 0; trial < points.size(); ++trial) {
    std::vector<double> coordinates;
    for (std::size_t i = 0; i < columns.axes().size(); ++i) coordinates.push_back(columns.at(i).values[trial]);
    for (std::size_t i = 0; i < space->parameters().size(); ++i) {
      const auto& name = space->parameters()[i].name;
      const auto value = columns.value_of(i, coordinates);
      CAPTURE(name, trial, space::to_text(value), space::to_text(points[trial].at(name)));
      if (const auto* number = std::get_if<double>(&value)) {
        CHECK(*number == Approx(std::get<double>(points[trial].at(name))).epsilon(1e-6).margin(1e-6));
      } else {
        CHECK(space::same(value, points[trial].at(name)));
      }
    }
  }
}

TEST_CASE("weights rise with age up to the youngest 25") {
  CHECK(search::age_weights(25) == std::vector<double>(25, 1));
  const auto weights = search::age_weights(28);
  CHECK(weights[0] == Approx(1.0 / 28));
  CHECK(weights[1] == Approx((1 + 1.0 / 28) / 2));
  CHECK(weights[2] == 1);
}

TEST_CASE("the mass of a normal, also far out") {
  CHECK(std::exp(search::log_normal_mass(-1, 2)) == Approx(0.818594614));
  CHECK(std::exp(search::log_normal_mass(1, 2)) == Approx(0.135905122));
  CHECK(search::log_normal_mass(8, 9) == Approx(std::log(6.2198e-16)).epsilon(1e-5));
  CHECK(search::log_normal_mass(-9, -8) == search::log_normal_mass(8, 9));
}

TEST_CASE("good and bad with one objective: constraints first, stopped after finished, failed and pending never") {
  const auto space = space_of("x.float = [0.0, 1.0]\n");
  const auto config = config::Config::parse("[[constraint]]\nmetric = \"size\"\nat_most = 10\n", "t.toml");
  trial::ViewBuilder builder;
  builder.judge(trial::judge_of({{"score", true, {}}}, config)).max_trials(100);
  const auto point = at("x", 0.5);
  builder.done(0, point, {{"score", 1}, {"size", 5}}).done(1, point, {{"score", 3}, {"size", 5}});
  builder.done(2, point, {{"score", 9}, {"size", 20}}).done(3, point, {{"score", 8}, {"size", 15}});
  const auto other = [&](trial::TrialId id, trial::State state, trial::Metrics metrics) {
    trial::Trial trial{.id = id, .first = {.params = point}, .proposed = true, .rungs = {}};
    trial.rungs.push_back({.item = {id, 0}, .attempt = 1, .state = state});
    trial.rungs.front().metrics = std::move(metrics);
    builder.trial(std::move(trial));
  };
  other(4, trial::State::running, {});
  other(5, trial::State::failed, {});
  other(6, trial::State::stopped, {{"score", 7}, {"size", 5}});
  search::History history(space);
  history.update(builder.build());
  using Ids = std::vector<trial::TrialId>;
  CHECK(search::split_by_quality(history, 1).good == Ids{1});
  CHECK(search::split_by_quality(history, 2).good == Ids{0, 1});
  CHECK(search::split_by_quality(history, 3).good == Ids{0, 1, 6});
  CHECK(search::split_by_quality(history, 4).good == Ids{0, 1, 3, 6});
  CHECK(search::split_by_quality(history, 4).bad == Ids{2, 4, 5});
  CHECK(search::split_by_quality(history, 9).bad == Ids{4, 5});
  CHECK(search::split_by_quality(history, 2, true).good == Ids{1, 4});
}

TEST_CASE("of trials that were stopped, those stopped later are better, whatever their score") {
  const auto space = space_of("x.float = [0.0, 1.0]\n");
  trial::ViewBuilder builder;
  builder.objectives({{"score", true, {}}}).max_trials(100);
  const std::vector<std::pair<std::int64_t, double>> stopped{{3, 0.9}, {20, 0.5}, {20, 0.6}, {3, 0.95}};
  for (std::size_t i = 0; i < stopped.size(); ++i) {
    const auto id = static_cast<trial::TrialId>(i);
    trial::Trial trial{.id = id, .first = {.params = at("x", 0.5)}, .proposed = true, .rungs = {}};
    trial.rungs.push_back({.item = {id, 0}, .attempt = 1, .state = trial::State::stopped});
    trial.rungs.front().metrics = {{"score", stopped[i].second}};
    trial.rungs.front().reports = {{.step = stopped[i].first, .metrics = {{"score", stopped[i].second}}}};
    builder.trial(std::move(trial));
  }
  search::History history(space);
  history.update(builder.build());
  using Ids = std::vector<trial::TrialId>;
  CHECK(search::split_by_quality(history, 1).good == Ids{2});
  CHECK(search::split_by_quality(history, 2).good == Ids{1, 2});
  CHECK(search::split_by_quality(history, 3).good == Ids{1, 2, 3});
}

TEST_CASE("how many trials are good: by Optuna's share, and by NNI's root") {
  // default_gamma and default_gamma_multiobjective of Optuna 5.0.0.
  const std::vector<std::pair<std::size_t, std::size_t>> optuna{{5, 1},  {10, 1},   {11, 2},
                                                                {25, 3}, {100, 10}, {240, 24}};
  for (const auto& [ended, good] : optuna) {
    CHECK(search::good_count(ended, 0.1, false, false) == good);
    CHECK(search::good_count(ended, 0.1, false, true) == good);
  }
  CHECK(search::good_count(1000, 0.1, false, false) == 25);
  CHECK(search::good_count(1000, 0.1, false, true) == 100);
  // min(ceil(0.25 sqrt(n)), 25)
  CHECK(search::good_count(16, 0.25, true, false) == 1);
  CHECK(search::good_count(17, 0.25, true, false) == 2);
  CHECK(search::good_count(400, 0.25, true, false) == 5);
  CHECK(search::good_count(40'000, 0.25, true, true) == 25);
}

TEST_CASE("good and bad with two objectives: by layer, the last one by volume") {
  const auto space = space_of("x.float = [0.0, 1.0]\n");
  trial::ViewBuilder builder;
  builder.objectives({{"a", true, {}}, {"b", false, {}}}).max_trials(100);
  // Layer 0: 0, 1, 2, 3; of these 1 is close to 2 and adds little. Layer 1: 4.
  const std::vector<std::pair<double, double>> values{{0, 0}, {4.9, 4.95}, {5, 5}, {10, 10}, {4, 6}};
  for (std::size_t i = 0; i < values.size(); ++i)
    builder.done(trial::TrialId(i), at("x", 0.5), {{"a", values[i].first}, {"b", values[i].second}});
  search::History history(space);
  history.update(builder.build());
  using Ids = std::vector<trial::TrialId>;
  CHECK(search::split_by_quality(history, 1).good == Ids{2});
  CHECK(search::split_by_quality(history, 3).good == Ids{0, 2, 3});
  CHECK(search::split_by_quality(history, 4).good == Ids{0, 1, 2, 3});
  CHECK(search::split_by_quality(history, 5).good == Ids{0, 1, 2, 3, 4});
}
