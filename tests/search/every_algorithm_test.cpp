// What holds for every algorithm of the table, whoever adds the next one.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <set>

#include "base/log.hpp"
#include "search/algorithms.hpp"
#include "search/planners.hpp"
#include "search/rung_lab.hpp"
#include "search/seen.hpp"

using namespace assay;

namespace {

const std::vector<trial::Objective> one{{"accuracy", true, {}}}, two{{"accuracy", true, {}}, {"size", false, 40.0}};

const char* const mixed =
    "[params.training]\nwidth = { int = [1, 32], log = true }\nlr = { float = [0.001, 1.0], log = true }\nkind.choice "
    "= "
    "[\"plain\", { name = \"deep\", depth.int = [2, 9] }]\n[[constraint]]\nrequire = \"params.training.width != 7\"\n";

config::Config config_of(const search::Algorithm& algorithm, const std::string& space, int trials) {
  base::set_verbosity(base::Level::quiet);
  const std::string points = algorithm.name == "list" ? "points = [ {}, { width = 3 }, { width = 9 } ]\n" : "";
  return config::Config::parse(space + "[search]\nalgorithm = \"" + std::string(algorithm.name) +
                                   "\"\nmax_trials = " + std::to_string(trials) + "\n" + points,
                               "run.toml");
}

std::shared_ptr<const space::Space> space_of(const config::Config& config) {
  return std::make_shared<const space::Space>(space::Space::load(config));
}

/// Better with more width; a third as good after a third of the epochs. Every seventh trial fails, others break down.
trial::Outcome measure(const trial::Work& work) {
  if (work.item.trial % 7 == 5) return test::failed();
  const auto width = work.what.params.find("params.training.width");
  const double value = width == work.what.params.end() ? 1 : static_cast<double>(std::get<std::int64_t>(width->second));
  auto outcome = test::measured(value * work.at.epochs);
  outcome.metrics["size"] = 3 * value;
  if (work.item.trial % 11 == 9) outcome.metrics["accuracy"] = std::nan("");
  return outcome;
}

test::LabCourse run(const config::Config& config, test::LabSettings settings) {
  const auto space = space_of(config);
  settings.fidelities = search::rungs_of(config, *space, {.epochs = 9});
  return test::run_lab([&] { return search::make_planner(config, space, 7); }, measure, settings);
}

std::set<std::string> points_of(const trial::StudyView& view) {
  std::set<std::string> points;
  for (const auto& trial : view.trials()) {
    if (trial && trial->proposed) points.insert(search::text_of(trial->first.params));
  }
  return points;
}

}  // namespace

TEST_CASE("every algorithm: replay proposes the same, with failed trials, conditions, constraints, many workers") {
  for (const auto& algorithm : search::algorithms()) {
    for (const std::size_t workers : {1, 6}) {
      for (const auto& objectives : {one, two}) {
        INFO(algorithm.name << ", " << workers << " workers, " << objectives.size() << " objectives");
        const auto config = config_of(algorithm, mixed, 60);
        const auto space = space_of(config);
        const auto course = run(
            config,
            {.objectives = objectives, .trials = 60, .workers = workers, .lag = workers == 1 ? 0 : 3, .replay = true});
        const auto wanted = algorithm.name == "list" ? 3 : 60;
        // A worker with an old view may claim a number for which there is nothing left.
        CHECK(course.view.counts().claimed - course.view.counts().voided <= wanted);
        CHECK(course.view.counts().claimed >= wanted);
        CHECK_FALSE(course.reason.empty());
        for (const auto& trial : course.view.trials()) {
          if (trial && trial->proposed) CHECK_NOTHROW(space->check(trial->first.params));
        }
        if (workers == 1) {
          CHECK(static_cast<std::int64_t>(points_of(course.view).size()) + course.view.counts().voided == wanted);
        }
      }
    }
  }
}

TEST_CASE("every algorithm: spaces of one, two and five points end") {
  for (const auto& algorithm : search::algorithms()) {
    if (algorithm.name == "list") continue;
    for (const int points : {1, 2, 5}) {
      for (const std::size_t workers : {1, 4}) {
        INFO(algorithm.name << ", " << points << " points, " << workers << " workers");
        const auto config = config_of(
            algorithm,
            "[params.training]\nwidth.choice = [" + std::string("1, 2, 3, 4, 5").substr(0, 3 * points - 2) + "]\n", 50);
        const auto course = run(config, {.trials = 50, .workers = workers, .lag = workers == 1 ? 0 : 2});
        CHECK(points_of(course.view).size() == static_cast<std::size_t>(points));
        CHECK_FALSE(course.reason.empty());
        CHECK(course.log.size() < 200);
      }
    }
  }
}
