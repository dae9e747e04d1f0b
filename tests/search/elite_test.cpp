#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/error.hpp"
#include "search/elite.hpp"
#include "search/planners.hpp"
#include "search/seen.hpp"
#include "search/table.hpp"
#include "stats/pareto.hpp"
#include "trial/ranking.hpp"
#include "trial/view_builder.hpp"

using namespace assay;

namespace {

const std::vector<trial::Objective> two{{"accuracy", true, {}}, {"parameters", false, {}}};

space::Params point(std::int64_t x) { return {{"x", x}}; }

config::Config with_limit() {
  return config::Config::parse(
      "[[constraint]]\nmetric = \"latency_ms\"\nat_most = 2.0\n[[constraint]]\nmetric = \"accuracy\"\nat_least = 0.1\n",
      "t.toml");
}

}  // namespace

TEST_CASE("ranking: feasible first, then layers, then crowding") {
  trial::ViewBuilder builder;
  builder.objectives(two);
  builder.done(0, point(0), {{"accuracy", 0.9}, {"parameters", 100}, {"latency_ms", 1}});
  builder.done(1, point(1), {{"accuracy", 0.8}, {"parameters", 90}, {"latency_ms", 1}});
  builder.done(2, point(2), {{"accuracy", 0.7}, {"parameters", 10}, {"latency_ms", 1}});
  builder.done(3, point(3), {{"accuracy", 0.6}, {"parameters", 95}, {"latency_ms", 1}});  // second layer
  builder.done(4, point(4), {{"accuracy", 0.99}, {"parameters", 1}, {"latency_ms", 9}});  // infeasible
  builder.done(5, point(5), {{"accuracy", NAN}, {"parameters", 1}, {"latency_ms", 1}});   // no score
  const trial::Judge judge(two, trial::MetricLimits(with_limit()));
  std::vector<trial::Scored> trials;
  const auto view = builder.build();
  for (const auto& trial : view.trials()) {
    if (auto scored = trial::score_of(*trial, judge)) trials.push_back(*scored);
  }
  CHECK(trials.size() == 5);
  std::vector<trial::TrialId> order;
  for (const auto& scored : trial::ranked(trials, 10)) order.push_back(scored.trial->id);
  CHECK(order.size() == 5);
  CHECK(order[2] == 1);  // the middle of the front
  CHECK(order[3] == 3);
  CHECK(order[4] == 4);
  CHECK(trial::ranked(trials, 2).size() == 2);
}

TEST_CASE("ranking: the first k of a ranking are the ranking of k, among infeasible ones too") {
  base::Rng rng(1, "test", 0, "ranking");
  const trial::Judge judge(two, trial::MetricLimits(with_limit()));
  for (int round = 0; round < 300; ++round) {
    trial::ViewBuilder builder;
    builder.objectives(two);
    for (int i = 0; i < 9; ++i) {
      builder.done(i, point(i),
                   {{"accuracy", static_cast<double>(rng.below(5))},
                    {"parameters", static_cast<double>(rng.below(5))},
                    {"latency_ms", 2.0 * static_cast<double>(1 + rng.below(2))}});
    }
    const auto view = builder.build();
    std::vector<trial::Scored> trials;
    for (const auto& trial : view.trials()) trials.push_back(*trial::score_of(*trial, judge));
    const auto numbers = [&](std::size_t count) {
      std::vector<trial::TrialId> ids;
      for (const auto& scored : trial::ranked(trials, count)) ids.push_back(scored.trial->id);
      return ids;
    };
    const auto all = numbers(9);
    for (std::size_t count = 1; count < 9; ++count)
      CHECK(numbers(count) == std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)));
  }
}

TEST_CASE("reference networks: the defaults, then far apart, always the same") {
  const auto space =
      space::Space::load(config::Config::parse("[params.model]\na.int = [1, 1000]\nb.int = [1, 1000]\n", "t.toml"));
  const auto features = [](const space::Params& params) {
    return std::vector<double>{std::log(double(std::get<std::int64_t>(params.at("params.model.a"))))};
  };
  const auto set = search::reference_set(space, 1, 8, features);
  REQUIRE(set.size() == 8);
  CHECK(set[0] == space.defaults());
  CHECK(set == search::reference_set(space, 1, 8, features));
  CHECK(set != search::reference_set(space, 2, 8, features));
  for (std::size_t i = 0; i < set.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(set[i] != set[j]);
  }
  double smallest = 1e9, largest = 0;
  for (const auto& params : set) {
    smallest = std::min(smallest, features(params)[0]);
    largest = std::max(largest, features(params)[0]);
  }
  CHECK(largest - smallest > 3);  // of ln 1000 = 6.9; uniform draws lie mostly above ln 100
}

TEST_CASE("reference networks: a space with fewer points, invalid points, invalid defaults") {
  const auto space = space::Space::load(config::Config::parse("[params.model]\na.choice = [1, 2, 3]\n", "t.toml"));
  const auto constant = [](const space::Params&) { return std::vector<double>{1.0}; };
  CHECK(search::reference_set(space, 1, 8, constant).size() == 3);
  const auto broken = [](std::int64_t bad) {
    return [bad](const space::Params& params) -> std::vector<double> {
      const auto a = std::get<std::int64_t>(params.at("params.model.a"));
      if (a == bad) base::fail(base::Exit::config, "no such network");
      return {double(a)};
    };
  };
  CHECK(search::reference_set(space, 1, 8, broken(1)).size() == 2);
  CHECK_THROWS_AS(search::reference_set(space, 1, 8, broken(2)), base::Error);
}

TEST_CASE("an elite that saw every view holds the same trials in the same order as one that saw the last") {
  const auto config = test::macro_config("");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  base::Rng rng(7, "elite", 0, "test");
  const std::vector<trial::Objective> with_threshold{{"accuracy", true, {}}, {"size", false, 0.7}};
  trial::ViewBuilder builder;
  builder.objectives(with_threshold).max_trials(400);
  search::History history(space);
  search::Elite elite(12);
  const auto ids = [](const std::vector<trial::Scored>& best) {
    std::vector<trial::TrialId> numbers;
    for (const auto& one : best) numbers.push_back(one.trial->id);
    return numbers;
  };
  for (int round = 0; round < 400; ++round) {
    // Late numbers come first now and then, some results are equal, some change: results of higher rungs.
    const auto id = static_cast<trial::TrialId>(round % 7 == 3 ? round / 2 : round);
    const auto coarse = [&] { return static_cast<double>(rng.below(40)) / 40; };
    builder.done(id, space->sample(rng), {{"accuracy", coarse()}, {"size", coarse()}});
    const auto view = builder.build();
    history.update(view);
    const auto kept = ids(elite.update(history));
    search::History fresh(space);
    fresh.update(view);
    search::Elite anew(12);
    REQUIRE(kept == ids(anew.update(fresh)));
    // Nobody is left out for one that more trials beat: the whole elite stands in the ranking's first layers.
    const auto best = *fresh.at(kept.front()).score;
    for (const auto number : fresh.scored()) {
      const auto& other = *fresh.at(number).score;
      REQUIRE_FALSE((other.missed == 0 && best.missed > 0));
      if ((other.missed > 0) == (best.missed > 0)) {
        REQUIRE_FALSE(stats::dominates(other.values, best.values, {true, true}));
      }
    }
    REQUIRE(kept.size() == std::min<std::size_t>(12, fresh.scored().size()));
  }
  CHECK(history.scored().size() > 200);
}
