// Attempts that leave before their end: those that come further are continued for ever, the others a few times.
#include "worker/progress.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <functional>

#include "base/time.hpp"
#include "os/file.hpp"
#include "os/signal.hpp"
#include "study/checkpoint.hpp"
#include "study/lab.hpp"
#include "worker/worker.hpp"

using namespace lab;
using base::Exit;
using Catch::Matchers::ContainsSubstring;
using trial::Failure;
using trial::Reporter;
using trial::State;
using trial::Work;

namespace {

/// Trial 0 as the body says, all others at once; whatever is tried too often is done, so that no test runs for ever.
class Leaving : public trial::Evaluator {
 public:
  using Body = std::function<void(const Work&, Reporter&)>;
  Leaving(int until, Body body) : until_(until), body_(std::move(body)) {}
  Outcome run(const Work& work, Reporter& reporter) override {
    if (work.item.trial > 0) return judge(work);
    if (++runs >= until_) return judge(work);
    os::make_folders(work.folder / "checkpoint");
    body_(work, reporter);
    return {.reason = "it asked to be continued later", .again = true};
  }
  int runs = 0;

 private:
  int until_;
  Body body_;
};

Exit work_once(const Folder& folder, trial::Evaluator& evaluator, double budget = 0) {
  os::request_stop(0);
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(3));
  const worker::Options options{.time_budget = budget, .limits = {}};
  const auto exit = worker::work(comm::Group(), study, planner, evaluator, options);
  os::request_stop(0);
  return exit;
}

trial::Measurement first(const Folder& folder) { return study::Reader(folder.path()).refresh().find(0)->rungs[0]; }

void wait_for_stop() {
  CHECK(eventually([] { return os::stop_signal() != 0; }));
}

}  // namespace

TEST_CASE("a trial that always asks to go on later, and never comes further, fails after max_attempts") {
  const Folder folder;
  Leaving evaluator(12, [](const Work& work, Reporter& reporter) {
    os::publish(work.folder / "checkpoint/state", std::to_string(work.attempt));
    reporter.report(1, {{"score", 0.5}});  // the first attempt came to a first step, and no other one further
  });
  CHECK(work_once(folder, evaluator) == Exit::done);
  CHECK(evaluator.runs == 4);
  const auto trial = first(folder);
  CHECK(trial.state == State::failed);
  CHECK(trial.failure == Failure::exit);
  CHECK_THAT(trial.reason, ContainsSubstring("3 attempts in a row came no further") &&
                               ContainsSubstring("it asked to be continued later"));
  CHECK(study::Reader(folder.path()).refresh().counts().done == 2);
}

TEST_CASE("a trial that comes one step further in each part is continued to its end") {
  const Folder folder;
  Leaving evaluator(12, [](const Work& work, Reporter& reporter) {
    os::publish(work.folder / "checkpoint/state", std::to_string(work.attempt));
    // Two parts out of three report nothing: only a row without progress counts.
    if (work.attempt % 3 == 0) reporter.report(work.attempt, {{"score", 0.5}});
  });
  CHECK(work_once(folder, evaluator) == Exit::done);
  CHECK(evaluator.runs == 12);
  CHECK(first(folder).state == State::done);
}

TEST_CASE("a trial that is longer than the time budget and keeps no checkpoint fails, and says so") {
  const Folder folder;
  Leaving evaluator(12, [](const Work&, Reporter&) { wait_for_stop(); });
  int starts = 0;
  while (starts < 8 && work_once(folder, evaluator, 0.4) == Exit::again) {
    if (++starts > 3) continue;
    const auto waiting = first(folder);
    CHECK(waiting.state == State::waiting);
    CHECK_THAT(waiting.reason,
               ContainsSubstring("longer than the job's time limit") && ContainsSubstring("it keeps no checkpoint"));
  }
  CHECK(evaluator.runs == 3);
  const auto trial = first(folder);
  CHECK(trial.state == State::failed);
  CHECK(trial.failure == Failure::timeout);
  CHECK_THAT(trial.reason, ContainsSubstring("3 attempts in a row") && ContainsSubstring("it keeps no checkpoint"));
}

