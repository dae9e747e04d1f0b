// Fidelities, promotion, brackets, pools, populations: each algorithm by hand, then all of them under many workers.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "search/algorithms.hpp"
#include "search/planners.hpp"
#include "search/rung_lab.hpp"
#include "search/rungs/density.hpp"
#include "search/rungs/hyperband.hpp"
#include "search/rungs/rungs.hpp"
#include "trial/standing.hpp"

using namespace assay;

namespace {

const char* const layers =
    "[params.training]\na.int = [1, 40]\nb.int = [1, 40]\nlr = { float = [0.001, 1.0], log = true }\n";

config::Config config_of(const std::string& algorithm, const std::string& more = "",
                         const std::string& space = layers) {
  base::set_verbosity(base::Level::quiet);
  return config::Config::parse(space + "[search]\nalgorithm = \"" + algorithm + "\"\n" + more, "run.toml");
}

std::shared_ptr<const space::Space> space_of(const config::Config& config) {
  return std::make_shared<const space::Space>(space::Space::load(config));
}

std::vector<trial::Fidelity> rungs_of(const config::Config& config, int epochs) {
  return search::rungs_of(config, *space_of(config), {.epochs = epochs});
}

std::vector<int> epochs_of(const std::vector<trial::Fidelity>& rungs) {
  std::vector<int> epochs;
  for (const auto& rung : rungs) epochs.push_back(rung.epochs);
  return epochs;
}

auto maker(const config::Config& config) {
  return [config, space = space_of(config)] { return search::make_planner(config, space, 7); };
}

test::LabCourse run(const config::Config& config, test::LabSettings settings, const test::LabMeasure& measure,
                    int epochs = 9) {
  settings.fidelities = rungs_of(config, epochs);
  return test::run_lab(maker(config), measure, settings);
}

/// Measured at each level of the study.
std::vector<int> counts(const trial::StudyView& view) {
  std::vector<int> counts(view.fidelities().size(), 0);
  for (const auto* done : view.committed()) ++counts[trial::level_of(done->at, done->item.rung, view.fidelities())];
  return counts;
}

double value(const trial::Work& work) {
  return static_cast<double>(std::get<std::int64_t>(work.what.params.at("params.training.a")) +
                             std::get<std::int64_t>(work.what.params.at("params.training.b")));
}

trial::Outcome by_value(const trial::Work& work) { return test::measured(value(work)); }

const std::vector<std::string> with_rungs{"asha", "hyperband", "bohb", "econas", "pbt"};

}  // namespace

TEST_CASE("rungs: the full epochs divided again and again, or as listed; never beyond the full number") {
  const auto asha = config_of("asha");
  CHECK(epochs_of(rungs_of(asha, 50)) == std::vector{1, 2, 6, 17, 50});
  CHECK(epochs_of(rungs_of(asha, 81)) == std::vector{1, 3, 9, 27, 81});
  CHECK(epochs_of(rungs_of(asha, 1)) == std::vector{1});
  CHECK(epochs_of(rungs_of(config_of("asha", "eta = 4\nmin_epochs = 10\n"), 100)) == std::vector{10, 25, 100});
  CHECK(epochs_of(rungs_of(config_of("asha", "eta = 4\nmin_epochs = 13\n"), 100)) == std::vector{25, 100});
  CHECK(epochs_of(rungs_of(config_of("hyperband", "rungs = [3, 9, 27]\n"), 20)) == std::vector{3, 9, 20});
  CHECK_THROWS_AS(rungs_of(config_of("hyperband", "rungs = [3, 9]\n"), 2), base::Error);  // a proxy of two epochs
  const auto cycles = config_of("econas", "econas.barrier = true\n");
  CHECK(epochs_of(rungs_of(cycles, 60)) == std::vector{20, 40, 60});
  CHECK(epochs_of(rungs_of(cycles, 50)) == std::vector{17, 33, 50});
  CHECK(epochs_of(rungs_of(cycles, 2)) == std::vector{1, 2});
  CHECK(epochs_of(rungs_of(cycles, 1)) == std::vector{1});
  CHECK(epochs_of(rungs_of(config_of("pbt"), 1)) == std::vector{1});
  CHECK(epochs_of(rungs_of(config_of("econas"), 90)) == std::vector{10, 30, 90});
  CHECK(epochs_of(rungs_of(config_of("pbt"), 50)).size() == 10);
  CHECK(epochs_of(rungs_of(config_of("pbt", "pbt.step = 4\n"), 10)) == std::vector{4, 8, 10});
  CHECK(epochs_of(rungs_of(config_of("random"), 50)) == std::vector{50});
  const auto partial = search::rungs_of(asha, *space_of(asha), {.epochs = 9, .data = 0.5});
  CHECK(partial.front() == trial::Fidelity{.epochs = 1, .data = 0.5});
  CHECK_THROWS_AS(rungs_of(asha, 0), base::Error);
}

