#include "worker/worker.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <functional>

#include "base/time.hpp"
#include "os/file.hpp"
#include "os/signal.hpp"
#include "study/lab.hpp"
#include "worker/budget.hpp"

using namespace lab;
using base::Exit;
using trial::Failure;
using trial::Reporter;
using trial::State;
using trial::Work;

namespace {

class Evaluator : public trial::Evaluator {
 public:
  using Body = std::function<Outcome(const Work&, Reporter&)>;
  explicit Evaluator(Body body) : body_(std::move(body)) {}
  Outcome run(const Work& work, Reporter& reporter) override {
    ++runs;
    return body_(work, reporter);
  }
  int runs = 0;

 private:
  Body body_;
};

/// Trains ten epochs, saves each, leaves at a step boundary when asked, and goes on from a checkpoint.
Outcome train(const Work& work, Reporter& reporter, double epoch_seconds) {
  int epoch = 0;
  if (!work.previous.empty()) epoch = std::stoi(os::read_file(work.previous / "checkpoint.safetensors"));
  while (epoch < 10) {
    std::this_thread::sleep_for(std::chrono::duration<double>(epoch_seconds));
    ++epoch;
    os::make_folders(work.folder);
    os::publish(work.folder / "checkpoint.safetensors", std::to_string(epoch));
    reporter.report(epoch, {{"score", epoch * 0.1}});
    if (os::stop_signal() != 0) return {.reason = "stop", .again = true};
  }
  auto outcome = judge(work);
  outcome.metrics["epochs"] = epoch;
  return outcome;
}

Exit work_once(const std::filesystem::path& folder, trial::Evaluator& evaluator, study::Limits with,
               double budget = 0) {
  RandomPlanner planner;
  Study study(folder, definition(), with);
  const comm::Group group;
  const worker::Options options{.time_budget = budget, .limits = {}};
  return worker::work(group, study, planner, evaluator, options);
}

/// A whole worker in a process of its own.
pid_t start_worker(const std::filesystem::path& folder, std::int64_t trials, double epoch_seconds) {
  return spawn([=] {
    os::catch_stop_signals();
    Evaluator evaluator([&](const Work& work, Reporter& reporter) { return train(work, reporter, epoch_seconds); });
    return static_cast<int>(work_once(folder, evaluator, limits(trials)));
  });
}

}  // namespace

TEST_CASE("work ends with done, and again at once when the study is closed") {
  Folder folder;
  Evaluator evaluator([](const Work& work, Reporter&) { return judge(work); });
  CHECK(work_once(folder.path(), evaluator, limits(10)) == Exit::done);
  CHECK(evaluator.runs == 10);
  CHECK(work_once(folder.path(), evaluator, limits(10)) == Exit::done);
  CHECK(evaluator.runs == 10);
}

TEST_CASE("too many failures give partial, in every worker") {
  Folder folder;
  Evaluator evaluator([](const Work&, Reporter&) {
    Outcome outcome;
    outcome.state = State::failed;
    outcome.failure = Failure::exit;
    return outcome;
  });
  auto few = limits(100);
  few.max_failed = 5;
  CHECK(work_once(folder.path(), evaluator, few) == Exit::partial);
  CHECK(evaluator.runs == 5);
  CHECK(work_once(folder.path(), evaluator, few) == Exit::partial);
}

TEST_CASE("SIGUSR2 ends a worker at a step boundary with 75; starting again goes on from there") {
  Folder folder;
  const auto first = start_worker(folder.path(), 1, 0.15);
  study::Reader reader(folder.path());
  REQUIRE(eventually([&] { return reader.refresh().counts().claimed == 1; }));
  REQUIRE(eventually([&] { return std::filesystem::exists(folder.path() / "trials/0/0.1/checkpoint.safetensors"); }));
  ::kill(first, SIGUSR2);
  CHECK(join(first) == 75);
  const int reached = std::stoi(os::read_file(folder.path() / "trials/0/0.1/checkpoint.safetensors"));
  CHECK(reached >= 1);
  CHECK(reached < 10);
  CHECK(reader.refresh().find(0)->rungs[0].state == State::waiting);
  CHECK(join(start_worker(folder.path(), 1, 0.0)) == 0);
  const auto view = study::Reader(folder.path()).refresh();
  CHECK(view.find(0)->result()->attempt == 2);
  CHECK(view.find(0)->result()->metrics.at("epochs") == 10);
  // The second attempt did the rest only; the curve is whole.
  const auto& reports = view.find(0)->result()->reports;
  REQUIRE(reports.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) CHECK(reports[i].step == static_cast<std::int64_t>(i + 1));
  CHECK(std::is_sorted(reports.begin(), reports.end(),
                       [](const auto& a, const auto& b) { return a.seconds < b.seconds; }));
}

