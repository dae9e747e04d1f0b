// Does a search find more than random draws at equal cost? On nas-bench-macro, where every answer is known.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>

#include "base/log.hpp"
#include "search/table.hpp"
#include "stats/hypervolume.hpp"
#include "stats/summary.hpp"
#include "trial/standing.hpp"

using namespace assay;

namespace {

constexpr int seeds = 40;

std::unique_ptr<trial::Planner> planner(const std::string& algorithm, const std::string& more = "") {
  base::set_verbosity(base::Level::quiet);
  const auto config = test::macro_config("[search]\nalgorithm = \"" + algorithm + "\"\n" + more);
  return search::make_planner(config, std::make_shared<const space::Space>(space::Space::load(config)), 1);
}

/// Best accuracy after so many trials, one value per seed.
std::vector<double> best_of(const test::Table& table, const std::string& algorithm, std::int64_t trials,
                            std::int64_t workers) {
  std::vector<double> best;
  const auto measure = [&](trial::TrialId, const space::Params& params) {
    return std::optional(trial::Metrics{{"accuracy", table.at(params).accuracy}});
  };
  for (int seed = 0; seed < seeds; ++seed) {
    const auto view =
        test::simulate(*planner(algorithm), {{"accuracy", true, {}}}, trials, std::uint64_t(seed), measure, workers);
    const trial::Standings standings(view);
    best.push_back(*standings.best()->value);
  }
  return best;
}

std::vector<double> volumes(const test::Table& table, const std::string& algorithm, std::int64_t trials) {
  std::vector<double> volumes;
  const auto measure = [&](trial::TrialId, const space::Params& params) {
    const auto& row = table.at(params);
    return std::optional(trial::Metrics{{"accuracy", row.accuracy}, {"flops", row.flops / 1e6}});
  };
  for (int seed = 0; seed < seeds; ++seed) {
    const auto view = test::simulate(*planner(algorithm), {{"accuracy", true, {}}, {"flops", false, {}}}, trials,
                                     std::uint64_t(seed), measure);
    stats::Points points;
    const trial::Standings standings(view);
    for (const auto* standing : standings.front())
      points.push_back({standing->shown->metrics.at("accuracy"), standing->shown->metrics.at("flops")});
    volumes.push_back(stats::hypervolume(points, {80, 150}, {true, false}));
  }
  return volumes;
}

}  // namespace

TEST_CASE("nas-bench-macro: evolution beats random at equal trials by more than its spread over seeds") {
  const auto table = test::Table::load();
  if (!table) SKIP("nas-bench-macro is missing; set ASSAY_DATA to the folder of the data sets");
  REQUIRE(table->rows().size() == 6561);
  const std::map<std::int64_t, double> expected{{100, 92.865}, {200, 92.941}};  // best of n random draws, exact
  for (const auto& [trials, random] : expected) {
    const auto drawn = best_of(*table, "random", trials, 1);
    CHECK(stats::mean(drawn) == Catch::Approx(random).margin(0.05));
    for (const auto workers : {1, 8}) {
      const auto found = best_of(*table, "evolution", trials, workers);
      const double mean = stats::mean(found), spread = stats::standard_deviation(found);
      std::printf("nas-bench-macro, %d trials, %d workers: evolution %.3f +- %.3f, random %.3f (expected %.3f)\n",
                  int(trials), workers, mean, spread, stats::mean(drawn), random);
      CHECK(mean - random > spread);
    }
  }
}

TEST_CASE("nas-bench-macro, accuracy against multiply-adds: evolution has the larger hypervolume") {
  const auto table = test::Table::load();
  if (!table) SKIP("nas-bench-macro is missing; set ASSAY_DATA to the folder of the data sets");
  const auto random = volumes(*table, "random", 200), evolution = volumes(*table, "evolution", 200);
  stats::Points all;
  for (const auto& [arch, row] : table->rows()) all.push_back({row.accuracy, row.flops / 1e6});
  std::printf("hypervolume, 200 trials: evolution %.1f +- %.1f, random %.1f +- %.1f, whole table %.1f\n",
              stats::mean(evolution), stats::standard_deviation(evolution), stats::mean(random),
              stats::standard_deviation(random), stats::hypervolume(all, {80, 150}, {true, false}));
  CHECK(stats::mean(evolution) > stats::mean(random) + stats::standard_deviation(evolution));
}
