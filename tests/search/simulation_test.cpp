// Thousands of simulated workers: the protocol's counts, the clock, what is visible when.
#include "search/simulation.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "search/lagged_study.hpp"
#include "search/planners.hpp"
#include "search/table.hpp"

using namespace assay;
using Catch::Approx;
using search::SimulationFigures;
using search::SimulationSettings;

namespace {

const std::vector<study::Objective> objectives{{"score", true, {}}};
const std::vector<study::Fidelity> fidelities{{1, 1, 1, 1}};

/// What is simulated, and how.
struct Case {
  SimulationSettings settings;
  search::SimulatedStudy study;

  SimulationFigures run() const { return search::simulate(settings, study); }
};

Case settings(std::int64_t workers, std::int64_t trials) {
  Case result;
  result.settings.workers = workers;
  result.settings.planner_seconds = 0.001;
  result.study.founding = {"search", 1, {}, objectives, fidelities};
  result.study.judge = study::Judge(objectives);
  result.study.limits.max_trials = trials;
  result.study.limits.max_failed = trials;
  return result;
}

/// Draws nothing; looks at what it is shown.
class Watcher : public study::Planner {
 public:
  explicit Watcher(std::function<void(const study::StudyView&)> look = {}) : look_(std::move(look)) {}
  study::Decision next(const study::StudyView& view) override {
    if (look_) look_(view);
    return study::New{};
  }
  std::optional<study::Proposal> propose(const study::StudyView&, study::TrialId trial, base::Rng&) override {
    study::Proposal proposal;
    proposal.params["x"] = static_cast<double>(trial);
    return proposal;
  }
  base::Json describe() const override { return "watcher"; }