TEST_CASE("a trial longer than the budget goes on while each part leaves another checkpoint") {
  const Folder folder;
  SECTION("another one each time") {
    Leaving evaluator(6, [](const Work& work, Reporter&) {
      wait_for_stop();
      os::publish(work.folder / "checkpoint/state", std::to_string(work.attempt));
    });
    for (int i = 0; i < 5; ++i) CHECK(work_once(folder, evaluator, 0.4) == Exit::again);
    CHECK(work_once(folder, evaluator) == Exit::done);
    CHECK(first(folder).state == State::done);
  }
  SECTION("the copy of the first one") {
    Leaving evaluator(6, [](const Work& work, Reporter&) {
      wait_for_stop();
      os::publish(work.folder / "checkpoint/state", "the same");
    });
    for (int i = 0; i < 4; ++i) CHECK(work_once(folder, evaluator, 0.4) == Exit::again);
    CHECK(work_once(folder, evaluator) == Exit::done);
    CHECK(evaluator.runs == 4);
    CHECK_THAT(first(folder).reason, ContainsSubstring("its checkpoint is that of the attempt before"));
  }
}

TEST_CASE("whoever is asked to leave by a person or for another job is not blamed") {
  const Folder folder;
  Leaving evaluator(6, [](const Work&, Reporter&) { os::request_stop(SIGUSR2); });
  for (int i = 0; i < 5; ++i) {
    CHECK(work_once(folder, evaluator, i < 3 ? 0 : 3600) == Exit::again);
    CHECK(first(folder).failure == Failure::none);
  }
  CHECK(work_once(folder, evaluator) == Exit::done);
  CHECK(first(folder).state == State::done);
}

TEST_CASE("the end of a Slurm job is a time limit; a signal in mid job is not") {
  const auto job = [](double began, double ends) {
    ::setenv("SLURM_JOB_START_TIME", std::to_string(static_cast<long>(base::unix_seconds() + began)).c_str(), 1);
    ::setenv("SLURM_JOB_END_TIME", std::to_string(static_cast<long>(base::unix_seconds() + ends)).c_str(), 1);
    return worker::Budget(0);
  };
  os::request_stop(SIGUSR2);
  const auto near_the_end = job(-3400, 200);
  CHECK_FALSE(near_the_end.limited());
  CHECK(near_the_end.given() == 3600);
  CHECK(near_the_end.cut_short(3000));
  CHECK_FALSE(near_the_end.cut_short(600));  // the next job has more time for it
  CHECK_FALSE(job(-1900, 1700).cut_short(1850));
  os::request_stop(0);
  CHECK_FALSE(near_the_end.cut_short(3000));
  ::unsetenv("SLURM_JOB_START_TIME");
  ::unsetenv("SLURM_JOB_END_TIME");
  CHECK(worker::Budget(0).given() == 0);
  CHECK_FALSE(worker::Budget(0).cut_short(1e9));
}

TEST_CASE("a copied checkpoint is no new one") {
  const Folder folder;
  Work work;
  work.folder = folder.path() / "trials/0/0.2";
  work.previous = folder.path() / "trials/0/0.1";
  for (const auto& attempt : {work.previous, work.folder}) {
    os::make_folders(attempt / "checkpoint/deep");
    os::publish(attempt / "checkpoint/deep/state", std::string(3 << 20, 'a'));
  }
  CHECK_FALSE(study::left_checkpoint(work));
  SECTION("another size") { os::publish(work.folder / "checkpoint/deep/state", "a"); }
  SECTION("the same size") {
    os::publish(work.folder / "checkpoint/deep/state", std::string((3 << 20) - 1, 'a') + "b");
  }
  SECTION("another name") { os::publish(work.folder / "checkpoint/more", "a"); }
  SECTION("the earlier one is gone") { os::remove_all(work.previous); }
  CHECK(study::left_checkpoint(work));
}
