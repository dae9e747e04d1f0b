// NSGA-II, NSGA-III, SMAC, REINFORCE and PPO as planners: what all of them keep to, and what each learns.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>
#include <set>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "search/algorithms.hpp"
#include "search/seen.hpp"
#include "search/table.hpp"
#include "stats/hypervolume.hpp"
#include "stats/summary.hpp"
#include "trial/standing.hpp"

using namespace assay;

namespace {

constexpr const char* names[] = {"nsga2", "nsga3", "smac", "reinforce", "ppo"};

const std::vector<trial::Objective> one{{"accuracy", true, {}}};
const std::vector<trial::Objective> two{{"accuracy", true, {}}, {"cost", false, {}}};
const std::vector<trial::Objective> three{{"accuracy", true, {}}, {"cost", false, {}}, {"skips", true, {}}};

config::Config mixed_config(const std::string& name, const std::string& more = "") {
  return config::Config::parse(
      "[params.model]\nkind.choice = [ { op = \"a\", depth.int = [1, 3] }, { op = \"b\" } ]\n"
      "width = { int = [8, 256], log = true }\nrate = { float = [0.001, 0.1], log = true }\n"
      "set = { subset = [\"x\", \"y\", \"z\"] }\n[search]\nalgorithm = \"" +
          name + "\"\npopulation = 10\n" + more,
      "t.toml");
}

std::unique_ptr<trial::Planner> planner_of(const config::Config& config) {
  base::set_verbosity(base::Level::quiet);
  return search::make_planner(config, std::make_shared<const space::Space>(space::Space::load(config)), 1);
}

config::Config macro(const std::string& name, const std::string& more = "") {
  return test::macro_config("[search]\nalgorithm = \"" + name + "\"\n" + more);
}

/// Of both spaces: larger is better, and dearer.
trial::Metrics metrics_of(const space::Params& params) {
  double accuracy = 0, skips = 0;
  for (const auto& [name, value] : params) {
    const auto text = space::to_text(value);
    accuracy += text == "k5" ? 2 : text == "k3" ? 1 : 0;
    skips += text == "skip";
    if (const auto* number = std::get_if<double>(&value)) accuracy -= std::abs(std::log(*number / 0.02));
    if (const auto* number = std::get_if<std::int64_t>(&value)) accuracy += 0.3 * std::log2(double(*number));
  }
  return {{"accuracy", accuracy}, {"cost", std::exp(0.2 * accuracy) + 0.1 * skips}, {"skips", skips}};
}

/// Every seventh trial fails.
std::optional<trial::Metrics> measure(trial::TrialId id, const space::Params& params) {
  if (id % 7 == 3) return std::nullopt;
  return metrics_of(params);
}

std::set<std::string> points(const trial::StudyView& view) {
  std::set<std::string> result;
  for (const auto& trial : view.trials()) {
    if (trial && trial->proposed) result.insert(search::text_of(trial->first.params));
  }
  return result;
}

std::optional<trial::Proposal> proposal(trial::Planner& planner, const trial::StudyView& view, trial::TrialId number) {
  base::Rng rng(5, "search", number, "propose");
  CHECK(std::holds_alternative<trial::New>(planner.next(view)));
  return planner.propose(view, number, rng);
}

}  // namespace

TEST_CASE("learners are pure functions of the view: trials that run, fail, and end in any order") {
  for (const auto* name : names) {
    for (const auto& objectives : {one, two, three}) {
      INFO(name << ", " << objectives.size() << " objectives");
      const auto config = mixed_config(name, "max_trials = 60\n");
      const auto veteran = planner_of(config);
      trial::ViewBuilder builder;
      builder.objectives(objectives).max_trials(60);
      std::vector<trial::Trial> running;
      base::Rng order(1, "test", 0, "order");
      for (trial::TrialId number = 0; number < 60; ++number) {
        const auto view = builder.build();
        const auto first = proposal(*veteran, view, number), again = proposal(*veteran, view, number);
        const auto fresh = proposal(*planner_of(config), view, number);
        REQUIRE((first && again && fresh));
        CHECK(first->params == again->params);
        CHECK(first->params == fresh->params);
        CHECK(first->note == fresh->note);
        trial::Trial trial{.id = number, .first = *first, .proposed = true};
        trial.rungs.push_back({.item = {number, 0}, .attempt = 1, .state = trial::State::running});
        running.push_back(trial);
        builder.trial(trial);
        if (running.size() < 5) continue;
        const auto place = order.below(5);
        auto ended = running[static_cast<std::size_t>(place)];
        running.erase(running.begin() + place);
        const auto metrics = measure(ended.id, ended.first.params);
        ended.rungs.front().state = metrics ? trial::State::done : trial::State::failed;
        if (metrics) ended.rungs.front().metrics = *metrics;
        builder.trial(std::move(ended));
      }
    }
  }
}

