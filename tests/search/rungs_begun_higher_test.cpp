// Trials whose rung 0 lies above the lowest fidelity: brackets that begin higher, results that were put in by hand.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/log.hpp"
#include "search/planners.hpp"
#include "search/rung_lab.hpp"
#include "search/stopping/stop_rules.hpp"
#include "trial/view_builder.hpp"

using namespace assay;

namespace {

const std::vector<trial::Fidelity> three{{.epochs = 1}, {.epochs = 3}, {.epochs = 9}};
constexpr auto done = trial::State::done;

trial::ViewBuilder study_of(std::int64_t trials) {
  trial::ViewBuilder builder;
  builder.objectives({{"accuracy", true, {}}}).fidelities(three).max_trials(trials);
  return builder;
}

config::Config config_of(const std::string& algorithm, const std::string& more = "") {
  base::set_verbosity(base::Level::quiet);
  return config::Config::parse(
      "[params.training]\na.int = [1, 40]\nb.int = [1, 40]\nlr = { float = [0.001, 1.0], log = true }\n"
      "[search]\nrungs = [1, 3]\nalgorithm = \"" +
          algorithm + "\"\n" + more,
      "run.toml");
}

std::unique_ptr<trial::Planner> planner_of(const config::Config& config) {
  return search::make_planner(config, std::make_shared<const space::Space>(space::Space::load(config)), 7);
}

/// "2.1": this item goes on; "0.2 from 3.0": with another one's checkpoint.
std::string text(const trial::Decision& decision) {
  const auto* further = std::get_if<trial::Continue>(&decision);
  if (const auto* wait = std::get_if<trial::Wait>(&decision)) return "waits: " + wait->reason;
  if (const auto* over = std::get_if<trial::Finished>(&decision)) return "ends: " + over->reason;
  if (further == nullptr) return "new";
  auto item = fmt::format("{}.{}", further->item.trial, further->item.rung);
  if (!further->what) return item;
  return fmt::format("{} from {}.{}", item, further->what->from->trial, further->what->from->rung);
}

space::Params point(trial::TrialId id) {
  return {{"params.training.a", id + 1}, {"params.training.b", std::int64_t{1}}, {"params.training.lr", 0.1}};
}

/// Its rungs, from level `first` on, ended with these values.
trial::Trial climbed(trial::TrialId id, std::size_t first, const std::vector<double>& values) {
  trial::Trial trial{.id = id, .first = {.params = point(id)}, .proposed = true};
  if (first > 0) trial.first.at = three[first];
  for (const auto value : values) {
    const auto rung = static_cast<int>(trial.rungs.size());
    trial.rungs.push_back({.item = {id, rung}, .attempt = 1, .state = done});
    trial.rungs.back().at = three[first + trial.rungs.size() - 1];
    trial.rungs.back().metrics = {{"accuracy", value}};
  }
  return trial;
}

trial::Trial running(trial::Trial trial, std::size_t level) {
  const auto rung = static_cast<int>(trial.rungs.size());
  trial.rungs.push_back({.item = {trial.id, rung}, .attempt = 1, .state = trial::State::running});
  trial.rungs.back().at = three[level];
  return trial;
}

trial::Outcome by_value(const trial::Work& work) {
  return test::measured(static_cast<double>(std::get<std::int64_t>(work.what.params.at("params.training.a")) +
                                            std::get<std::int64_t>(work.what.params.at("params.training.b"))));
}

int measured_at(const trial::StudyView& view, const trial::Fidelity& at) {
  const auto committed = view.committed();
  return static_cast<int>(std::count_if(committed.begin(), committed.end(), [&](auto* one) { return one->at == at; }));
}

}  // namespace

TEST_CASE("stop rules: what began at the highest fidelity counts, what only has as many rungs does not") {
  search::StopSettings settings;
  settings.target = true;
  settings.goals = {0.9};
  search::StopRules rules(settings);
  auto builder = study_of(100);
  builder.trial(climbed(0, 0, {0.95, 0.95}));
  builder.trial(climbed(1, 1, {0.95}));
  CHECK_FALSE(rules.check(builder.build()));
  builder.trial(climbed(14, 2, {0.95}));
  CHECK(rules.check(builder.build()));
}

