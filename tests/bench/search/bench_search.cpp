// Searches in memory, measured: `bench_search MODE ...` prints JSON; tests/bench/search.py asks.
//   algorithms                                                     names known to this build
//   curves PROBLEM ALGORITHM TRIALS SEEDS WORKERS [KEY=VALUE...]   what is missing to the best, seed by seed, result by
//                                                                  result; KEY=VALUE are keys of [search]
//   suggest PROBLEM ALGORITHM TRIALS [late]                        time of one suggestion after so many trials
//   compare                                                        standard input: {"ours", "theirs", "margin"}
// For peers, so that they search the same:
//   space PROBLEM                                                  parameters, and which objectives are maximised
//   past PROBLEM TRIALS ROUND [late]                               the trials that `suggest` begins with
//   answer PROBLEM                                                 see answer() below
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "bench/search/benchmarks.hpp"
#include "bench/search/prior_trials.hpp"
#include "bench/search/trajectory.hpp"
#include "search/algorithms.hpp"
#include "search/planners.hpp"
#include "stats/rank_tests.hpp"
#include "stats/summary.hpp"
#include "trial/view_builder.hpp"

using namespace assay;

namespace {

using base::Json;
using Words = std::vector<std::string>;

Json algorithms() {
  Json names = Json::array();
  for (const auto& algorithm : search::algorithms()) names.push_back(algorithm.name);
  return names;
}

std::string settings(const std::string& algorithm, const Words& words, std::size_t from) {
  std::string lines = "algorithm = \"" + algorithm + "\"\n";
  for (auto i = from; i < words.size(); ++i) lines += words[i] + "\n";
  return lines;
}

std::shared_ptr<const space::Space> space_of(const bench::Benchmark& benchmark) {
  return std::make_shared<const space::Space>(space::Space::load(benchmark.config));
}

/// Results of full trainings alone; what else there was has only cost.
Json curve_of(const bench::Benchmark& benchmark, const std::vector<bench::Result>& results) {
  std::vector<trial::Metrics> full;
  Json spent = Json::array();
  for (const auto& result : results) {
    if (result.epochs < benchmark.epochs) continue;
    full.push_back(result.metrics);
    spent.push_back(result.spent);
  }
  Json curve{{"regret", benchmark.regrets(full)}};
  if (benchmark.epochs > 1) curve["epochs"] = std::move(spent);
  return curve;
}

Json curves(const Words& words) {
  const auto& problem = words.at(0);
  const auto& algorithm = words.at(1);
  const auto trials = std::stoll(words.at(2)), seeds = std::stoll(words.at(3)), workers = std::stoll(words.at(4));
  auto benchmark = bench::benchmark(problem, settings(algorithm, words, 5));
  // With rungs most trials are cheap: there are as many as the epochs of `trials` full trainings pay for.
  const auto numbers = trials * benchmark.epochs;
  const double most = benchmark.epochs > 1 ? static_cast<double>(numbers) : 0;
  benchmark.config = benchmark.config.with({"search.max_trials=" + std::to_string(numbers)});
  const auto space = space_of(benchmark);
  const auto rungs = search::rungs_of(benchmark.config, *space, {.epochs = benchmark.epochs});
  Json all = Json::array();
  const double start = base::steady_seconds();
  for (long long seed = 0; seed < seeds; ++seed) {
    const auto number = static_cast<std::uint64_t>(seed);
    const auto planner = search::make_planner(benchmark.config, space, number);
    all.push_back(curve_of(benchmark, bench::run(*planner, benchmark, rungs, numbers, number, workers, most)));
  }
  return {{"problem", problem},
          {"algorithm", algorithm},
          {"seconds", (base::steady_seconds() - start) / static_cast<double>(seeds)},
          {"curves", std::move(all)}};
}

struct Times {
  std::vector<double> first, next;  ///< seconds
};

/// For several histories: the suggestion of a planner that sees the study for the first time, and of the same planner
/// when one more trial has ended, as a worker asks all the time.
Times suggestions(const bench::Benchmark& benchmark, const std::string& problem, std::int64_t trials, bool late) {
  const auto space = space_of(benchmark);
  Times times;
  for (std::uint64_t round = 0; round < 7; ++round) {
    auto before = bench::prior_trials(benchmark, problem, trials, late, round);
    trial::ViewBuilder builder;
    builder.objectives(benchmark.objectives).max_trials(trials + 100).fidelities({{.epochs = benchmark.epochs}});
    for (std::size_t n = 0; n < before.points.size(); ++n)
      builder.done(static_cast<std::int64_t>(n), std::move(before.points[n]), std::move(before.results[n]));
    const auto planner = search::make_planner(benchmark.config, space, round);
    for (std::int64_t n = trials; n < trials + 4; ++n) {
      const auto view = builder.build();
      base::Rng rng(round, "search", n, "propose");
      const double start = base::steady_seconds();
      planner->next(view);
      const auto proposal = planner->propose(view, n, rng);
      (n == trials ? times.first : times.next).push_back(base::steady_seconds() - start);
      if (!proposal) base::fail(base::Exit::defect, "nothing was proposed");
      builder.done(n, proposal->params, *benchmark.measure(proposal->params, benchmark.epochs));
    }
  }
  return times;
}

/// Keeps the time of each decision, with the proposal if there was one.
class Timed final : public trial::Planner {
 public:
  Timed(std::unique_ptr<trial::Planner> inner, std::size_t from) : inner_(std::move(inner)), from_(from) {}

