// Thousands of simulated workers: the protocol's counts, the clock, what is visible when.
#include "simulate/simulation.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "search/planners.hpp"
#include "search/table.hpp"
#include "simulate/delayed_study.hpp"

using namespace assay;
using Catch::Approx;
using simulate::SimulationFigures;
using simulate::SimulationSettings;

namespace {

const std::vector<trial::Objective> objectives{{"score", true, {}}};
const std::vector<trial::Fidelity> fidelities{{1, 1, 1, 1}};

/// What is simulated, and how.
struct Case {
  SimulationSettings settings;
  simulate::SimulatedStudy study;

  SimulationFigures run() const { return simulate::simulate(settings, study); }
};

Case settings(std::int64_t workers, std::int64_t trials) {
  Case result;
  result.settings.workers = workers;
  result.settings.planner_seconds = 0.001;
  result.study.definition = {"search", 1, {}, objectives, fidelities};
  result.study.judge = trial::Judge(objectives);
  result.study.limits.max_trials = trials;
  result.study.limits.max_failed = trials;
  return result;
}

/// Draws nothing; looks at what it is shown.
class Watcher : public trial::Planner {
 public:
  explicit Watcher(std::function<void(const trial::StudyView&)> look = {}) : look_(std::move(look)) {}
  trial::Decision next(const trial::StudyView& view) override {
    if (look_) look_(view);
    return trial::New{};
  }
  std::optional<trial::Proposal> propose(const trial::StudyView&, trial::TrialId trial, base::Rng&) override {
    trial::Proposal proposal;
    proposal.params["x"] = static_cast<double>(trial);
    return proposal;
  }
  base::Json describe() const override { return "watcher"; }

 private:
  std::function<void(const trial::StudyView&)> look_;
};

std::unique_ptr<trial::Planner> watcher() { return std::make_unique<Watcher>(); }

simulate::SimulatedTrial minutes(const trial::Work& work) {
  simulate::SimulatedTrial trial{.seconds = 60.0 + static_cast<double>(work.item.trial % 7)};
  trial.outcome.metrics["score"] = static_cast<double>(work.item.trial);
  return trial;
}

/// Log-normal hours on the space of nas-bench-macro, with a real planner.
SimulationFigures hours(const std::string& algorithm, Case with) {
  base::set_verbosity(base::Level::quiet);
  const auto config = test::macro_config("[search]\nalgorithm = \"" + algorithm + "\"\n");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const auto seed = with.study.definition.seed;
  with.study.evaluate = [&](const trial::Work& work) {
    base::Rng rng(seed, "simulate", work.item.trial, "duration");
    simulate::SimulatedTrial trial{.seconds = 3600 * std::exp(0.5 * rng.normal())};
    double score = 0;
    for (const double place : space->encode(work.what.params)) score += place;
    trial.outcome.metrics["score"] = score;
    return trial;
  };
  with.study.make_planner = [&] { return search::make_planner(config, space, seed); };
  return with.run();
}

bool equal(const SimulationFigures& a, const SimulationFigures& b) {
  return a.busy == b.busy && a.makespan == b.makespan && a.best == b.best &&
         a.conflicts_per_trial == b.conflicts_per_trial && a.metadata_peak == b.metadata_peak;
}

}  // namespace

TEST_CASE("one worker: every file operation and the planner's time are between its trials") {
  auto with = settings(1, 50);
  with.study.make_planner = watcher;
  with.study.evaluate = [](const trial::Work&) {
    simulate::SimulatedTrial result{.seconds = 1};
    result.outcome.metrics["score"] = 1;
    return result;
  };
  const auto figures = with.run();
  CHECK(figures.trials == 50);
  CHECK(figures.conflicts_per_trial == 0);
  // list, closed, claim, start; end, fdatasync, commit.
  const double between = 7 * 0.005 + 0.001;
  CHECK(figures.makespan == Approx(50 * (1 + between)));
  CHECK(figures.last_claim == Approx(49 * (1 + between) + 3 * 0.005));
  CHECK(figures.busy == Approx(49 / figures.last_claim));
  CHECK(figures.operations_per_trial == Approx(7).margin(0.1));  // and the last look, which finds nothing
}

TEST_CASE("every number is evaluated exactly once, whoever collides") {
  for (const bool collector : {false, true}) {
    auto with = settings(100, 1000);
    with.settings.collector = collector;
    std::map<std::int64_t, int> times;
    with.study.make_planner = watcher;
    with.study.evaluate = [&](const trial::Work& work) {
      ++times[work.item.trial];
      return minutes(work);
    };
    const auto figures = with.run();
    CHECK(figures.trials == 1000);
    CHECK(times.size() == 1000);
    for (const auto& [number, count] : times) CHECK(count == 1);
    CHECK(figures.conflicts_per_trial > 0);
    CHECK(figures.best.back() == std::pair<std::int64_t, double>(figures.best.back().first, 999));
  }
}