TEST_CASE("learners with any number of workers: exact number of trials, no point twice, constraints kept") {
  for (const auto* name : names) {
    for (const std::int64_t workers : {1, 2, 8, 40}) {
      for (const auto& objectives : {one, two}) {
        INFO(name << ", " << workers << " workers, " << objectives.size() << " objectives");
        const auto config = mixed_config(name,
                                         "max_trials = 70\n[[constraint]]\nmetric = \"cost\"\nat_most = 2.0\n"
                                         "[[constraint]]\nrequire = \"params.model.width >= 16\"\n");
        const auto space = space::Space::load(config);
        const auto view = test::simulate(*planner_of(config), objectives, 70, 3, measure, workers);
        CHECK(view.counts().done == 60);
        CHECK(view.counts().failed == 10);
        CHECK(points(view).size() == 70);
        for (const auto& trial : view.trials()) CHECK_NOTHROW(space.check(trial->first.params));
      }
    }
  }
}

TEST_CASE("learners exhaust tiny spaces and end, also where every trial fails") {
  const std::pair<const char*, std::int64_t> spaces[] = {
      {"a.choice = [1]\n", 1}, {"a.choice = [1, 2]\n", 2}, {"a.int = [1, 5]\n", 5}, {"a.int = [1, 2500]\n", 2500}};
  for (const auto* name : names) {
    for (const auto& [lines, size] : spaces) {
      for (const bool fails : {false, true}) {
        const bool quick = std::string(name) == "nsga2" || std::string(name) == "reinforce";
        if (size > 5 && (fails || !quick)) continue;
        INFO(name << ", " << size << " points");
        const auto trials = size + 100;
        const auto config =
            config::Config::parse("[params.model]\n" + std::string(lines) + "[search]\nalgorithm = \"" + name +
                                      "\"\nsmac.random_points = 5\nmax_trials = " + std::to_string(trials) + "\n",
                                  "t.toml");
        const auto planner = planner_of(config);
        const auto view = test::simulate(*planner, one, trials, 1, [&](auto, const auto&) {
          return fails ? std::nullopt : std::optional(trial::Metrics{{"accuracy", 1}});
        });
        CHECK(points(view).size() == std::size_t(size));
        CHECK((fails ? view.counts().failed : view.counts().done) == size);
        const auto decision = planner->next(view);
        REQUIRE(std::holds_alternative<trial::Finished>(decision));
        CHECK(std::get<trial::Finished>(decision).reason.starts_with("space exhausted"));
      }
    }
  }
}

TEST_CASE("learners find more than random draws; constraints on metrics steer them") {
  for (const auto* name : names) {
    // Means over the last 50 of 150 trials.
    const auto late = [](const std::string& algorithm, const std::string& metric, const std::string& more) {
      std::vector<double> values;
      for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const auto config = macro(algorithm, more);
        const auto view =
            test::simulate_judged(*planner_of(config), trial::judge_of(one, config), 150, seed, measure, 4);
        for (std::size_t i = 100; i < 150; ++i) {
          if (const auto* result = view.trials()[i]->result()) values.push_back(result->metrics.at(metric));
        }
      }
      return stats::mean(values);
    };
    INFO(name);
    CHECK(late(name, "accuracy", "") > late("random", "accuracy", "") + 2);
    // Eight layers; random points skip 2.7 of them, and accuracy wants none.
    const double skips = late(name, "skips", "[[constraint]]\nmetric = \"skips\"\nat_least = 5.0\n");
    std::printf("%s: %.2f layers are skipped where 5 must be\n", name, skips);
    CHECK(skips > 4);
    CHECK(skips < 6);
  }
}