TEST_CASE("asha by hand: whoever is among the best third of a rung goes on at once") {
  const std::vector<double> scores{1, 5, 3, 9, 2, 8, 4, 7, 6};
  const auto by_number = [&](const trial::Work& work) {
    return test::measured(scores[static_cast<std::size_t>(work.item.trial)]);
  };
  const auto course = run(config_of("asha"), {.trials = 9}, by_number);
  CHECK(course.log == std::vector<std::string>{"0.0", "1.0", "2.0", "1.1", "3.0", "3.1", "4.0", "5.0", "5.1", "3.2",
                                               "6.0", "7.0", "8.0", "7.1"});
  CHECK(course.epochs == 9 * 1 + 4 * 2 + 6);
  CHECK(course.reason == "all trials are claimed");
  // 9 scores most among those fully trained, and what was trained less comes after.
  const trial::Standings standings(course.view);
  CHECK(standings.best()->trial->id == 3);
  CHECK(standings.front().size() == 1);
  CHECK(standings.top_reached());
  std::vector<trial::TrialId> finalists;
  for (const auto* standing : standings.finalists(4)) finalists.push_back(standing->trial->id);
  CHECK(finalists == std::vector<trial::TrialId>{3, 5, 7, 1});
}

TEST_CASE("the best at the highest rung counts, not a better figure from a lower one") {
  // More epochs, lower scores: overfitting.
  const auto course = run(config_of("asha"), {.trials = 12},
                          [](const trial::Work& work) { return test::measured(value(work) - 100 * work.at.epochs); });
  const trial::Standings standings(course.view);
  REQUIRE(standings.best() != nullptr);
  CHECK(standings.best()->trial->rungs.size() == 3);
  CHECK(standings.finalists(1).front() == standings.best());
  const auto* low = standings.best_at(0);
  REQUIRE(low != nullptr);
  CHECK(low->metrics.begin()->second > *standings.best()->value);
}

TEST_CASE("asha: failed trials count in their rung as the worst, infeasible ones not at all") {
  const auto fail_some = [](trial::State state) {
    return [state](const trial::Work& work) {
      if (work.item.trial % 3 == 0) return trial::Outcome{.state = state, .failure = trial::Failure::invalid};
      return by_value(work);
    };
  };
  const auto lost = run(config_of("asha"), {.trials = 27}, fail_some(trial::State::failed));
  const auto left_out = run(config_of("asha"), {.trials = 27}, fail_some(trial::State::infeasible));
  CHECK(lost.view.counts().failed == 9);
  CHECK(counts(lost.view)[0] == 18);
  CHECK(counts(lost.view)[1] >= 9);      // a third of 27
  CHECK(counts(left_out.view)[1] >= 6);  // a third of 18
  CHECK(counts(left_out.view)[1] < counts(lost.view)[1]);
}

TEST_CASE("hyperband: brackets as in the paper, rung after rung") {
  std::vector<std::int64_t> sizes;
  for (const auto& bracket : search::Hyperband::round_of(5, 3)) sizes.push_back(bracket.size);
  CHECK(sizes == std::vector<std::int64_t>{81, 34, 15, 8, 5});

  // Three fidelities: 9 at one epoch, 3 of them to 3, 1 to 9; 5 at 3 epochs, 1 of them to 9; 3 at 9 epochs.
  const auto course = run(config_of("hyperband"), {.trials = 17}, by_value);
  CHECK(counts(course.view) == std::vector{9, 3 + 5, 1 + 1 + 3});
  CHECK(course.epochs == 9 * 1 + 3 * 2 + 6 + 5 * 3 + 6 + 3 * 9);
  for (trial::TrialId id = 0; id < 17; ++id)
    CHECK(course.view.find(id)->rungs.front().at.epochs == (id < 9 ? 1 : id < 14 ? 3 : 9));
  // One worker: a bracket goes up before the next begins.
  CHECK(course.log[8] == "8.0");
  CHECK(course.log[9].ends_with(".1"));
  CHECK(course.log[12].ends_with(".2"));
  CHECK(course.log[13] == "9.0");
  // The three best of the first nine, whatever the order in which they were measured.
  std::vector<std::pair<double, trial::TrialId>> first;
  for (trial::TrialId id = 0; id < 9; ++id)
    first.emplace_back(-course.view.find(id)->rungs.front().metrics.at("accuracy"), -id);
  std::sort(first.begin(), first.end());
  for (std::size_t i = 0; i < 9; ++i) CHECK((course.view.find(-first[i].second)->rungs.size() > 1) == (i < 3));
}