TEST_CASE("a result put in by hand stands where it was measured, whatever its proposal said") {
  auto builder = study_of(100);
  for (trial::TrialId id = 0; id < 3; ++id) builder.trial(climbed(id, 0, {0.1 + 0.1 * double(id)}));
  auto full = climbed(3, 2, {0.99});
  full.first.at.reset();
  builder.trial(full);
  CHECK(text(planner_of(config_of("asha"))->next(builder.build())) == "2.1");
}

TEST_CASE("hyperband: a bracket climbs as many rungs as a study has") {
  std::string rungs = "1";
  for (int epochs = 2; epochs < 70; ++epochs) rungs += fmt::format(", {}", epochs);
  const auto config = config::Config::parse(
      fmt::format("[params.training]\na.int = [1, 40]\nb.int = [1, 40]\n[search]\nalgorithm = \"hyperband\"\n"
                  "eta = 2\nrungs = [{}]\n",
                  rungs),
      "run.toml");
  const auto space = space::Space::load(config);
  const test::LabSettings settings{.fidelities = search::rungs_of(config, space, {.epochs = 70}), .trials = 2};
  const auto course = test::run_lab([&] { return planner_of(config); }, by_value, settings);
  CHECK(measured_at(course.view, {.epochs = 70}) == 1);
}

TEST_CASE("pbt: nobody waits for a member that begins above a step") {
  auto builder = study_of(4);
  builder.trial(climbed(0, 2, {0.5}));
  for (trial::TrialId id = 1; id < 4; ++id) builder.trial(climbed(id, 0, {0.1 * double(id)}));
  for (const auto* quorum : {"1.0", "0.5"}) {
    const auto planner = planner_of(config_of("pbt", fmt::format("pbt.population = 4\npbt.quorum = {}\n", quorum)));
    CHECK(text(planner->next(builder.build())) == "1.1 from 3.0");  // 1 is last, 3 first of those at the step
  }
}

TEST_CASE("pbt: copies are of what a donor measured at the step, wherever it began") {
  const auto config = config_of("pbt", "pbt.population = 4\npbt.fraction = 0.25\npbt.quorum = 0.5\n");
  SECTION("its next step not begun") {
    auto builder = study_of(4);
    for (trial::TrialId id = 0; id < 3; ++id)
      builder.trial(climbed(id, 0, {0.1 + 0.1 * double(id), 0.1 + 0.1 * double(id)}));
    builder.trial(climbed(3, 1, {0.99}));
    CHECK(text(planner_of(config)->next(builder.build())) == "0.2 from 3.0");
  }
  SECTION("its next step running") {
    auto builder = study_of(4);
    for (trial::TrialId id = 1; id < 4; ++id) builder.trial(climbed(id, 0, {0.1 * double(id), 0.1 * double(id)}));
    const auto first = climbed(0, 1, {0.99});
    builder.trial(first);
    CHECK(text(planner_of(config)->next(builder.build())) == "0.1");
    builder.trial(running(first, 2));
    CHECK(text(planner_of(config)->next(builder.build())) == "1.2 from 0.0");
  }
}

TEST_CASE("econas with its barrier: a network that begins higher ends its cycle there, and is of that pool") {
  SECTION("at the top") {
    const auto planner = planner_of(config_of("econas", "econas.barrier = true\neconas.cycle = 2\n"));
    auto builder = study_of(100);
    builder.trial(climbed(0, 2, {0.9}));
    builder.trial(climbed(1, 0, {0.1}));
    CHECK(text(planner->next(builder.build())) == "1.1");
  }
  SECTION("between") {
    const auto planner = planner_of(config_of("econas", "econas.barrier = true\neconas.cycle = 4\n"));
    auto builder = study_of(100);
    builder.trial(running(climbed(0, 1, {}), 1));
    for (trial::TrialId id = 1; id < 4; ++id) builder.trial(climbed(id, 0, {0.1 * double(id)}));
    CHECK(text(planner->next(builder.build())) == "waits: cycle -1 is not over");
    builder.trial(climbed(0, 1, {0.9}));
    CHECK(text(planner->next(builder.build())) == "3.1");
    builder.trial(running(climbed(3, 0, {0.3}), 1));
    CHECK(text(planner->next(builder.build())) == "2.1");
    builder.trial(running(climbed(2, 0, {0.2}), 1));
    CHECK(text(planner->next(builder.build())) == "0.1");
    builder.trial(running(climbed(0, 1, {0.9}), 2));
    CHECK(text(planner->next(builder.build())) == "new");
  }
}

