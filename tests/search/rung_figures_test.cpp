// Searches with rungs on nas-bench-nlp (WikiText-2): best loss after 50 epochs by epochs spent, against random search.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <limits>

#include "base/log.hpp"
#include "bench/search/course.hpp"
#include "search/planners.hpp"
#include "search/table.hpp"
#include "stats/summary.hpp"

using namespace assay;

namespace {

/// Median over seeds of what is missing to the best cell's loss, among cells trained for all 50 epochs, once so many
/// epochs are spent. Where nothing is fully trained yet: infinite.
std::vector<double> regrets(const std::string& search, const std::vector<int>& budgets, int seeds,
                            std::int64_t workers) {
  base::set_verbosity(base::Level::quiet);
  const auto world = bench::world("nlp", search + "\nmax_trials = 100000\n");
  const auto space = std::make_shared<const space::Space>(space::Space::load(world.config));
  const auto rungs = search::rungs_of(world.config, *space, {.epochs = world.epochs});
  std::vector<std::vector<double>> by_budget(budgets.size());
  for (int seed = 0; seed < seeds; ++seed) {
    const auto number = static_cast<std::uint64_t>(seed);
    const auto planner = search::make_planner(world.config, space, number);
    const auto results =
        bench::run(*planner, world, rungs, 100'000, number, workers, static_cast<double>(budgets.back()));
    for (std::size_t i = 0; i < budgets.size(); ++i) {
      std::vector<study::Metrics> full;
      for (const auto& result : results) {
        if (result.epochs == world.epochs && result.spent <= budgets[i]) full.push_back(result.metrics);
      }
      const auto left = world.regrets(full);
      by_budget[i].push_back(left.empty() ? std::numeric_limits<double>::infinity() : left.back());
    }
  }
  std::vector<double> medians;
  for (const auto& values : by_budget) medians.push_back(stats::median(values));
  return medians;
}

bool has_data() { return exists(test::data_folder() / "nas-bench-nlp-wt2"); }

void print(const char* name, const std::vector<double>& values) {
  std::printf("%-44s", name);
  for (const auto value : values) std::printf(" %7.4f", value);
  std::printf("\n");
}

}  // namespace

TEST_CASE("nas-bench-nlp: asha, hyperband and bohb reach in a third of the epochs what random search reaches") {
  if (!has_data()) SKIP("nas-bench-nlp-wt2 is missing; set ASSAY_DATA to the folder of the data sets");
  const auto random = regrets("algorithm = \"random\"", {3000}, 20, 4).front();
  for (const auto* name : {"asha", "hyperband", "bohb"}) {
    const auto found = regrets("algorithm = \"" + std::string(name) + "\"", {1000}, 20, 4).front();
    INFO(name << " " << found << ", random " << random);
    CHECK(found <= random + 0.02);
  }
  CHECK(regrets("algorithm = \"econas\"", {1500}, 20, 4).front() <= random + 0.02);
}

TEST_CASE("nas-bench-nlp: regret by epochs spent", "[.figures]") {
  if (!has_data()) SKIP("nas-bench-nlp-wt2 is missing; set ASSAY_DATA to the folder of the data sets");
  const std::vector<int> budgets{750, 1500, 3000, 4500, 6000};
  std::vector<int> thirds;
  for (const auto budget : budgets) thirds.push_back(budget / 3);
  constexpr int seeds = 40;
  for (const std::int64_t workers : {1, 8}) {
    std::printf("%d workers; random search spends  ", int(workers));
    for (const auto budget : budgets) std::printf(" %7d", budget);
    std::printf(" epochs, the others a third\n");
    print("random", regrets("algorithm = \"random\"", budgets, seeds, workers));
    for (const auto* lines :
         {"algorithm = \"asha\"", "algorithm = \"asha\"\nmin_epochs = 5", "algorithm = \"hyperband\"",
          "algorithm = \"hyperband\"\nmin_epochs = 5", "algorithm = \"bohb\"", "algorithm = \"econas\"",
          "algorithm = \"econas\"\neconas.barrier = true", "algorithm = \"econas\"\nrungs = [6, 17]",
          "algorithm = \"econas\"\nrungs = [2, 10]"}) {
      std::string name = lines;
      std::replace(name.begin(), name.end(), '\n', ',');
      print(name.c_str(), regrets(lines, thirds, seeds, workers));
    }
  }
}