TEST_CASE("hyperband: brackets of very many rungs have sizes that fit") {
  for (const std::size_t levels : {39, 64, 1000}) {
    for (const std::int64_t eta : {2, 3, 100}) {
      std::int64_t begin = 0;
      for (const auto& bracket : search::Hyperband::round_of(levels, eta)) {
        CHECK(bracket.begin == begin);
        REQUIRE(bracket.size > 0);
        begin += bracket.size;
        REQUIRE(begin > 0);
      }
    }
  }
}

TEST_CASE("hyperband: a bracket that trials run out in goes on with what it has") {
  const auto course = run(config_of("hyperband"), {.trials = 5, .workers = 3}, by_value);
  CHECK(counts(course.view) == std::vector{5, 1, 1});
  const auto same = run(config_of("hyperband"), {.trials = 40, .workers = 8, .seed = 3}, by_value);
  CHECK(counts(same.view)[0] == 9 + 9 + 6);  // two rounds of 17, then six
  CHECK(counts(same.view)[2] == 5 + 5 + 1);
}

TEST_CASE("a density by hand: normal kernels on scales, kept or changed categories, even where a value is missing") {
  const auto near = [](double a, double b) { return std::abs(a - b) < 1e-12; };
  const search::Row low{0.2}, high{0.4};
  const search::Density scale({0}, {&low, &high});
  const double h = 1.06 * 0.1 * std::pow(2, -0.2);  // deviation 0.1, two rows, one parameter
  CHECK(near(scale.at({0.3}), std::exp(-0.5 * std::pow(0.1 / h, 2)) / (h * std::sqrt(2 * std::numbers::pi))));
  CHECK(near(scale.at({NAN}), 1));

  const search::Row a{0.1}, b{0.5};
  const search::Density category({3}, {&a, &a, &b});
  const double g = 1.06 * std::sqrt(2.0 / 9) * std::pow(3, -0.2);  // two thirds have the most frequent value
  CHECK(near(category.at({0.1}), (2 * (1 - g) + g / 2) / 3));
  CHECK(near(category.at({0.9}), g / 2));
  CHECK(near(category.at({NAN}), 1.0 / 3));

  const search::Row both{0.2, 0.5}, one{0.4, NAN};
  const search::Density mixed({0, 0}, {&both, &one});
  CHECK(mixed.at({0.2, 0.5}) > mixed.at({0.4, 0.9}));
  base::Rng rng(1, "search", 0, "test");
  int near_low = 0;
  for (int i = 0; i < 200; ++i) {
    const auto drawn = scale.draw(rng, 0.1);
    CHECK((drawn[0] >= 0 && drawn[0] <= 1));
    near_low += std::abs(drawn[0] - 0.2) < 0.05;
  }
  CHECK((near_low > 60 && near_low < 140));
}

TEST_CASE("bohb draws from the model once there are enough results, and finds better points than random draws") {
  const auto config = config_of("bohb", "bohb.random = 0.0\n");
  const auto course = run(config, {.trials = 170}, by_value);
  double early = 0, late = 0;
  int from_model = 0;
  for (const auto& trial : course.view.trials()) {
    const auto score = trial->rungs.front().metrics.at("accuracy");
    if (trial->id < 10) early += score / 10;
    if (trial->id >= 120) late += score / 50;
    from_model += trial->first.note.starts_with("model at level");
    if (trial->id < 8) CHECK(trial->first.note == "random");  // 2 (d + 1) = 8 results
  }
  CHECK(from_model > 100);
  CHECK(late > early + 10);
  const auto plain = run(config_of("asha", "asha.sampler = \"model\"\n"), {.trials = 60}, by_value);
  CHECK(plain.view.find(59)->rungs.front().metrics.at("accuracy") > 0);
  CHECK(std::any_of(plain.view.trials().begin(), plain.view.trials().end(),
                    [](const auto& trial) { return trial->first.note.starts_with("model"); }));
}

