// Searches in memory, measured: `bench_search MODE ...` prints one JSON line; tests/bench/search.py asks.
//   curves PROBLEM ALGORITHM TRIALS SEEDS WORKERS [KEY=VALUE...]   what is missing to the best, seed by seed, trial by
//                                                                  trial; KEY=VALUE are keys of [search]
//   suggest PROBLEM ALGORITHM TRIALS [late]                        time of one suggestion after so many trials
//   compare                                                        standard input: {"ours", "theirs", "margin"}
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "bench/search/worlds.hpp"
#include "stats/rank_tests.hpp"
#include "stats/summary.hpp"

using namespace assay;

namespace {

using base::Json;
using Words = std::vector<std::string>;

std::string settings(const std::string& algorithm, const Words& words, std::size_t from) {
  std::string lines = "algorithm = \"" + algorithm + "\"\n";
  for (auto i = from; i < words.size(); ++i) lines += words[i] + "\n";
  return lines;
}

std::unique_ptr<study::Planner> planner_for(const config::Config& config, std::uint64_t seed) {
  return search::make_planner(config, std::make_shared<const space::Space>(space::Space::load(config)), seed);
}

Json curves(const Words& words) {
  const auto& problem = words.at(0);
  const auto& algorithm = words.at(1);
  const auto trials = std::stoll(words.at(2)), seeds = std::stoll(words.at(3)), workers = std::stoll(words.at(4));
  const auto world =
      bench::world(problem, settings(algorithm, words, 5) + "max_trials = " + std::to_string(trials) + "\n");
  Json all = Json::array();
  const double start = base::steady_seconds();
  for (long long seed = 0; seed < seeds; ++seed) {
    const auto number = static_cast<std::uint64_t>(seed);
    const auto planner = planner_for(world.config, number);
    const auto view = test::simulate(*planner, world.objectives, trials, number, world.measure, workers);
    std::vector<study::Metrics> results;
    for (const auto& trial : view.trials()) {
      if (trial && trial->result() != nullptr) results.push_back(trial->result()->metrics);
    }
    all.push_back(world.regrets(results));
  }
  return {{"problem", problem},
          {"algorithm", algorithm},
          {"seconds", (base::steady_seconds() - start) / static_cast<double>(seeds)},
          {"curves", std::move(all)}};
}

/// Points as a search leaves them: random; late: every second one close to the best ones, so that fronts are long.
space::Params past_point(const space::Space& space, const std::vector<double>& centre, bool near, base::Rng& rng) {
  auto params = space.sample(rng);
  if (!near) return params;
  std::size_t i = 0;
  for (auto& [name, value] : params) {
    const double middle = centre[std::min(i++, centre.size() - 1)];
    if (middle >= 0) value = middle + 0.1 * (rng.uniform() - 0.5);
  }
  return params;
}

/// Where the best points lie; -1: any value will do. The last stands for all that follow.
std::vector<double> centre_of(const std::string& problem) {
  if (problem == "hartmann6") return {0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573};
  if (problem == "dtlz2" || problem == "dtlz2_20") return {-1, 0.5};
  if (problem == "ackley20") return {0.5};
  base::fail(base::Exit::config, "suggest: hartmann6, ackley20, dtlz2 or dtlz2_20, not {}", problem);
}

/// Two suggestions for each of several histories: by a planner that sees the study for the first time, and by the same
/// planner when one more trial has ended, as a worker's second.
Json suggest(const Words& words) {
  const auto& problem = words.at(0);
  const auto trials = std::stoll(words.at(2));
  const bool late = words.size() > 3 && words[3] == "late";
  const auto world =
      bench::world(problem, settings(words.at(1), {}, 0) + "max_trials = " + std::to_string(trials + 100) + "\n");
  const auto space = space::Space::load(world.config);
  const auto centre = centre_of(problem);
  std::vector<double> first, next;
  for (std::uint64_t round = 0; round < 7; ++round) {
    base::Rng past(round, "bench", 0, "past");
    study::ViewBuilder builder;
    builder.objectives(world.objectives).max_trials(trials + 100);
    for (std::int64_t n = 0; n < trials; ++n) {
      auto params = past_point(space, centre, late && n % 2 == 1, past);
      auto metrics = *world.measure(n, params);
      builder.done(n, std::move(params), std::move(metrics));
    }
    const auto planner = planner_for(world.config, round);
    for (std::int64_t n = trials; n < trials + 4; ++n) {
      const auto view = builder.build();
      base::Rng rng(round, "search", n, "propose");
      const double start = base::steady_seconds();
      const auto decision = planner->next(view);
      const auto proposal = planner->propose(view, n, rng);
      (n == trials ? first : next).push_back(base::steady_seconds() - start);
      if (!std::holds_alternative<study::New>(decision) || !proposal)
        base::fail(base::Exit::defect, "{} proposed nothing", words.at(1));
      builder.done(n, proposal->params, *world.measure(n, proposal->params));
    }
  }
  return {{"first", stats::median(first)}, {"next", stats::median(next)}};
}

Json compare() {
  const auto input = Json::parse(std::cin);
  const auto ours = input.at("ours").get<std::vector<double>>(), theirs = input.at("theirs").get<std::vector<double>>();
  auto allowed = theirs;
  for (auto& value : allowed) value += input.at("margin").get<double>();
  return {{"p_worse", stats::mann_whitney(ours, allowed, stats::Tail::greater).p},
          {"p_no_worse", stats::mann_whitney(ours, allowed, stats::Tail::less).p},
          {"p_better", stats::mann_whitney(ours, theirs, stats::Tail::less).p},
          {"ours", stats::median(ours)},
          {"theirs", stats::median(theirs)}};
}

}  // namespace

int main(int count, char** arguments) {
  try {
    base::set_verbosity(base::Level::quiet);
    const Words words(arguments + std::min(count, 2), arguments + count);
    const std::string mode = count > 1 ? arguments[1] : "";
    const auto result = mode == "curves"    ? curves(words)
                        : mode == "suggest" ? suggest(words)
                        : mode == "compare" ? compare()
                                            : Json();
    if (result.is_null())
      base::fail(base::Exit::config, "bench_search curves|suggest|compare ...; see its first lines");
    std::printf("%s\n", result.dump().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_search: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
