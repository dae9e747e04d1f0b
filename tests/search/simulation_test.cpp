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

SimulationSettings settings(std::int64_t workers, std::int64_t trials) {
  SimulationSettings result;
  result.workers = workers;
  result.trials = trials;
  result.planner_seconds = 0.001;
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
SimulationFigures hours(const std::string& algorithm, SimulationSettings with) {
  base::set_verbosity(base::Level::quiet);
  const auto config = test::macro_config("[search]\nalgorithm = \"" + algorithm + "\"\n");
  const auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const auto evaluate = [&](const study::Work& work) {
    base::Rng rng(with.seed, "simulate", work.item.trial, "duration");
    search::SimulatedTrial trial{.seconds = 3600 * std::exp(0.5 * rng.normal())};
    double score = 0;
    for (const double place : space->encode(work.what.params)) score += place;
    trial.outcome.metrics["score"] = score;
    return trial;
  };
  return search::simulate(
      with, [&] { return search::make_planner(config, space, with.seed); }, evaluate, study::Judge(objectives), fidelities);
}

bool equal(const SimulationFigures& a, const SimulationFigures& b) {
  return a.busy == b.busy && a.makespan == b.makespan && a.best == b.best &&
         a.conflicts_per_trial == b.conflicts_per_trial && a.metadata_peak == b.metadata_peak;
}

}  // namespace

TEST_CASE("one worker: every file operation and the planner's time are between its trials") {
  auto with = settings(1, 50);
  const auto trial = [](const study::Work&) {
    search::SimulatedTrial result{.seconds = 1};
    result.outcome.metrics["score"] = 1;
    return result;
  };
  const auto figures = search::simulate(with, watcher, trial, study::Judge(objectives), fidelities);
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
    with.collector = collector;
    std::map<std::int64_t, int> times;
    const auto figures = search::simulate(
        with, watcher,
        [&](const study::Work& work) {
          ++times[work.item.trial];
          return minutes(work);
        },
        study::Judge(objectives), fidelities);
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
  with.lag = 1;
  std::map<study::ItemId, double> measured;
  bool shown = false;
  const std::vector<study::Fidelity> two{{1, 1, 1, 1}, {3, 1, 1, 1}};
  const auto figures = search::simulate(
      with,
      [&]() -> std::unique_ptr<study::Planner> {
        struct Telling : Doubler {
          explicit Telling(bool& tell) : told(tell) {}
          ~Telling() override { told = told || doubled; }
          bool& told;
        };
        return std::make_unique<Telling>(shown);
      },
      [&](const study::Work& work) {
        measured[work.item] = std::get<double>(work.what.params.at("x"));
        CHECK(work.at.epochs == (work.item.rung == 0 ? 1 : 3));
        CHECK(work.what.from.has_value() == (work.item.rung == 1));
        return minutes(work);
      },
      study::Judge(objectives), two);
  CHECK(figures.trials == 40);
  REQUIRE(measured.size() == 40);
  for (const auto& [item, x] : measured) CHECK(x == static_cast<double>(item.trial) * (item.rung + 1));
  CHECK(shown);
}

TEST_CASE("nobody sees a record of another worker before the lag is over; its own at once") {
  search::LaggedStudy study({30, 0}, 10, study::Judge(objectives), fidelities);
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
  with.seed = 2;
  CHECK_FALSE(equal(first, hours("evolution", with)));
}

TEST_CASE("hours of trials: 64 and 512 workers are busy; a collector spares the metadata server") {
  for (const std::string algorithm : {"random", "evolution"}) {
    auto with = settings(64, 640);
    CHECK(hours(algorithm, with).busy > 0.98);
    with = settings(512, 2560);
    const auto direct = hours(algorithm, with);
    with.collector = true;
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
  with.op_seconds = 5;
  CHECK(hours("random", with).busy < quick - 0.03);
  with.op_seconds = 0.005;
  with.planner_seconds = 360;
  CHECK(hours("random", with).busy == Approx(0.92).margin(0.02));
}

TEST_CASE("a sample of planners stands for all; nothing is lost") {
  auto with = settings(64, 640);
  with.cached_points = 640 * 4;
  const auto figures = hours("evolution", with);
  CHECK(figures.trials == 640);
  CHECK(figures.busy > 0.98);
  CHECK_THROWS_AS(hours("random", settings(0, 1)), base::Error);
}
