// How good the searches are on problems in closed form: medians over seeds, printed. Beside Optuna 5.0.0's TPE,
// measured with the same budgets. Hidden: minutes.
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/log.hpp"
#include "bench/search/problems.hpp"
#include "search/table.hpp"
#include "stats/summary.hpp"

using namespace assay;

namespace {

std::string setting(const char* name, const std::string& otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : given;
}

/// Regret after each of `budgets`, one row per seed.
std::vector<std::vector<double>> regrets(const bench::Problem& problem, const std::string& search,
                                         const std::vector<std::int64_t>& budgets, int seeds) {
  base::set_verbosity(base::Level::quiet);
  std::string text = "[params.model]\n";
  for (std::size_t i = 0; i < problem.size(); ++i) text += "x" + std::to_string(10 + i) + ".float = [0.0, 1.0]\n";
  std::vector<study::Objective> objectives;
  for (std::size_t j = 0; j < problem.objectives; ++j) objectives.push_back({"y" + std::to_string(j), false, {}});
  const auto config = config::Config::parse(text + "[search]\n" + search, "t.toml");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  std::vector<std::vector<double>> rows;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto planner = search::make_planner(config, space, std::uint64_t(seed));
    std::vector<std::vector<double>> results;
    const auto measure = [&](study::TrialId, const space::Params& params) {
      results.push_back(problem.at(space->encode(params)));
      study::Metrics metrics;
      for (std::size_t j = 0; j < problem.objectives; ++j) metrics[objectives[j].metric] = results.back()[j];
      return std::optional(metrics);
    };
    test::simulate(*planner, objectives, budgets.back(), std::uint64_t(seed), measure);
    const auto curve = problem.regrets(results);
    auto& row = rows.emplace_back();
    for (const auto budget : budgets) row.push_back(curve[std::size_t(budget) - 1]);
  }
  return rows;
}

}  // namespace

TEST_CASE("figures: regret on problems in closed form", "[.figures]") {
  const auto search = setting("ASSAY_FIGURES", "algorithm = \"tpe\"\n");
  const int seeds = std::stoi(setting("ASSAY_SEEDS", "40"));
  for (const auto* name : {"hartmann6", "ackley4", "ackley4s", "rosenbrock4", "branin", "branin_currin", "zdt1", "zdt2",
                           "dtlz2", "dtlz2s"}) {
    const auto problem = bench::problem(name);
    const std::vector<std::int64_t> budgets =
        problem.objectives == 1 ? std::vector<std::int64_t>{30, 60, 100} : std::vector<std::int64_t>{60, 100, 200};
    const auto rows = regrets(problem, search, budgets, seeds);
    std::printf("%-14s", name);
    for (std::size_t i = 0; i < budgets.size(); ++i) {
      std::vector<double> values;
      for (const auto& row : rows) values.push_back(row[i]);
      std::printf("  %3d: %.4g [%.4g, %.4g]", int(budgets[i]), stats::quantile(values, 0.5),
                  stats::quantile(values, 0.25), stats::quantile(values, 0.75));
    }
    std::printf("\n");
    std::fflush(stdout);
  }
}