namespace {

/// As soon as a trial is done it goes on at a second rung, with twice its x.
class Doubler : public Watcher {
 public:
  trial::Decision next(const trial::StudyView& view) override {
    for (const auto& trial : view.trials()) {
      if (!trial || trial->rungs.size() != 1 || trial->rungs[0].state != trial::State::done) continue;
      auto what = trial->first;
      what.params["x"] = 2 * std::get<double>(what.params.at("x"));
      what.from = trial::ItemId{trial->id, 0};
      return trial::Continue{{trial->id, 1}, what};
    }
    for (const auto& trial : view.trials()) {
      if (trial && trial->rungs.size() == 2 && trial->rungs[1].own) doubled = true;
    }
    if (view.trials().size() < 20) return trial::New{};
    return view.running().empty() ? trial::Decision(trial::Finished{"all"}) : trial::Decision(trial::Wait{"rungs"});
  }
  bool doubled = false;
};

}  // namespace

TEST_CASE("a rung measures what the planner gave it, at its own fidelity") {
  auto with = settings(4, 20);
  with.settings.lag = 1;
  std::map<trial::ItemId, double> measured;
  bool shown = false;
  with.study.definition.fidelities = {{1, 1, 1, 1}, {3, 1, 1, 1}};
  with.study.make_planner = [&]() -> std::unique_ptr<trial::Planner> {
    struct Telling : Doubler {
      explicit Telling(bool& tell) : told(tell) {}
      ~Telling() override { told = told || doubled; }
      bool& told;
    };
    return std::make_unique<Telling>(shown);
  };
  with.study.evaluate = [&](const trial::Work& work) {
    measured[work.item] = std::get<double>(work.what.params.at("x"));
    CHECK(work.at.epochs == (work.item.rung == 0 ? 1 : 3));
    CHECK(work.what.from.has_value() == (work.item.rung == 1));
    return minutes(work);
  };
  const auto figures = with.run();
  CHECK(figures.trials == 40);
  REQUIRE(measured.size() == 40);
  for (const auto& [item, x] : measured) CHECK(x == static_cast<double>(item.trial) * (item.rung + 1));
  CHECK(shown);
}

TEST_CASE("a worker that finds all numbers taken asks its planner again, which may go on with rungs") {
  auto with = settings(4, 20);
  with.settings.lag = 1000;  // nobody sees what the others claimed before all is claimed
  with.study.definition.fidelities = {{1, 1, 1, 1}, {3, 1, 1, 1}};
  struct Later : Doubler {  // no rung before all numbers are known to be claimed
    trial::Decision next(const trial::StudyView& view) override {
      const auto known = std::count_if(view.trials().begin(), view.trials().end(), [](auto& trial) { return !!trial; });
      return known < 20 ? trial::Decision(trial::New{}) : Doubler::next(view);
    }
  };
  with.study.make_planner = [] { return std::make_unique<Later>(); };
  with.study.evaluate = minutes;
  CHECK(with.run().trials == 40);
}

TEST_CASE("a simulated worker keeps the limits of a study") {
  auto with = settings(1, 50);
  with.study.make_planner = watcher;
  with.study.evaluate = minutes;
  with.study.limits.max_device_seconds = 700;
  with.study.evaluate = [](const trial::Work& work) {
    auto trial = minutes(work);
    trial.outcome.device_seconds = trial.seconds;
    return trial;
  };
  // 60 to 66 seconds each: the eleventh ends at 688 s, a twelfth would not fit.
  CHECK(with.run().trials == 11);
  CHECK(with.run().end_reason.starts_with("max_device_hours"));

  with = settings(1, 50);
  with.study.make_planner = watcher;
  with.study.limits.max_failed = 4;
  with.study.evaluate = [](const trial::Work& work) {
    auto trial = minutes(work);
    if (work.item.trial % 2 == 1) trial.outcome.state = trial::State::failed;
    if (work.item.trial % 2 == 1) trial.outcome.failure = trial::Failure::exit;
    return trial;
  };
  CHECK(with.run().trials == 8);
  CHECK(with.run().end_reason == "4 trials failed, 4 are allowed");
}

