#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "config/settings.hpp"
#include "search/algorithms.hpp"
#include "search/seen.hpp"
#include "search/table.hpp"

using namespace assay;
using test::macro_config;

namespace {

const std::vector<trial::Objective> accuracy{{"accuracy", true, {}}};

std::shared_ptr<const space::Space> space_of(const config::Config& config) {
  return std::make_shared<const space::Space>(space::Space::load(config));
}

std::unique_ptr<trial::Planner> planner_of(const config::Config& config, std::vector<trial::Proposal> first = {}) {
  base::set_verbosity(base::Level::quiet);
  return search::make_planner(config, space_of(config), 1, std::move(first));
}

std::string algorithm(const std::string& name) { return "[search]\nalgorithm = \"" + name + "\"\n"; }

/// Layers that are no skip connections: easy to climb.
std::optional<trial::Metrics> layers(trial::TrialId, const space::Params& params) {
  double count = 0;
  for (const auto& [name, value] : params)
    count += space::to_text(value) == "k5" ? 2 : space::to_text(value) == "k3" ? 1 : 0;
  return trial::Metrics{{"accuracy", count}};
}

std::set<std::string> points(const trial::StudyView& view) {
  std::set<std::string> result;
  for (const auto& trial : view.trials()) {
    if (trial && trial->proposed) result.insert(search::text_of(trial->first.params));
  }
  return result;
}

}  // namespace

TEST_CASE("search.algorithm may be any algorithm of the table, and no other") {
  std::string names = "auto";
  for (const auto& algorithm : search::algorithms()) names += "|" + std::string(algorithm.name);
  CHECK(config::find_setting("search.algorithm")->choices == names);
}

TEST_CASE("every planner keeps to max_trials, begins with the first proposals and repeats nothing") {
  for (const auto* name : {"random", "evolution", "tpe", "sobol", "anneal", "naive_evolution"}) {
    const auto config = macro_config(algorithm(name));
    const auto space = space_of(config);
    const auto planner = planner_of(config, {{.params = space->defaults(), .note = "defaults"}});
    const auto view = test::simulate(*planner, accuracy, 300, 1, layers);
    CHECK(view.counts().done == 300);
    CHECK(points(view).size() == 300);
    CHECK(view.find(0)->first.params == space->defaults());
    CHECK(view.find(0)->first.note == "defaults");
  }
}

TEST_CASE("the sizes of reference networks are those on the data's outputs") {
  for (const std::int64_t outputs : {1, 3, 10, 100}) {
    const auto config = config::Config::parse(
        "[model]\ninput = [8]\nblocks = [{ op = \"linear\", width = { choice = [16, 32], default = 16 } }, "
        "{ op = \"linear\", width = " +
            std::to_string(outputs) + " }]\n",
        "run.toml");
    const auto space = space_of(config);
    const auto features = search::size_features(*space, space->defaults(), outputs);
    REQUIRE(features.size() == 2);
    const double first = 8 * 16, last = 16.0 * static_cast<double>(outputs);
    CHECK(std::abs(std::expm1(features[1]) - (first + last)) < 1e-6);
    CHECK_THROWS_AS(search::size_features(*space, space->defaults(), outputs + 1), base::Error);
  }
}

TEST_CASE("a space that is too large to list at once is exhausted all the same") {
  std::string lines = "[params.model]\n";
  for (const auto* name : {"a", "b", "c", "d"}) lines += std::string(name) + ".int = [1, 7]\n";
  const auto config = config::Config::parse(lines + algorithm("random") + "max_trials = 3000\n", "t");
  const auto planner = planner_of(config);
  const auto view = test::simulate(*planner, accuracy, 3000, 1, [](auto, const auto&) {
    return trial::Metrics{{"accuracy", 1.0}};
  });
  CHECK(points(view).size() == 2401);
  CHECK(view.counts().done == 2401);
  const auto decision = planner->next(view);
  REQUIRE(std::holds_alternative<trial::Finished>(decision));
  CHECK(std::get<trial::Finished>(decision).reason == "space exhausted: all 2,401 points have been tried");
}