 private:
  std::function<void(const study::StudyView&)> look_;
};

std::unique_ptr<study::Planner> watcher() { return std::make_unique<Watcher>(); }

search::SimulatedTrial minutes(const study::Work& work) {
  search::SimulatedTrial trial{.seconds = 60.0 + static_cast<double>(work.item.trial % 7)};
  trial.outcome.metrics["score"] = static_cast<double>(work.item.trial);
  return trial;
}

/// Log-normal hours on the space of nas-bench-macro, with a real planner.
SimulationFigures hours(const std::string& algorithm, Case with) {
  base::set_verbosity(base::Level::quiet);
  const auto config = test::macro_config("[search]\nalgorithm = \"" + algorithm + "\"\n");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const auto seed = with.study.founding.seed;
  with.study.evaluate = [&](const study::Work& work) {
    base::Rng rng(seed, "simulate", work.item.trial, "duration");
    search::SimulatedTrial trial{.seconds = 3600 * std::exp(0.5 * rng.normal())};
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
  with.study.evaluate = [](const study::Work&) {
    search::SimulatedTrial result{.seconds = 1};
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
    with.study.evaluate = [&](const study::Work& work) {
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
  study::Decision next(const study::StudyView& view) override {
    for (const auto& trial : view.trials()) {
      if (!trial || trial->rungs.size() != 1 || trial->rungs[0].state != study::State::done) continue;
      auto what = trial->what;
      what.params["x"] = 2 * std::get<double>(what.params.at("x"));
      what.from = study::ItemId{trial->id, 0};
      return study::Continue{{trial->id, 1}, what};
    }
    for (const auto& trial : view.trials()) {
      if (trial && trial->rungs.size() == 2 && trial->rungs[1].own) doubled = true;
    }
    if (view.trials().size() < 20) return study::New{};
    return view.running().empty() ? study::Decision(study::Finished{"all"}) : study::Decision(study::Wait{"rungs"});
  }
  bool doubled = false;
};

}  // namespace

TEST_CASE("a rung measures what the planner gave it, at its own fidelity") {
  auto with = settings(4, 20);
  with.settings.lag = 1;
  std::map<study::ItemId, double> measured;
  bool shown = false;
  with.study.founding.fidelities = {{1, 1, 1, 1}, {3, 1, 1, 1}};
  with.study.make_planner = [&]() -> std::unique_ptr<study::Planner> {
    struct Telling : Doubler {
      explicit Telling(bool& tell) : told(tell) {}
      ~Telling() override { told = told || doubled; }
      bool& told;
    };
    return std::make_unique<Telling>(shown);
  };
  with.study.evaluate = [&](const study::Work& work) {
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

TEST_CASE("a simulated worker keeps the limits of a study") {
  auto with = settings(1, 50);
  with.study.make_planner = watcher;
  with.study.evaluate = minutes;
  with.study.limits.max_device_seconds = 700;
  with.study.evaluate = [](const study::Work& work) {
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
  with.study.evaluate = [](const study::Work& work) {
    auto trial = minutes(work);
    if (work.item.trial % 2 == 1) trial.outcome.state = study::State::failed;
    if (work.item.trial % 2 == 1) trial.outcome.failure = study::Failure::exit;
    return trial;
  };
  CHECK(with.run().trials == 8);
  CHECK(with.run().end_reason == "4 trials failed, 4 are allowed");
}

TEST_CASE("a simulated trial is stopped at the report that early stopping judged") {
  struct Below : study::EarlyStop {
    std::optional<std::string> check(const study::StudyView& view, const study::ItemId& item) override {
      const auto& rung = view.find(item.trial)->rungs.back();
      CHECK(rung.state == study::State::running);
      if (rung.reports.back().step < 3 || item.trial % 2 == 0) return std::nullopt;
      return "odd";
    }
  };
  auto with = settings(2, 6);
  with.study.make_planner = watcher;
  with.study.make_early_stop = [] { return std::make_unique<Below>(); };
  with.study.evaluate = [](const study::Work&) {
    search::SimulatedTrial trial{.seconds = 5};
    trial.outcome.metrics["score"] = 5;
    for (int step = 1; step <= 5; ++step) trial.reports.push_back({step, double(step), {{"score", double(step)}}});
    return trial;
  };
  const auto figures = with.run();
  REQUIRE(figures.study->trials().size() == 6);
  for (const auto& trial : figures.study->trials()) {
    const auto& rung = trial->rungs.front();
    const bool odd = trial->id % 2 == 1;
    CHECK(rung.state == (odd ? study::State::stopped : study::State::done));
    CHECK(rung.metrics.at("score") == (odd ? 3 : 5));
    CHECK(rung.reports.size() == (odd ? 3 : 5));
    CHECK(rung.reason == (odd ? "odd" : ""));
    CHECK(rung.ended - rung.started == Approx(odd ? 3 : 5));
  }
}

TEST_CASE("nobody sees a record of another worker before the lag is over; its own at once") {
  search::LaggedStudy study({30, 0}, 10, 0, study::Judge(objectives), fidelities);
  const auto trial = std::make_shared<const study::Trial>(study::Trial{.id = 3});
  CHECK(study.write(100, trial) == 130);
  CHECK(study.view(129.9)->trials().empty());
  CHECK(study.with({trial})->find(3) != nullptr);
  CHECK(study.known().first_missing(3) == 3);
  CHECK(study.view(130)->find(3) != nullptr);
  CHECK(study.known().first_missing(3) == 4);

  // A collector's round of 10 s that begins when the record is visible publishes it at its end.
  CHECK(search::Visibility{30, 10}.from(100) == 170);
  CHECK(search::Visibility{30, 10}.from(105) == 170);
}

TEST_CASE("gaps in sets of numbers") {
  search::Numbers numbers(200);
  for (int n = 0; n < 130; ++n) numbers.insert(n);
  numbers.insert(131);
  CHECK(numbers.first_missing(0) == 130);
  CHECK(numbers.first_missing(131) == 132);
  search::Numbers more(200);
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
  with.study.founding.seed = 2;
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