TEST_CASE("NSGA-II by hand: who lives, and who has children") {
  const auto config = config::Config::parse(
      "[params.model]\na.int = [1, 50]\nb.int = [1, 50]\nc.int = [1, 50]\n[search]\nalgorithm = \"nsga2\"\n"
      "population = 3\n[[constraint]]\nmetric = \"latency\"\nat_most = 1.0\n",
      "t.toml");
  const auto planner = planner_of(config);
  trial::ViewBuilder builder;
  builder.judge(trial::judge_of(two, config)).max_trials(1000);
  const auto add = [&](trial::TrialId id, double accuracy, double cost, double latency) {
    builder.done(id, {{"params.model.a", id + 1}, {"params.model.b", id + 1}, {"params.model.c", id + 1}},
                 {{"accuracy", accuracy}, {"cost", cost}, {"latency", latency}});
  };
  add(0, 1, 1, 0.5);    // an end of the front
  add(1, 2, 2, 0.5);    // crowded
  add(2, 4, 4, 0.5);    // less crowded
  add(3, 10, 10, 0.5);  // the other end
  add(4, 1, 2, 0.5);    // dominated by 0
  add(5, 99, 0, 2.0);   // breaks the constraint
  const auto view = builder.build();
  std::map<std::string, int> parents;
  for (trial::TrialId number = 100; number < 400; ++number) {
    base::Rng rng(1, "search", number, "propose");
    const auto note = planner->propose(view, number, rng)->note;
    for (const auto* id : {"0", "1", "2", "3", "4", "5"}) {
      parents[id] += note.find(std::string("child of ") + id) != std::string::npos;
    }
  }
  CHECK(parents["1"] + parents["4"] + parents["5"] == 0);
  // Their order: the ends, at infinite distance and the younger first, then 2. The better of two drawn from three is
  // the first in 5 of 9 cases, the last in one.
  CHECK(parents["3"] + parents["0"] + parents["2"] == 300);
  CHECK(std::abs(parents["3"] / 300.0 - 5.0 / 9) < 0.1);
  CHECK(std::abs(parents["0"] / 300.0 - 3.0 / 9) < 0.1);
  CHECK(std::abs(parents["2"] / 300.0 - 1.0 / 9) < 0.1);
}

TEST_CASE("children have the values of their parents, but for about one") {
  for (const auto* name : {"nsga2", "nsga3"}) {
    const auto config = config::Config::parse(
        "[params.model]\na.int = [1, 100000]\nb.int = [1, 100000]\nc.int = [1, 100000]\nd.int = [1, 100000]\n"
        "[search]\nalgorithm = \"" +
            std::string(name) + "\"\npopulation = 5\n",
        "t.toml");
    const auto planner = planner_of(config);
    trial::ViewBuilder builder;
    builder.objectives(two).max_trials(1000);
    std::set<std::int64_t> known;
    for (std::int64_t id = 0; id < 5; ++id) {
      space::Params params;
      for (const auto* key : {"a", "b", "c", "d"}) params["params.model." + std::string(key)] = id + 1;
      builder.done(id, params, {{"accuracy", double(id)}, {"cost", double(id)}});
      known.insert(id + 1);
    }
    const auto view = builder.build();
    int changed = 0, crossed = 0;
    for (trial::TrialId number = 5; number < 405; ++number) {
      base::Rng rng(1, "search", number, "propose");
      const auto child = planner->propose(view, number, rng);
      std::set<std::int64_t> from;
      for (const auto& [key, value] : child->params) {
        const auto given = std::get<std::int64_t>(value);
        known.contains(given) ? void(from.insert(given)) : void(++changed);
      }
      crossed += from.size() > 1;
    }
    CHECK(changed > 200);
    CHECK(changed < 600);
    CHECK(crossed > 150);
  }
}

TEST_CASE("SMAC starts with Sobol points, and explores now and then") {
  const auto config = mixed_config("smac", "max_trials = 400\nsmac.startup = 20\n");
  const auto planner = planner_of(config);
  const auto view = test::simulate(*planner, one, 120, 1, measure);
  int random = 0;
  for (std::size_t i = 20; i < 120; ++i) random += view.trials()[i]->first.note == "random";
  for (std::size_t i = 0; i < 20; ++i) CHECK(view.trials()[i]->first.note == "sobol");
  CHECK(random > 8);
  CHECK(random < 35);
}

TEST_CASE("SMAC looks where thresholds are met") {
  const auto config = config::Config::parse(
      "[params.model]\nx.float = [0.0, 1.0]\n[search]\nalgorithm = \"smac\"\nmax_trials = 100\n", "t.toml");
  // The front is the whole line; what meets both thresholds is a twentieth of it.
  const auto inside = [&](std::optional<double> least, std::optional<double> most) {
    const std::vector<trial::Objective> objectives{{"gain", true, least}, {"cost", false, most}};
    const auto view = test::simulate(*planner_of(config), objectives, 100, 1, [](auto, const space::Params& params) {
      const double x = std::get<double>(params.begin()->second);
      return std::optional(trial::Metrics{{"gain", x}, {"cost", x}});
    });
    int count = 0;
    for (std::size_t i = 40; i < 100; ++i) {
      const double x = std::get<double>(view.trials()[i]->first.params.begin()->second);
      count += x >= 0.9 && x <= 0.95;
    }
    return count;
  };
  const int without = inside({}, {}), with = inside(0.9, 0.95);
  INFO(without << " of 60 without thresholds, " << with << " with them");
  CHECK(with > 20);
  CHECK(with > 3 * without);
}

