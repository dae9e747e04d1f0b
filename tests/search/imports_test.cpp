// Imported results take numbers, and no part in what planners count by number.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

#include "base/log.hpp"
#include "search/own_numbers.hpp"
#include "search/planners.hpp"
#include "search/rung_lab.hpp"
#include "trial/view_builder.hpp"

using namespace assay;

namespace {

const std::vector<trial::Fidelity> three{{.epochs = 1}, {.epochs = 3}, {.epochs = 9}};

config::Config config_of(const std::string& algorithm) {
  base::set_verbosity(base::Level::quiet);
  return config::Config::parse(
      "[params.training]\na.int = [1, 40]\nb.int = [1, 40]\nlr = { float = [0.001, 1.0], log = true }\n"
      "[search]\nrungs = [1, 3]\nmax_trials = 36\nalgorithm = \"" +
          algorithm + "\"\n[search.pbt]\npopulation = 6\n",
      "run.toml");
}

trial::Outcome of_lr(const trial::Work& work) {
  return test::measured(std::get<double>(work.what.params.at("params.training.lr")));
}

/// How many items each number of trials measured here has at each rung, by rung.
std::map<int, int> own_items(const test::LabCourse& course) {
  std::map<int, int> items;
  for (const auto& trial : course.view.trials()) {
    if (!trial || trial::imported(trial->first, 0)) continue;
    for (const auto& rung : trial->rungs) ++items[rung.item.rung];
  }
  return items;
}

test::LabCourse course_of(const std::string& algorithm, const std::set<trial::TrialId>& imports, std::size_t workers) {
  const auto config = config_of(algorithm);
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const std::vector<trial::Proposal> first{{.params = space->defaults(), .note = "defaults"}};
  test::LabSettings settings{.fidelities = three, .trials = 36, .workers = workers};
  settings.imports = imports;
  for (const auto number : imports) settings.by_hand[number] = three.back();
  return test::run_lab([&] { return search::make_planner(config, space, 7, first); }, of_lr, settings);
}

}  // namespace

TEST_CASE("brackets, populations and quotas are those of a study without imports") {
  for (const std::string algorithm : {"hyperband", "bohb", "pbt", "asha", "econas"}) {
    for (const auto& imports : {std::set<trial::TrialId>{0, 1, 2, 3, 4}, {0, 7, 8, 20}}) {
      INFO(algorithm << " with " << imports.size());
      const auto without = course_of(algorithm, {}, 1), with = course_of(algorithm, imports, 1);
      CHECK(own_items(without)[0] == 36);
      CHECK(own_items(with)[0] == 36);
      if (algorithm == "hyperband" || algorithm == "bohb" || algorithm == "pbt")
        CHECK(own_items(with) == own_items(without));
      CHECK(own_items(course_of(algorithm, imports, 4))[0] == 36);
    }
  }
}

TEST_CASE("the first trial that is measured here is the defaults, unless they were imported") {
  for (const std::string algorithm : {"random", "tpe", "evolution", "asha", "hyperband"}) {
    INFO(algorithm);
    const auto course = course_of(algorithm, {0, 1, 2}, 1);
    const auto& trial = *course.view.find(3);
    CHECK(trial.first.note == "defaults");
    CHECK(course.view.find(4)->first.note != "defaults");
  }
  const auto config = config_of("random");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const auto planner = search::make_planner(config, space, 7, {{.params = space->defaults(), .note = "defaults"}});
  trial::Trial trial{.id = 0, .first = {.params = space->defaults()}, .proposed = true};
  trial.first.tags = {{trial::origin_tag, "import"}};
  trial.rungs.push_back({.item = {0, 0}, .attempt = 1, .state = trial::State::done, .metrics = {{"accuracy", 0.5}}});
  trial::ViewBuilder builder;
  builder.objectives({{"accuracy", true, {}}}).fidelities({three.back()}).max_trials(9).trial(std::move(trial));
  base::Rng rng(1, "search", 1, "propose");
  CHECK(planner->propose(builder.build(), 1, rng)->note != "defaults");
}

TEST_CASE("places of own trials follow imports that come to light late") {
  trial::ViewBuilder builder;
  const auto add = [&](trial::TrialId id, bool imported) {
    trial::Trial trial{.id = id, .proposed = true};
    if (imported) trial.first.tags = {{trial::origin_tag, "import"}};
    trial.rungs.push_back({.item = {id, 0}, .attempt = 1, .state = trial::State::done});
    builder.trial(std::move(trial));
  };
  search::OwnNumbers own;
  add(0, true);
  add(1, false);
  add(3, false);  // 2 is claimed by somebody who has not said what for
  CHECK_FALSE(own.update(builder.build()));
  CHECK(own.all() == std::vector<trial::TrialId>{1, 2, 3});
  CHECK(own.place(3) == 2);
  CHECK(own.place(9) == 8);
  add(2, true);
  CHECK(own.update(builder.build()));
  CHECK(own.all() == std::vector<trial::TrialId>{1, 3});
  CHECK(own.place(3) == 1);
  add(4, true);
  CHECK_FALSE(own.update(builder.build()));
  CHECK(own.all() == std::vector<trial::TrialId>{1, 3});
  CHECK(own.place(5) == 2);
}