TEST_CASE("kill -9 in mid trial, then completion by another worker") {
  Folder folder;
  const auto victim = start_worker(folder.path(), 2, 0.2);
  REQUIRE(eventually([&] { return std::filesystem::exists(folder.path() / "trials/0/0.1/checkpoint.safetensors"); }));
  ::kill(victim, SIGKILL);
  join(victim);
  const double start = base::steady_seconds();
  CHECK(join(start_worker(folder.path(), 2, 0.01)) == 0);
  CHECK(base::steady_seconds() - start < 10);  // no lease was waited for
  const auto view = study::Reader(folder.path()).refresh();
  CHECK(view.counts().done == 2);
  CHECK(view.find(0)->result()->attempt == 2);
}

TEST_CASE("the time budget stops a trial in time, and starts none that would not end") {
  Folder folder;
  Evaluator evaluator([](const Work& work, Reporter& reporter) { return train(work, reporter, 0.02); });
  const double start = base::steady_seconds();
  CHECK(work_once(folder.path(), evaluator, limits(1000), 1.0) == Exit::again);
  CHECK(base::steady_seconds() - start < 1.5);
  os::request_stop(0);
  const auto view = study::Reader(folder.path()).refresh();
  CHECK(view.counts().done >= 1);
}

TEST_CASE("a trial longer than the budget progresses from checkpoint to checkpoint") {
  Folder folder;
  Evaluator evaluator([](const Work& work, Reporter& reporter) { return train(work, reporter, 0.1); });
  int starts = 0;
  auto exit = Exit::again;
  while (exit == Exit::again && ++starts < 10) {
    exit = work_once(folder.path(), evaluator, limits(1), 0.6);
    os::request_stop(0);
  }
  CHECK(exit == Exit::done);
  CHECK(starts >= 2);
  CHECK(study::Reader(folder.path()).refresh().find(0)->result()->metrics.at("epochs") == 10);
}

TEST_CASE("the stop file makes workers leave") {
  Folder folder;
  const auto victim = start_worker(folder.path(), 1000, 0.02);
  REQUIRE(eventually([&] { return std::filesystem::exists(folder.path() / "trials/0/0.1"); }));
  os::publish(folder.path() / "study/stop", "please\n");
  CHECK(join(victim) == 75);
}

TEST_CASE("an exception is infrastructure: the trial is tried again") {
  Folder folder;
  Evaluator evaluator([](const Work& work, Reporter&) {
    if (work.item.trial == 1 && work.attempt == 1) throw std::runtime_error("CUDA error: an illegal memory access");
    return judge(work);
  });
  CHECK(work_once(folder.path(), evaluator, limits(3)) == Exit::done);
  const auto view = study::Reader(folder.path()).refresh();
  CHECK(view.counts().done == 3);
  CHECK(view.find(1)->result()->attempt == 2);
}

TEST_CASE("a machine on which everything fails gives its trials back and leaves") {
  Folder folder;
  Evaluator broken([](const Work&, Reporter&) -> Outcome { throw std::runtime_error("no GPU"); });
  auto many = limits(3);
  many.max_attempts = 10;
  try {
    work_once(folder.path(), broken, many);
    FAIL("went on");
  } catch (const base::Error& error) {
    CHECK(error.code() == Exit::io);
    CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("no GPU"));
  }
  CHECK(broken.runs == 3);
  Evaluator good([](const Work& work, Reporter&) { return judge(work); });
  CHECK(work_once(folder.path(), good, many) == Exit::done);
  CHECK(study::Reader(folder.path()).refresh().counts().done == 3);
}

TEST_CASE("a full disk in the evaluator ends the worker with 74 and releases the trial without counting it") {
  Folder folder;
  for (int i = 0; i < 5; ++i) {
    Evaluator full(
        [](const Work&, Reporter&) -> Outcome { base::fail(Exit::io, "cannot write x: No space left on device."); });
    try {
      work_once(folder.path(), full, limits(2));
      FAIL("went on");
    } catch (const base::Error& error) {
      CHECK(error.code() == Exit::io);
    }
  }
  Evaluator good([](const Work& work, Reporter&) { return judge(work); });
  CHECK(work_once(folder.path(), good, limits(2)) == Exit::done);
  CHECK(study::Reader(folder.path()).refresh().counts().done == 2);
}

TEST_CASE("limits may grow while the study runs") {
  Folder folder;
  RandomPlanner planner;
  Evaluator evaluator([](const Work& work, Reporter&) { return judge(work); });
  Study study(folder.path(), definition(), limits(2));
  const worker::Options options{.time_budget = 0, .limits = [] { return limits(7); }};
  CHECK(worker::work(comm::Group(), study, planner, evaluator, options) == Exit::done);
  CHECK(evaluator.runs == 7);
}

