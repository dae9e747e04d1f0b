// Searches with rungs on nas-bench-nlp (WikiText-2): best loss after 50 epochs by epochs spent, against random search.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/log.hpp"
#include "base/time.hpp"
#include "bench/search/trajectory.hpp"
#include "search/planners.hpp"
#include "search/table.hpp"
#include "stats/summary.hpp"
#include "trial/view_builder.hpp"

using namespace assay;

namespace {

/// Median over seeds of what is missing to the best cell's loss, among cells trained for all 50 epochs, once so many
/// epochs are spent. Where nothing is fully trained yet: infinite.
std::vector<double> regrets(const std::string& search, const std::vector<int>& budgets, int seeds,
                            std::int64_t workers) {
  base::set_verbosity(base::Level::quiet);
  const auto benchmark = bench::benchmark("nlp", search + "\nmax_trials = 100000\n");
  const auto space = std::make_shared<const space::Space>(space::Space::load(benchmark.config));
  const auto rungs = search::rungs_of(benchmark.config, *space, {.epochs = benchmark.epochs});
  std::vector<std::vector<double>> by_budget(budgets.size());
  for (int seed = 0; seed < seeds; ++seed) {
    const auto number = static_cast<std::uint64_t>(seed);
    const auto planner = search::make_planner(benchmark.config, space, number);
    const auto results =
        bench::run(*planner, benchmark, rungs, 100'000, number, workers, static_cast<double>(budgets.back()));
    for (std::size_t i = 0; i < budgets.size(); ++i) {
      std::vector<trial::Metrics> full;
      for (const auto& result : results) {
        if (result.epochs == benchmark.epochs && result.spent <= budgets[i]) full.push_back(result.metrics);
      }
      const auto left = benchmark.regrets(full);
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

TEST_CASE("nas-bench-nlp: asha, hyperband, bohb and econas reach in a third of the epochs what random search reaches") {
  if (!has_data()) SKIP("nas-bench-nlp-wt2 is missing; set ASSAY_DATA to the folder of the data sets");
  const auto random = regrets("algorithm = \"random\"", {3000}, 20, 4).front();
  for (const auto* name : {"asha", "hyperband", "bohb", "econas"}) {
    const auto found = regrets("algorithm = \"" + std::string(name) + "\"", {1000}, 20, 4).front();
    INFO(name << " " << found << ", random " << random);
    CHECK(found <= random + 0.02);
  }
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
          "algorithm = \"econas\"\neconas.barrier = true", "algorithm = \"econas\"\nrungs = [17, 33]",
          "algorithm = \"econas\"\nrungs = [2, 10]"}) {
      std::string name = lines;
      std::replace(name.begin(), name.end(), '\n', ',');
      print(name.c_str(), regrets(lines, thirds, seeds, workers));
    }
  }
}

namespace {

/// Random scores; of each rung a third went on, as asha would have it.
void add_trial(trial::ViewBuilder& builder, trial::TrialId id, space::Params params,
               const std::vector<trial::Fidelity>& rungs, base::Rng& rng) {
  trial::Trial trial{.id = id, .first = {.params = std::move(params)}, .proposed = true};
  const double score = rng.uniform();
  for (int rung = 0; rung < 4 && score >= 1 - std::pow(3, -rung); ++rung) {
    trial.rungs.push_back({.item = {id, rung}, .attempt = 1, .state = trial::State::done});
    trial.rungs.back().at = rungs[std::min(static_cast<std::size_t>(rung), rungs.size() - 1)];
    trial.rungs.back().metrics = {{"accuracy", score}};
  }
  builder.trial(std::move(trial));
}

/// Milliseconds of next() and propose() after so many trials and one more result each time, the first time left out.
double proposal_cost(const std::string& algorithm, int count) {
  std::string text = "[search]\nalgorithm = \"" + algorithm + "\"\nmax_trials = 100000\n[params.training]\n";
  for (const auto* name : {"a", "b", "c", "d", "e", "f"}) text += std::string(name) + ".float = [0.0, 1.0]\n";
  const auto config = config::Config::parse(text, "t");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const auto rungs = search::rungs_of(config, *space, {.epochs = 27});
  base::Rng rng(1, "search", 0, "scores");
  trial::ViewBuilder builder;
  builder.objectives({{"accuracy", true, {}}}).max_trials(100'000).fidelities(rungs);
  for (trial::TrialId id = 0; id < count; ++id) add_trial(builder, id, space->sample(rng), rungs, rng);
  const auto planner = search::make_planner(config, space, 1);
  std::vector<double> times;
  for (trial::TrialId id = count; id < count + 30; ++id) {
    const auto view = builder.build();
    const double start = base::steady_seconds();
    planner->next(view);
    const auto proposal = planner->propose(view, id, rng);
    times.push_back(1e3 * (base::steady_seconds() - start));
    add_trial(builder, id, proposal->params, rungs, rng);
  }
  times.erase(times.begin());
  return stats::median(times);
}

}  // namespace

TEST_CASE("searches with rungs: what a proposal costs after 1,000 and 10,000 trials") {
  base::set_verbosity(base::Level::quiet);
  CHECK(proposal_cost("asha", 1000) < 0.5);
  CHECK(proposal_cost("asha", 10'000) < 5);
}

TEST_CASE("searches with rungs: table of what a proposal costs", "[.figures]") {
  base::set_verbosity(base::Level::quiet);
  for (const auto* name : {"asha", "hyperband", "bohb", "econas", "pbt"}) {
    std::printf("%-10s %8.3f ms after 1,000 trials, %8.3f ms after 10,000\n", name, proposal_cost(name, 1000),
                proposal_cost(name, 10'000));
  }
}
