// How good the searches are on problems in closed form: medians over seeds, printed. Beside Optuna 5.0.0's TPE,
// measured with the same budgets. Hidden: minutes.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

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
  std::vector<trial::Objective> objectives;
  for (std::size_t j = 0; j < problem.objectives; ++j) objectives.push_back({"y" + std::to_string(j), false, {}});
  const auto config = config::Config::parse(text + "[search]\n" + search, "t.toml");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  std::vector<std::vector<double>> rows;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto planner = search::make_planner(config, space, std::uint64_t(seed));
    std::vector<std::vector<double>> results;
    const auto measure = [&](trial::TrialId, const space::Params& params) {
      results.push_back(problem.at(space->encode(params)));
      trial::Metrics metrics;
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

namespace {

/// Seconds of processor time of the first suggestion that a planner makes for a study of `trials`, and the median of 50
/// more, each after one more trial has ended.
std::pair<double, double> latency(const std::string& algorithm, std::size_t parameters, std::size_t objectives,
                                  trial::TrialId trials) {
  base::set_verbosity(base::Level::quiet);
  std::string text = "[params.model]\n";
  for (std::size_t i = 0; i < parameters; ++i) text += "x" + std::to_string(10 + i) + ".float = [0.0, 1.0]\n";
  std::vector<trial::Objective> goals{{"f", false, {}}, {"g", false, {}}};
  goals.resize(objectives);
  const auto config = config::Config::parse(text + "[search]\nalgorithm = \"" + algorithm + "\"\n", "t.toml");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const auto planner = search::make_planner(config, space, 1);
  base::Rng rng(1, "test", 0, "points");
  trial::ViewBuilder builder;
  builder.objectives(goals).max_trials(trials + 1000);
  const auto add = [&](trial::TrialId number, space::Params params) {
    const auto u = space->encode(params);
    double far = 0;
    for (std::size_t i = 1; i < u.size(); ++i) far += (u[i] - 0.4) * (u[i] - 0.4);
    const double angle = u[0] * 1.5707963;
    builder.done(number, std::move(params), {{"f", (1 + far) * std::cos(angle)}, {"g", (1 + far) * std::sin(angle)}});
  };
  for (trial::TrialId i = 0; i < trials; ++i) add(i, space->sample(rng));
  std::vector<double> seconds;
  for (trial::TrialId i = trials; i < trials + 51; ++i) {
    const auto view = builder.build();
    base::Rng own(1, "search", i, "propose");
    const auto start = std::clock();
    auto proposal = planner->propose(view, i, own);
    seconds.push_back(double(std::clock() - start) / CLOCKS_PER_SEC);
    add(i, std::move(proposal->params));
  }
  const double first = seconds.front();
  seconds.erase(seconds.begin());
  return {first, stats::quantile(seconds, 0.5)};
}

}  // namespace

TEST_CASE("figures: processor time of one suggestion", "[.figures]") {
  for (const auto* name : {"tpe", "sobol", "anneal", "naive_evolution", "evolution"}) {
    for (const auto& [parameters, objectives, trials] :
         {std::tuple{6, 1, 1000}, {6, 2, 1000}, {20, 1, 10'000}, {20, 2, 10'000}}) {
      const auto [first, next] = latency(name, std::size_t(parameters), std::size_t(objectives), trials);
      std::printf("%-16s %2d parameters, %d objectives, %5d trials: %.3f ms, the first %.3f ms\n", name, parameters,
                  objectives, trials, next * 1e3, first * 1e3);
    }
  }
}