TEST_CASE("a budget knows what is worth starting") {
  worker::Budget none(0);
  none.took(1e9);
  CHECK(none.worth_starting());
  worker::Budget hour(3600);
  CHECK(hour.worth_starting());
  hour.took(600);
  CHECK(hour.worth_starting());
  worker::Budget over(1e-9);
  over.took(1e-10);
  CHECK_FALSE(over.worth_starting());
  worker::Budget long_trials(10);
  long_trials.took(1000);
  CHECK(long_trials.worth_starting());
}

TEST_CASE("a trial whose network was measured takes that result; one whose twin failed is trained") {
  class Twins : public RandomPlanner {
   public:
    std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId trial,
                                           base::Rng& rng) override {
      auto proposal = RandomPlanner::propose(view, trial, rng);
      if (trial >= 2) proposal->tags[trial::same_as_tag] = std::to_string(trial % 2);
      return proposal;
    }
  };
  Folder folder;
  Twins planner;
  Study study(folder.path(), definition(), limits(6));
  Evaluator evaluator([](const Work& work, Reporter&) {
    if (work.item.trial != 1) return judge(work);
    return Outcome{.state = State::failed, .failure = Failure::nan};
  });
  const comm::Group group;
  CHECK(worker::work(group, study, planner, evaluator, {}) == Exit::done);
  CHECK(evaluator.runs == 4);  // 0, 1, and the twins of 1
  const auto view = study.refresh();
  for (const trial::TrialId twin : {2, 4}) {
    CHECK(view.find(twin)->result()->metrics == view.find(0)->result()->metrics);
    CHECK(view.find(twin)->result()->attributes.at("reused") == "0");
  }
  CHECK_FALSE(view.find(3)->result()->attributes.contains("reused"));
}

namespace {

/// Stops trials whose newest score is low, once another trial has finished.
class Impatient : public trial::EarlyStop {
 public:
  std::optional<std::string> check(const trial::StudyView& view, const trial::ItemId& item) override {
    ++checks;
    const auto& reports = view.find(item.trial)->rungs.front().reports;
    longest = std::max(longest, reports.size());
    if (view.counts().done == 0 || reports.back().metrics.at("score") > 0.5) return std::nullopt;
    return "the score is only " + std::to_string(reports.back().step);
  }
  int checks = 0;
  std::size_t longest = 0;
};

}  // namespace

TEST_CASE("early stopping: the rule sees the newest report; a stopped trial keeps reports, metrics and the reason") {
  Folder folder;
  Impatient rule;
  int after_stop = 0;
  Evaluator evaluator([&](const Work& work, Reporter& reporter) {
    Outcome outcome;
    for (int epoch = 1; epoch <= 5; ++epoch) {
      outcome.metrics = {{"score", work.item.trial == 0 ? 1.0 : epoch == 3 ? 0.1 : 0.9}};
      if (reporter.report(epoch, outcome.metrics) == trial::Verdict::go_on) continue;
      // As a slow external trainer does: it reports once more.
      after_stop += reporter.report(epoch + 1, {{"score", 0.95}}) == trial::Verdict::stop;
      outcome.state = State::stopped;
      outcome.reason = "stopped after its report";
      return outcome;
    }
    return outcome;
  });
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(3));
  const worker::Options options{.limits = {}, .early_stop = &rule};
  CHECK(worker::work(comm::Group(), study, planner, evaluator, options) == Exit::done);
  const auto view = study::Reader(folder.path()).refresh();
  CHECK(view.counts().done == 1);
  CHECK(view.counts().stopped == 2);
  CHECK(after_stop == 2);
  CHECK(rule.checks == 5 + 3 + 3);
  for (const trial::TrialId id : {1, 2}) {
    const auto& rung = view.find(id)->rungs.front();
    CHECK(rung.reason == "the score is only 3");
    CHECK(rung.metrics.at("score") == 0.1);
    CHECK(rung.reports.size() == 4);
  }
}

TEST_CASE("early stopping: thousands of reports are judged a few hundred times, the first hundred one by one") {
  Folder folder;
  Impatient rule;
  Evaluator evaluator([&](const Work& work, Reporter& reporter) {
    for (int step = 1; step <= 5000; ++step) reporter.report(step, {{"score", 1.0}});
    return judge(work);
  });
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(1));
  const worker::Options options{.limits = {}, .early_stop = &rule};
  CHECK(worker::work(comm::Group(), study, planner, evaluator, options) == Exit::done);
  CHECK((rule.checks > 100 && rule.checks < 300));
  CHECK(rule.longest > 4700);
}
