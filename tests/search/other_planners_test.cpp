// Sobol, annealing, NNI's evolution.
#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <set>

#include "base/json.hpp"
#include "base/log.hpp"
#include "search/points/sobol_points.hpp"
#include "search/table.hpp"

using namespace assay;

namespace {

const std::vector<trial::Objective> score{{"score", true, {}}};

std::unique_ptr<trial::Planner> planner_of(const std::string& lines, const std::string& algorithm,
                                           std::uint64_t seed = 1) {
  base::set_verbosity(base::Level::quiet);
  const auto config = config::Config::parse(lines + "[search]\nalgorithm = \"" + algorithm + "\"\n", "t.toml");
  return search::make_planner(config, std::make_shared<const space::Space>(space::Space::load(config)), seed);
}

const std::string square = "[params.model]\nx.float = [0.0, 1.0]\ny.float = [0.0, 1.0]\n";

double number(const space::Params& params, const std::string& name) {
  return std::get<double>(params.at("params.model." + name));
}

/// Highest at (.8, .3).
std::optional<trial::Metrics> hill(trial::TrialId, const space::Params& params) {
  return trial::Metrics{{"score", -std::hypot(number(params, "x") - 0.8, number(params, "y") - 0.3)}};
}

}  // namespace

TEST_CASE("Sobol points: each aligned piece of 2^k has one point in every interval of 2^-k, along every axis") {
  const search::SobolPoints points(40, 7);
  for (const std::uint64_t begin : {0, 64, 1024}) {
    std::vector<std::set<int>> intervals(40);
    for (std::uint64_t i = begin; i < begin + 64; ++i) {
      const auto point = points.at(i);
      for (std::size_t j = 0; j < point.size(); ++j) {
        REQUIRE((point[j] > 0 && point[j] < 1));
        intervals[j].insert(int(point[j] * 64));
      }
    }
    for (const auto& axis : intervals) CHECK(axis.size() == 64);
  }
  // The first two axes are a (0, 2)-sequence: 64 points, one in each 8 x 8 cell.
  std::set<int> cells;
  for (std::uint64_t i = 0; i < 64; ++i) {
    const auto point = points.at(i);
    cells.insert(int(point[0] * 8) * 8 + int(point[1] * 8));
  }
  CHECK(cells.size() == 64);
  CHECK(search::SobolPoints(2, 7).at(5) == std::vector<double>{points.at(5)[0], points.at(5)[1]});
  CHECK(search::SobolPoints(2, 8).at(5) != search::SobolPoints(2, 7).at(5));
  CHECK(search::SobolPoints(4000, 1).at(3).size() == 4000);
}

TEST_CASE("scrambled Sobol points integrate better than random ones, and without bias") {
  // The integral of a product of four lines, 1/16: the mean of 256 points, over 50 seeds.
  double mean = 0, worst = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const search::SobolPoints points(4, seed);
    double sum = 0;
    for (std::uint64_t i = 0; i < 256; ++i) {
      const auto p = points.at(i);
      sum += p[0] * p[1] * p[2] * p[3] / 256;
    }
    mean += sum / 50;
    worst = std::max(worst, std::abs(sum - 1.0 / 16));
  }
  CHECK(mean == Catch::Approx(1.0 / 16).epsilon(0.002));
  CHECK(worst < 0.002);  // random points: standard deviation .0058
}

TEST_CASE("sobol: workers that ask at once draw the same sequence as one alone") {
  const auto alone = test::simulate(*planner_of(square, "sobol"), score, 64, 1, hill);
  const auto crowd = test::simulate(*planner_of(square, "sobol"), score, 64, 2, hill, 16);
  for (trial::TrialId i = 0; i < 64; ++i) CHECK(alone.find(i)->first.params == crowd.find(i)->first.params);
  const auto other = test::simulate(*planner_of(square, "sobol", 2), score, 1, 1, hill);
  CHECK(alone.find(0)->first.params != other.find(0)->first.params);
}

TEST_CASE("anneal: draws close in on the best trials") {
  const auto view = test::simulate(*planner_of(square, "anneal"), score, 200, 1, hill);
  double early = 0, late = 0;
  for (trial::TrialId i = 0; i < 50; ++i) early += view.find(i)->result()->metrics.at("score") / -50;
  for (trial::TrialId i = 150; i < 200; ++i) late += view.find(i)->result()->metrics.at("score") / -50;
  CHECK(late < early / 3);
  // After 199 trials neighbourhoods are 1 / (1 + 19.9) wide: the last draw is within half of that of its model.
  const auto& last = view.find(199)->first.params;
  const double half = 0.5 / (1 + 19.9) + 1e-9;
  const bool has_model = std::any_of(view.trials().begin(), view.trials().end(), [&](const auto& trial) {
    return trial->id < 199 && std::abs(number(trial->first.params, "x") - number(last, "x")) <= half;
  });
  CHECK(has_model);
}

TEST_CASE("naive evolution: losers leave, failed trials make room for random ones") {
  const auto view = test::simulate(
      *planner_of(square + "", "naive_evolution"), score, 200, 1,
      [](trial::TrialId id, const auto& params) { return id % 10 == 0 ? std::nullopt : hill(id, params); });
  std::set<std::string> losers;
  int children = 0, random = 0;
  for (const auto& trial : view.trials()) {
    const auto tag = trial->first.tags.find("loser");
    if (trial->first.note == "random") ++random;
    if (tag == trial->first.tags.end()) continue;
    ++children;
    CHECK(losers.insert(tag->second).second);  // nobody loses twice
    const auto winner = std::stol(trial->first.note.substr(9)), loser = std::stol(tag->second);
    CHECK(view.find(winner)->result()->metrics.at("score") >= view.find(loser)->result()->metrics.at("score"));
    int changed = 0;
    for (const auto& [name, value] : view.find(winner)->first.params) changed += trial->first.params.at(name) != value;
    CHECK(changed == 1);
  }
  CHECK(children + random == 200);
  // 16 to begin with, and one for each of the 20 that failed, the last perhaps not replaced yet.
  CHECK(random >= 16 + 18);
  CHECK(random <= 16 + 20);
}