TEST_CASE("econas with its barrier: the published counts of networks and epochs over 100 cycles") {
  const auto course = run(config_of("econas", "econas.barrier = true\n"), {.trials = 1601, .workers = 4}, by_value, 60);
  CHECK(course.view.counts().claimed == 1601);
  CHECK(counts(course.view) == std::vector{1601, 800, 396});
  CHECK(course.epochs == 55'940);
  // Cycle 0 begins after 16 networks, with 8 that go on and 6 children, all of the first pool.
  CHECK(std::set<std::string>(course.log.begin(), course.log.begin() + 16).contains("15.0"));
  for (std::size_t i = 16; i < 24; ++i) CHECK(course.log[i].ends_with(".1"));
  for (std::size_t i = 24; i < 30; ++i) CHECK(course.log[i].ends_with(".0"));
  for (std::size_t i = 30; i < 42; ++i) CHECK_FALSE(course.log[i].ends_with(".0"));
  CHECK(course.waits > 0);
}

TEST_CASE("econas without a barrier: the same quotas, and no worker ever waits while trials are left") {
  const auto course = run(config_of("econas"), {.trials = 1601, .workers = 4}, by_value, 60);
  const auto at = counts(course.view);
  CHECK(at[0] == 1601);
  CHECK(std::abs(at[1] - 800) <= 8);
  CHECK(std::abs(at[2] - 396) <= 8);
  CHECK(course.waits < 20);  // at the end alone
  int children = 0, of_last = 0;
  for (const auto& trial : course.view.trials()) {
    children += trial->first.note.starts_with("child of ");
    of_last += trial->first.note.ends_with("stage 3");
  }
  CHECK(children == 1601 - 16);
  CHECK(std::abs(of_last - 100 * 5) < 40);
}

TEST_CASE("econas: networks that were not trained for ten cycles have no children") {
  for (const auto* barrier : {"true", "false"}) {
    const auto config = config_of("econas", fmt::format("econas.cycle = 4\neconas.barrier = {}\n", barrier));
    const auto course = run(config, {.trials = 200}, [](const trial::Work& work) {
      return test::measured(work.item.trial < 4 ? 1000 : value(work));  // the first ones look best
    });
    for (trial::TrialId id = 150; id < 200; ++id) {
      const auto& note = course.view.find(id)->first.note;
      REQUIRE(note.starts_with("child of "));
      CHECK(std::stol(note.substr(9)) >= 4);
    }
  }
}

TEST_CASE("pbt by hand: the last copies the first and explores, the others go on by themselves") {
  const auto config = config_of("pbt", "pbt.population = 5\npbt.step = 3\npbt.quorum = 1.0\n");
  const std::vector<double> scores{3, 5, 1, 4, 2};
  const auto course = run(config, {.trials = 5, .workers = 2}, [&](const trial::Work& work) {
    if (work.item.rung == 1 && work.item.trial == 4) return test::failed();
    return test::measured(scores[static_cast<std::size_t>(work.item.trial)]);
  });
  CHECK(counts(course.view) == std::vector{5, 4, 5});
  for (const auto& trial : course.view.trials()) {
    REQUIRE(trial->rungs.size() == 3);
    for (const auto& rung : trial->rungs) {
      // Number 2 scores least; 4 fails at the second step, and lives on with what it copies.
      const bool copies = rung.item.rung > 0 && (rung.item == trial::ItemId{2, 1} || rung.item == trial::ItemId{4, 2});
      const auto& what = trial->what_of(rung);
      CHECK(what.note.starts_with("copy of 1 at step") == (copies || rung.item == trial::ItemId{2, 2}));
      if (!copies) continue;
      CHECK(what.from == trial::ItemId{1, rung.item.rung - 1});
      CHECK(what.params != course.view.find(1)->first.params);
    }
  }
  // At the second step the failed one is last of five: one copy alone, and number 2 goes on with what it copied.
  CHECK(course.view.find(2)->rungs[2].own->params == course.view.find(2)->rungs[1].own->params);
}

TEST_CASE("searches with rungs: replay gives the same decisions, with old views and many workers") {
  for (const auto& name : with_rungs) {
    for (const std::size_t workers : {2, 8}) {
      for (const auto* more : {"", "econas.barrier = true\npbt.quorum = 1.0\nasha.sampler = \"model\"\n"}) {
        INFO(name << ", " << workers << " workers, " << more);
        const auto config = config_of(name, std::string("econas.cycle = 6\npbt.population = 6\n") + more);
        const auto course = run(config, {.trials = 40, .workers = workers, .lag = 5, .replay = true}, by_value);
        CHECK(course.view.counts().claimed == 40);
        CHECK(counts(course.view).back() > 0);
        CHECK(course.view.running().empty());
        CHECK(course.reason == "all trials are claimed");
      }
    }
  }
}

TEST_CASE("searches with rungs: every third trial fails, or all of them do") {
  for (const auto& name : with_rungs) {
    for (const auto* more : {"", "econas.barrier = true\npbt.quorum = 1.0\n"}) {
      INFO(name << " " << more);
      const auto config = config_of(name, std::string("econas.cycle = 6\npbt.population = 6\n") + more);
      const auto some = run(config, {.trials = 40, .workers = 3}, [](const trial::Work& work) {
        return (31 * work.item.trial + 17 * work.item.rung) % 7 < 2 ? test::failed() : by_value(work);
      });
      CHECK(some.view.counts().claimed == 40);
      CHECK(counts(some.view).back() > 0);
      const auto none = run(config, {.trials = 40, .workers = 3}, [](const trial::Work&) { return test::failed(); });
      CHECK(none.view.counts().failed == 40);
      const trial::Standings standings(none.view);
      CHECK(standings.best() == nullptr);
    }
  }
}

TEST_CASE("searches with rungs: spaces of 1, 2 and 5 points are exhausted, and their best is trained to the end") {
  for (const auto& name : with_rungs) {
    for (const int points : {1, 2, 5}) {
      for (const std::size_t workers : {1, 4}) {
        INFO(name << ", " << points << " points, " << workers << " workers");
        const std::string values = points == 1 ? "[1]" : points == 2 ? "[1, 2]" : "[1, 2, 3, 4, 5]";
        const auto config = config_of(name, "", "[params.training]\na.choice = " + values + "\n");
        const auto course = run(config, {.trials = 100, .workers = workers}, [](const trial::Work& work) {
          return test::measured(static_cast<double>(std::get<std::int64_t>(work.what.params.begin()->second)));
        });
        CHECK(course.reason.starts_with("space exhausted"));
        CHECK(course.view.counts().done == points);
        const trial::Standings standings(course.view);
        REQUIRE(standings.best() != nullptr);
        CHECK(standings.best()->shown->at.epochs == 9);
      }
    }
  }
}

TEST_CASE("searches with rungs: several objectives, and constraints on metrics") {
  const std::string objectives =
      "[objectives.accuracy]\ngoal = \"max\"\n[objectives.cost]\ngoal = \"min\"\n"
      "[[constraint]]\nmetric = \"accuracy\"\nat_least = 20\n";
  for (const auto& name : with_rungs) {
    INFO(name);
    const auto config = config_of(name, "econas.cycle = 6\npbt.population = 6\n" + objectives);
    const test::LabSettings settings{
        .objectives = {{"accuracy", true, {}}, {"cost", false, {}}}, .trials = 40, .workers = 3, .replay = true};
    const auto course = run(config, settings, [](const trial::Work& work) {
      const auto a = static_cast<double>(std::get<std::int64_t>(work.what.params.at("params.training.a")));
      return trial::Outcome{.metrics = {{"accuracy", value(work)}, {"cost", a * a}}};
    });
    CHECK(course.view.counts().done == 40);
    const trial::Standings standings(course.view);
    CHECK_FALSE(standings.front().empty());
    for (const auto* standing : standings.front()) CHECK(standing->shown->at.epochs == 9);
  }
}

TEST_CASE("asha with two objectives promotes from the first front") {
  // Number 4 is dominated by all others; of nine trials three go on.
  const std::map<trial::TrialId, std::pair<double, double>> points{{0, {1, 1}},   {1, {9, 9}},    {2, {8, 8.5}},
                                                                   {3, {2, 2.5}}, {4, {0.5, 20}}, {5, {5, 6}},
                                                                   {6, {4, 9}},   {7, {3, 9}},    {8, {2, 9}}};
  const test::LabSettings settings{
      .objectives = {{"accuracy", true, {}}, {"cost", false, {}}}, .trials = 9, .workers = 9};
  const auto course =
      run(config_of("asha", "[objectives.accuracy]\ngoal = \"max\"\n[objectives.cost]\ngoal = \"min\"\n"), settings,
          [&](const trial::Work& work) {
            const auto [accuracy, cost] = points.at(work.item.trial);
            return trial::Outcome{.metrics = {{"accuracy", accuracy}, {"cost", cost}}};
          });
  // The front: 0 (1, 1), 1 (9, 9), 2 (8, 8.5), 5 (5, 6), 3 (2, 2.5).
  int promoted = 0;
  for (const auto& trial : course.view.trials()) {
    promoted += trial->rungs.size() > 1;
    if (trial->id == 4) CHECK(trial->rungs.size() == 1);
  }
  CHECK(promoted >= 3);
}