TEST_CASE("econas with its barrier: a number beyond the batch, which others took up, is a child all the same") {
  const auto planner = planner_of(config_of("econas", "econas.barrier = true\neconas.cycle = 4\n"));
  auto builder = study_of(100);
  for (trial::TrialId id = 0; id < 4; ++id) builder.trial(climbed(id, 0, {0.1 * double(id)}));
  for (trial::TrialId id = 4; id < 9; ++id) {  // the cycle's own are 4 and 5
    base::Rng rng(1, "search", id, "propose");
    const auto proposal = planner->propose(builder.build(), id, rng);
    REQUIRE(proposal);
    CHECK(proposal->note.starts_with("child of "));
  }
}

TEST_CASE("econas: results put in by hand use up nobody's place at the next stage") {
  test::LabSettings settings{.fidelities = three, .trials = 60};
  for (trial::TrialId id = 0; id < 10; ++id) settings.by_hand[id] = three[1];
  const auto config = config_of("econas");
  const auto course = test::run_lab([&] { return planner_of(config); }, by_value, settings);
  int went_on = 0;
  for (trial::TrialId id = 10; id < 60; ++id) went_on += course.view.find(id)->rungs.size() > 1;
  CHECK(went_on >= 23);  // one for every two of fifty
}

TEST_CASE("hyperband: a bracket whose members all begin higher goes on from there") {
  test::LabSettings settings{.fidelities = three, .trials = 17};
  for (trial::TrialId id = 0; id < 9; ++id) settings.by_hand[id] = three[1];
  const auto config = config_of("hyperband");
  const auto course = test::run_lab([&] { return planner_of(config); }, by_value, settings);
  int went_on = 0;
  for (trial::TrialId id = 0; id < 9; ++id) went_on += course.view.find(id)->rungs.size() > 1;
  CHECK(went_on == 1);  // a ninth
  CHECK(measured_at(course.view, three[2]) == 1 + 1 + 3);
}

TEST_CASE("the best of a small search is trained to the end, also where full results were put in by hand") {
  for (const auto* name : {"asha", "hyperband", "bohb", "econas"}) {
    INFO(name);
    test::LabSettings settings{.fidelities = three, .trials = 6};
    settings.by_hand = {{0, three[2]}, {1, three[2]}};
    const auto config = config_of(name);
    const auto course = test::run_lab([&] { return planner_of(config); }, by_value, settings);
    CHECK(measured_at(course.view, three[2]) == 3);
  }
}

TEST_CASE("searches with rungs: trials put in by hand at every fidelity, before and while it runs") {
  for (const auto* name : {"asha", "hyperband", "bohb", "econas", "pbt"}) {
    for (const std::size_t workers : {1, 8}) {
      for (const auto* more : {"", "econas.barrier = true\npbt.quorum = 1.0\n"}) {
        for (const bool some_fail : {false, true}) {
          INFO(name << ", " << workers << " workers, " << more << (some_fail ? ", failures" : ""));
          const auto config = config_of(name, std::string("econas.cycle = 6\npbt.population = 6\n") + more);
          test::LabSettings settings{
              .fidelities = three, .trials = 40, .workers = workers, .lag = 5 * int(workers > 1), .replay = true};
          settings.by_hand = {{0, three[2]},  {1, three[1]},  {2, three[0]},  {7, three[1]},  {8, three[2]},
                              {20, three[1]}, {21, three[2]}, {22, three[1]}, {33, three[2]}, {39, three[1]}};
          const auto course = test::run_lab([&] { return planner_of(config); },
                                            [&](const trial::Work& work) {
                                              const bool fails = (31 * work.item.trial + 17 * work.item.rung) % 7 < 2;
                                              return some_fail && fails ? test::failed() : by_value(work);
                                            },
                                            settings);
          CHECK(course.view.counts().claimed == 40);
          CHECK(course.view.running().empty());
          CHECK(course.reason == "all trials are claimed");
          int arrived = 0;
          for (const auto& trial : course.view.trials())
            arrived += trial->rungs.size() > 1 && trial->result() != nullptr && trial->result()->at == three[2];
          CHECK(arrived > 0);
        }
      }
    }
  }
}