TEST_CASE("of a huge space with few valid points all are tried, then the search ends") {
  std::string lines = "[params.model]\n", sum;
  for (const auto* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    lines += std::string(name) + " = { int = [0, 9], default = 0 }\n";
    sum += (sum.empty() ? "params.model." : " + params.model.") + std::string(name);
  }
  for (const auto& [most, points_of] : {std::pair{"1", 9}, std::pair{"5", 1287}}) {
    const auto text = lines + "[[constraint]]\nrequire = \"" + sum + " <= " + most + "\"\n";
    for (const auto* name : {"random", "evolution", "tpe", "anneal"}) {
      if (points_of > 9 && std::string(name) != "random") continue;
      INFO(name);
      const auto config = config::Config::parse(text + algorithm(name) + "max_trials = 2000\n", "t");
      CHECK(space_of(config)->valid_size().exact == points_of);
      const auto planner = planner_of(config);
      const auto view = test::simulate(*planner, accuracy, 2000, 1, layers);
      CHECK(view.counts().done == points_of);
      const auto decision = planner->next(view);
      REQUIRE(std::holds_alternative<trial::Finished>(decision));
      CHECK(std::get<trial::Finished>(decision).reason.starts_with("space exhausted: all"));
    }
  }
}

TEST_CASE("where nothing can be counted a search ends that finds nothing new") {
  const auto config = config::Config::parse(
      "[params.model]\na = { normal = [0.0, 1.0], step = 1.0 }\nb = { normal = [0.0, 1.0], step = 100.0 }\n" +
          algorithm("random") + "max_trials = 500\n",
      "t");
  for (const std::int64_t workers : {1, 4}) {
    const auto planner = planner_of(config);
    const auto view = test::simulate(*planner, accuracy, 500, 1, layers, workers);
    CHECK(view.counts().done == static_cast<std::int64_t>(points(view).size()));
    CHECK((points(view).size() >= 6 && points(view).size() <= 12));
    CHECK(view.counts().voided == 1);
    const auto decision = planner->next(view);
    REQUIRE(std::holds_alternative<trial::Finished>(decision));
    CHECK(
        std::get<trial::Finished>(decision).reason.ends_with("points have been tried, and 240 further draws gave no "
                                                             "other"));
  }
}

TEST_CASE("a small space is tried out completely, then the search ends") {
  const auto config =
      config::Config::parse("[params.model]\na.choice = [1, 2, 3]\nb.choice = [1, 2]\n" + algorithm("random"), "t");
  const auto planner = planner_of(config, {{.params = space_of(config)->defaults()}});
  const auto view = test::simulate(*planner, accuracy, 100, 1, [](auto, const auto&) {
    return trial::Metrics{{"accuracy", 1}};
  });
  CHECK(view.counts().claimed == 6);
  CHECK(points(view).size() == 6);
}

TEST_CASE("planners are pure functions of the view and the stream") {
  for (const auto* name : {"random", "evolution", "grid", "auto", "tpe", "sobol", "anneal", "naive_evolution"}) {
    const auto config = macro_config(algorithm(name));
    const auto veteran = planner_of(config);
    const auto view = test::simulate(*veteran, accuracy, 60, 3, layers);
    const auto fresh = planner_of(config);
    for (trial::TrialId number = 60; number < 70; ++number) {
      base::Rng a(3, "search", number, "propose"), b(3, "search", number, "propose");
      const auto one = veteran->propose(view, number, a), two = fresh->propose(view, number, b);
      REQUIRE((one && two));
      CHECK(one->params == two->params);
      CHECK(one->note == two->note);
    }
    CHECK(veteran->describe() == fresh->describe());
  }
}

TEST_CASE("that a process listed the space before changes none of its proposals") {
  const auto config = config::Config::parse(
      "[params.model]\na.int = [1, 55]\nb.int = [1, 55]\n" + algorithm("random") + "max_trials = 4000\n", "t");
  const auto space = space_of(config);
  auto points = *space->enumerate(4000);
  base::Rng order(1, "test", 0, "order");
  order.shuffle(points);
  const auto number = [](std::size_t i) { return static_cast<trial::TrialId>(i); };
  constexpr std::size_t done = 2700, open = 45;
  trial::ViewBuilder builder;
  builder.objectives(accuracy).max_trials(4000);
  for (std::size_t i = 0; i < done; ++i) builder.done(number(i), points[i], {{"accuracy", 0.5}});
  const auto veteran = planner_of(config);
  const auto before = builder.build();
  for (std::size_t i = done; i < done + 200; ++i) {  // one in twelve of them finds nothing new and lists the space
    base::Rng rng(2, "search", number(i), "propose");
    veteran->propose(before, number(i), rng);
  }
  for (std::size_t i = done; i < done + open; ++i) builder.trial({.id = number(i)});
  const auto view = builder.build();
  for (std::size_t i = done; i < done + open + 5; ++i) {
    base::Rng a(1, "search", number(i), "propose"), b(1, "search", number(i), "propose");
    const auto one = veteran->propose(view, number(i), a), two = planner_of(config)->propose(view, number(i), b);
    REQUIRE((one && two));
    CHECK(one->params == two->params);
  }
  CHECK(veteran->next(view).index() == planner_of(config)->next(view).index());
}