TEST_CASE("evolution: one decision of a child differs, or as many as the probability gives") {
  const auto differing = [&](const std::string& more) {
    const auto config = macro("evolution", more);
    const auto view = test::simulate(*planner_of(config), one, 120, 1, measure);
    double sum = 0, children = 0;
    for (const auto& trial : view.trials()) {
      if (!trial->first.note.starts_with("child of ")) continue;
      const auto& parent = view.find(std::stoll(trial->first.note.substr(9)))->first.params;
      ++children;
      for (const auto& [name, value] : trial->first.params) sum += value != parent.at(name);
    }
    return sum / children;
  };
  CHECK(differing("") == 1);
  const double many = differing("mutation = 0.5\n");
  CHECK(many > 2);  // of eight, a third of the draws gives what was there
  CHECK(many < 5);
}

TEST_CASE("policies learn from the same trials in whatever order these ended, and a late one takes its place") {
  for (const auto* name : {"reinforce", "ppo"}) {
    const auto config = macro(name);
    const auto run = test::simulate(*planner_of(config), one, 64, 2, measure);
    const auto all = run.trials();
    // Trial 5 ends last.
    trial::ViewBuilder builder;
    builder.objectives(one).max_trials(200);
    auto late = *all[5];
    late.rungs.front() = {.item = {5, 0}, .attempt = 1, .state = trial::State::running};
    for (std::size_t i = 0; i < 64; ++i) builder.trial(i == 5 ? std::make_shared<const trial::Trial>(late) : all[i]);
    const auto planner = planner_of(config);
    const auto before = proposal(*planner, builder.build(), 64);
    CHECK(before->note == (std::string(name) == "ppo" ? "policy after 56 trials" : "policy after 60 trials"));
    builder.trial(all[5]);
    const auto view = builder.build();
    const auto after = proposal(*planner, view, 64), fresh = proposal(*planner_of(config), view, 64);
    CHECK(after->params == fresh->params);
  }
}

TEST_CASE("nas-bench-macro: learners against random draws at equal trials") {
  const auto table = test::Table::load();
  if (!table) SKIP("nas-bench-macro is missing; set ASSAY_DATA to the folder of the data sets");
  const auto at = [&](trial::TrialId, const space::Params& params) {
    const auto& row = table->at(params);
    return std::optional(trial::Metrics{{"accuracy", row.accuracy}, {"flops", row.flops / 1e6}});
  };
  const auto regret = [&](const std::string& name, std::int64_t trials, std::uint64_t seeds) {
    std::vector<double> left;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      const auto config = macro(name, "max_trials = " + std::to_string(trials) + "\n");
      const auto view = test::simulate(*planner_of(config), one, trials, seed, at);
      const trial::Standings standings(view);
      left.push_back(93.13 - *standings.best()->value);
    }
    return stats::median(left);
  };
  const double random = regret("random", 100, 40);
  for (const auto* name : {"reinforce", "ppo", "smac"}) {
    const double found = regret(name, 100, 10);
    std::printf("nas-bench-macro, 100 trials: %s misses %.3f points, random %.3f\n", name, found, random);
    CHECK(found < random / 2);
  }
}

TEST_CASE("SMAC stays away from trials that run") {
  // One number, best at 0.25 and at 0.75; the neighbourhood of 0.25 is being measured.
  const auto config = config::Config::parse(
      "[params.model]\na.float = [0.0, 1.0]\n[search]\nalgorithm = \"smac\"\nmax_trials = 400\n"
      "smac.random_share = 0.0\n",
      "t.toml");
  trial::ViewBuilder builder;
  builder.objectives(one).max_trials(400);
  for (std::int64_t id = 0; id < 40; ++id) {
    const double a = (double(id) + 0.5) / 40;
    builder.done(id, {{"params.model.a", a}}, {{"accuracy", -std::min(std::abs(a - 0.25), std::abs(a - 0.75))}});
  }
  const auto share_near = [&] {
    const auto view = builder.build();
    int near = 0;
    for (trial::TrialId number = 100; number < 150; ++number) {
      const auto planner = planner_of(config);
      base::Rng rng(1, "search", number, "propose");
      near +=
          std::abs(std::get<double>(planner->propose(view, number, rng)->params.at("params.model.a")) - 0.25) < 0.04;
    }
    return near / 50.0;
  };
  const double before = share_near();
  for (std::int64_t id = 40; id < 70; ++id) {
    trial::Trial running{.id = id, .first = {.params = {{"params.model.a", 0.21 + double(id - 40) * 0.08 / 30}}}};
    running.proposed = true;
    running.rungs.push_back({.item = {id, 0}, .attempt = 1, .state = trial::State::running});
    builder.trial(std::move(running));
  }
  const double with = share_near();
  INFO(before << " near 0.25, " << with << " while others are there");
  CHECK(before > 0.25);
  CHECK(with < before / 2);
}