  trial::Decision next(const trial::StudyView& view) override {
    const double start = base::steady_seconds();
    auto decision = inner_->next(view);
    if (view.trials().size() >= from_) seconds.push_back(base::steady_seconds() - start);
    return decision;
  }
  std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId id, base::Rng& rng) override {
    const double start = base::steady_seconds();
    auto proposal = inner_->propose(view, id, rng);
    if (!seconds.empty()) seconds.back() += base::steady_seconds() - start;
    return proposal;
  }
  Json describe() const override { return inner_->describe(); }

  std::vector<double> seconds;

 private:
  std::unique_ptr<trial::Planner> inner_;
  std::size_t from_;
};

/// Algorithms with rungs make their own past, up to 27 epochs: what is promoted depends on it.
Times suggestions_with_rungs(bench::Benchmark benchmark, std::int64_t trials) {
  benchmark.epochs = 27;
  const auto space = space_of(benchmark);
  const auto rungs = search::rungs_of(benchmark.config, *space, {.epochs = benchmark.epochs});
  Times times;
  for (std::uint64_t round = 0; round < 3; ++round) {
    Timed planner(search::make_planner(benchmark.config, space, round), static_cast<std::size_t>(trials));
    bench::run(planner, benchmark, rungs, trials + 20, round, 1);
    times.next.insert(times.next.end(), planner.seconds.begin(), planner.seconds.end());
  }
  return times;
}

Json suggest(const Words& words) {
  const auto& problem = words.at(0);
  const auto trials = std::stoll(words.at(2));
  const auto benchmark =
      bench::benchmark(problem, settings(words.at(1), {}, 0) + "max_trials = " + std::to_string(trials + 100) + "\n");
  const auto* algorithm = search::find_algorithm(words.at(1));
  const bool with_rungs = algorithm != nullptr && algorithm->rungs != nullptr;
  const auto times = with_rungs ? suggestions_with_rungs(benchmark, trials)
                                : suggestions(benchmark, problem, trials, words.size() > 3 && words[3] == "late");
  Json said{{"next", stats::median(times.next)}};
  if (!times.first.empty()) said["first"] = stats::median(times.first);
  return said;
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

Json space_for_peers(const Words& words) {
  const auto benchmark = bench::benchmark(words.at(0), settings("random", {}, 0));
  Json parameters = Json::object(), maximise = Json::array();
  const auto space = space_of(benchmark);
  for (const auto& parameter : space->parameters()) {
    const auto& domain = parameter.domain;
    Json items = Json::array();
    for (const auto& item : domain.items) items.push_back(space::to_text(item));
    parameters[parameter.name] =
        domain.kind == space::Kind::real ? Json{{"float", {domain.lo, domain.hi}}} : Json{{"choice", std::move(items)}};
  }
  for (const auto& objective : benchmark.objectives) maximise.push_back(objective.maximise);
  return {{"parameters", std::move(parameters)}, {"maximise", std::move(maximise)}};
}

Json values_of(const bench::Benchmark& benchmark, const trial::Metrics& metrics) {
  Json values = Json::array();
  for (const auto& objective : benchmark.objectives) values.push_back(metrics.at(objective.metric));
  return values;
}

Json past_for_peers(const Words& words) {
  const auto benchmark = bench::benchmark(words.at(0), settings("random", {}, 0));
  const auto before = bench::prior_trials(benchmark, words.at(0), std::stoll(words.at(1)),
                                          words.size() > 3 && words[3] == "late", std::stoull(words.at(2)));
  Json points = Json::array(), values = Json::array();
  for (const auto& point : before.points) points.push_back(space::to_json(point));
  for (const auto& metrics : before.results) values.push_back(values_of(benchmark, metrics));
  return {{"points", std::move(points)}, {"values", std::move(values)}};
}

/// One line of JSON per line of input: for the parameters of a trial its objectives, null if it failed; for {} what is
/// missing to the best after each trial since the last {}.
void answer(const Words& words) {
  const auto benchmark = bench::benchmark(words.at(0), settings("random", {}, 0));
  std::vector<trial::Metrics> results;
  for (std::string line; std::getline(std::cin, line);) {
    const auto params = space::params_from_json(Json::parse(line));
    Json said;
    if (params.empty()) {
      said = benchmark.regrets(results);
      results.clear();
    } else if (const auto metrics = benchmark.measure(params, benchmark.epochs)) {
      said = values_of(benchmark, *metrics);
      results.push_back(*metrics);
    }
    std::printf("%s\n", said.dump().c_str());
    std::fflush(stdout);
  }
}

Json result_of(const std::string& mode, const Words& words) {
  if (mode == "algorithms") return algorithms();
  if (mode == "curves") return curves(words);
  if (mode == "suggest") return suggest(words);
  if (mode == "compare") return compare();
  if (mode == "space") return space_for_peers(words);
  if (mode == "prior") return past_for_peers(words);
  base::fail(base::Exit::config, "there is no mode \"{}\"; see the first lines of bench_search.cpp", mode);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    base::set_verbosity(base::Level::quiet);
    const Words words(arguments + std::min(count, 2), arguments + count);
    const std::string mode = count > 1 ? arguments[1] : "";
    if (mode == "answer") {
      answer(words);
    } else {
      std::printf("%s\n", result_of(mode, words).dump().c_str());
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_search: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