TEST_CASE("the same seed gives the same study, another seed another one") {
  const auto run = [](std::uint64_t seed) {
    const auto config = macro_config(algorithm("evolution"));
    return points(test::simulate(*planner_of(config), accuracy, 50, seed, layers));
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("failed trials and results that are no numbers have no offspring") {
  const auto config = macro_config(algorithm("evolution"));
  const auto view = test::simulate(*planner_of(config), accuracy, 200, 1, [](auto number, const auto& params) {
    if (number % 3 == 0) return std::optional<trial::Metrics>();
    if (number % 3 == 1) return std::optional(trial::Metrics{{"accuracy", NAN}});
    return layers(number, params);
  });
  int children = 0;
  for (const auto& trial : view.trials()) {
    if (!trial->first.note.starts_with("child of ")) continue;
    ++children;
    CHECK(std::stoi(trial->first.note.substr(9)) % 3 == 2);
  }
  CHECK(children == 200 - 16);
}

TEST_CASE("nothing but failures: evolution goes on at random") {
  const auto config = macro_config(algorithm("evolution"));
  const auto view = test::simulate(*planner_of(config), accuracy, 60, 1,
                                   [](auto, const auto&) { return std::optional<trial::Metrics>(); });
  CHECK(view.counts().failed == 60);
}

TEST_CASE("parents are among the youngest of the population, children differ in one place") {
  const auto config = macro_config(algorithm("evolution") + "population = 10\ntournament = 3\n");
  const auto view = test::simulate(*planner_of(config), accuracy, 100, 1, layers);
  for (trial::TrialId number = 10; number < 100; ++number) {
    const auto& what = view.find(number)->first;
    REQUIRE(what.note.starts_with("child of "));
    const auto parent = std::stol(what.note.substr(9));
    CHECK((parent >= number - 10 && parent < number));
    int changed = 0;
    for (const auto& [name, value] : view.find(parent)->first.params) changed += what.params.at(name) != value;
    CHECK(changed == 1);
  }
}

TEST_CASE("the grid holds every point once, and five values of a real") {
  const auto config = macro_config(algorithm("grid"));
  const auto view = test::simulate(*planner_of(config), accuracy, 10'000, 1, layers);
  CHECK(view.counts().done == 6561);
  CHECK(points(view).size() == 6561);

  const auto reals =
      config::Config::parse("[params.model]\na = { float = [0.0, 1.0] }\nb.choice = [1, 2]\n" + algorithm("grid"), "t");
  const auto small = test::simulate(*planner_of(reals), accuracy, 100, 1, [](auto, const auto&) {
    return trial::Metrics{{"accuracy", 1}};
  });
  CHECK(points(small).size() == 10);
  CHECK(points(small).contains("params.model.a=0.1;params.model.b=1;"));

  const auto huge =
      config::Config::parse("[params.model]\na.int = [1, 2000]\nb.int = [1, 2000]\n" + algorithm("grid"), "t");
  CHECK_THROWS_AS(planner_of(huge), base::Error);
}

TEST_CASE("the halving grid refines numbers pass by pass, the last parameter fastest, and ends with the space") {
  const std::string order = algorithm("grid") + "grid.order = \"halving\"\n";
  const auto flat = [](auto, const auto&) { return trial::Metrics{{"accuracy", 1.0}}; };
  const auto reals =
      config::Config::parse("[params.model]\na.choice = [\"x\", \"y\"]\nb.float = [0.0, 1.0]\n" + order, "t");
  const auto view = test::simulate(*planner_of(reals), accuracy, 14, 1, flat, 3);
  std::vector<std::string> texts;
  for (const auto& trial : view.trials()) {
    texts.push_back(space::to_text(trial->first.params.at("params.model.a")) +
                    space::to_text(trial->first.params.at("params.model.b")));
  }
  CHECK(texts == std::vector<std::string>{"x0.5", "y0.5", "x0.25", "x0.75", "y0.25", "y0.75", "x0.125", "x0.375",
                                          "x0.625", "x0.875", "y0.125", "y0.375", "y0.625", "y0.875"});

  // Conditions, constraints and integers: every valid point once, then the end.
  const auto whole = config::Config::parse(
      "[params.model]\na.int = [1, 9]\nb.choice = [1, { name = \"deep\", c.int = [1, 4] }]\n[[constraint]]\nrequire = "
      "\"params.model.a != 6\"\n" +
          order,
      "t");
  const auto planner = planner_of(whole);
  const auto all = test::simulate(*planner, accuracy, 100, 1, flat);
  CHECK(points(all).size() == 8 * 5);
  CHECK(all.counts().done == 8 * 5);
  CHECK(std::get<trial::Finished>(planner->next(all)).reason.starts_with("space exhausted: all 40 points"));
}

TEST_CASE("listed points: partial, by short names, with errors that name the place") {
  const std::string toml =
      "[params.model]\nwidth.int = [1, 64]\ndepth.choice = [1, 2]\n[params.training]\nwidth.int = [1, 4]\n";
  const auto load = [&](const std::string& points) {
    return planner_of(config::Config::parse(toml + algorithm("list") + "points = " + points + "\n", "t.toml"));
  };
  const auto planner = load("[ { depth = 2 }, { \"params.model.width\" = 7 }, { params.model.width = 9, depth = 1 } ]");
  const auto view = test::simulate(*planner, accuracy, 100, 1, [](auto, const auto&) {
    return trial::Metrics{{"accuracy", 1}};
  });
  REQUIRE(view.counts().done == 3);
  CHECK(space::to_text(view.find(0)->first.params.at("params.model.depth")) == "2");
  CHECK(space::to_text(view.find(1)->first.params.at("params.model.width")) == "7");
  CHECK(space::to_text(view.find(2)->first.params.at("params.model.width")) == "9");

  const auto error = [&](const std::string& list) -> std::string {
    try {
      load(list);
    } catch (const base::Error& problem) {
      return problem.what();
    }
    return "";
  };
  CHECK(error("[ { width = 7 } ]").find("may mean params.model.width or params.training.width") != std::string::npos);
  CHECK(error("[ { depht = 2 } ]").find("no parameter depht") != std::string::npos);
  CHECK(error("[ { depth = 3 } ]").find("outside of 1 | 2") != std::string::npos);
  CHECK(error("[ { depth = 3 } ]").find("t.toml:8:") != std::string::npos);
}

TEST_CASE("a list planner proposes trial n as proposal n, also beyond gaps") {
  const auto planner = search::make_list_planner("ladder", {{.note = "a"}, {.note = "b"}});
  trial::ViewBuilder builder;
  builder.objectives(accuracy).max_trials(10);
  base::Rng rng(1, "search", 0, "propose");
  CHECK(planner->propose(builder.build(), 1, rng)->note == "b");
  CHECK_FALSE(planner->propose(builder.build(), 2, rng));
  builder.done(1, {}, {});
  CHECK(std::holds_alternative<trial::New>(planner->next(builder.build())));
  builder.done(0, {}, {});
  CHECK(std::holds_alternative<trial::Finished>(planner->next(builder.build())));
}

TEST_CASE(
    "auto: a tiny space is listed, few trials are random, up to 5,000 learn a model; the study is founded with "
    "\"auto\"") {
  const auto note = [](const std::string& toml) {
    const auto config = config::Config::parse(toml, "t.toml");
    const auto planner = planner_of(config);
    CHECK(planner->describe()["algorithm"] == "auto");
    const auto view = test::simulate(*planner, accuracy, config.integer("search.max_trials"), 1, [](auto, const auto&) {
      return trial::Metrics{{"accuracy", 1}};
    });
    return view.trials().back()->first.note;
  };
  CHECK(note("[params.model]\na.int = [1, 30]\n[search]\nmax_trials = 50\n") == "grid");
  CHECK(note("[params.model]\na.int = [1, 3000]\n[search]\nmax_trials = 15\n") == "random");
  CHECK(note("[params.model]\na.int = [1, 3000]\n[search]\nmax_trials = 50\n") == "tpe");
  CHECK(note("[params.model]\na.int = [1, 3000000]\n[search]\nmax_trials = 5001\n").starts_with("child of "));
}