TEST_CASE("a simulated trial is stopped at the report that early stopping judged") {
  struct Below : trial::EarlyStop {
    std::optional<std::string> check(const trial::StudyView& view, const trial::ItemId& item) override {
      const auto& rung = view.find(item.trial)->rungs.back();
      CHECK(rung.state == trial::State::running);
      if (rung.reports.back().step < 3 || item.trial % 2 == 0) return std::nullopt;
      return "odd";
    }
  };
  auto with = settings(2, 6);
  with.study.make_planner = watcher;
  with.study.make_early_stop = [] { return std::make_unique<Below>(); };
  with.study.evaluate = [](const trial::Work&) {
    simulate::SimulatedTrial trial{.seconds = 5};
    trial.outcome.metrics["score"] = 5;
    for (int step = 1; step <= 5; ++step) trial.reports.push_back({step, double(step), {{"score", double(step)}}});
    return trial;
  };
  const auto figures = with.run();
  REQUIRE(figures.study->trials().size() == 6);
  for (const auto& trial : figures.study->trials()) {
    const auto& rung = trial->rungs.front();
    const bool odd = trial->id % 2 == 1;
    CHECK(rung.state == (odd ? trial::State::stopped : trial::State::done));
    CHECK(rung.metrics.at("score") == (odd ? 3 : 5));
    CHECK(rung.reports.size() == (odd ? 3 : 5));
    CHECK(rung.reason == (odd ? "odd" : ""));
    CHECK(rung.ended - rung.started == Approx(odd ? 3 : 5));
  }
}

TEST_CASE("nobody sees a record of another worker before the lag is over; its own at once") {
  simulate::DelayedStudy study({30, 0}, 10, 0, trial::Judge(objectives), fidelities);
  const auto trial = std::make_shared<const trial::Trial>(trial::Trial{.id = 3});
  CHECK(study.write(100, trial) == 130);
  CHECK(study.view(129.9)->trials().empty());
  CHECK(study.with({trial})->find(3) != nullptr);
  CHECK(study.known().first_missing(3) == 3);
  CHECK(study.view(130)->find(3) != nullptr);
  CHECK(study.known().first_missing(3) == 4);

  // A collector's round of 10 s that begins when the record is visible publishes it at its end.
  CHECK(simulate::Visibility{30, 10}.from(100) == 170);
  CHECK(simulate::Visibility{30, 10}.from(105) == 170);
}

TEST_CASE("gaps in sets of numbers") {
  simulate::Numbers numbers(200);
  for (int n = 0; n < 130; ++n) numbers.insert(n);
  numbers.insert(131);
  CHECK(numbers.first_missing(0) == 130);
  CHECK(numbers.first_missing(131) == 132);
  simulate::Numbers more(200);
  more.insert(130);
  numbers.insert(more);
  CHECK(numbers.first_missing(5) == 132);
  for (int n = 132; n < 200; ++n) numbers.insert(n);
  CHECK(numbers.first_missing(0) >= 200);
}

TEST_CASE("the same seed gives the same study; another one another") {
  auto with = settings(64, 320);
  const auto first = hours("evolution", with), second = hours("evolution", with);
  CHECK(equal(first, second));
  with.study.definition.seed = 2;
  CHECK_FALSE(equal(first, hours("evolution", with)));
}

TEST_CASE("hours of trials: 64 and 512 workers are busy; a collector spares the metadata server") {
  for (const std::string algorithm : {"random", "evolution"}) {
    auto with = settings(64, 640);
    CHECK(hours(algorithm, with).busy > 0.98);
    with = settings(512, 2560);
    const auto direct = hours(algorithm, with);
    with.settings.collector = true;
    const auto collected = hours(algorithm, with);
    CHECK(direct.busy > 0.97);
    CHECK(collected.busy > 0.97);
    CHECK(direct.look_seconds == Approx(0.005 * 513).margin(0.02));
    CHECK(collected.look_seconds == Approx(0.015));
    CHECK(direct.trials == 2560);
  }
}

TEST_CASE("slow files and a slow planner cost what they should") {
  auto with = settings(64, 640);
  const double quick = hours("random", with).busy;
  with.settings.op_seconds = 5;
  CHECK(hours("random", with).busy < quick - 0.03);
  with.settings.op_seconds = 0.005;
  with.settings.planner_seconds = 360;
  CHECK(hours("random", with).busy == Approx(0.92).margin(0.02));
}

TEST_CASE("a sample of planners stands for all; nothing is lost") {
  auto with = settings(64, 640);
  with.settings.cached_points = 640 * 4;
  const auto figures = hours("evolution", with);
  CHECK(figures.trials == 640);
  CHECK(figures.busy > 0.98);
  CHECK_THROWS_AS(hours("random", settings(0, 1)), base::Error);
}
