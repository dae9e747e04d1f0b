// A study in health: one worker and many, limits, failures of models, continuations, the end.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "lab.hpp"
#include "os/file.hpp"
#include "study/names.hpp"
#include "trial/standing.hpp"
#include "trial/view.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("one worker runs a study to its end; a reader sees the same") {
  Folder folder;
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(20));
  CHECK(drain(study, planner) == 20);
  const auto view = study.refresh();
  CHECK(view.counts().done == 20);
  CHECK(view.closed());
  study.leave("done");
  Reader reader(folder.path());
  const auto seen = reader.refresh();
  REQUIRE(seen.trials().size() == 20);
  CHECK(seen.counts().done == 20);
  const Standings one(seen), other(view);
  CHECK(one.best()->trial->id == other.best()->trial->id);
  CHECK(seen.workers().size() == 1);
  CHECK(seen.workers()[0].ended);
}

TEST_CASE("the same seed gives the same study with one worker, even when it is interrupted") {
  Folder one, two;
  RandomPlanner planner;
  {
    Study study(one.path(), definition(), limits(12));
    drain(study, planner);
  }
  const auto broken = spawn([&] {
    Study study(two.path(), definition(), limits(12));
    int left = 5;
    drain(study, planner, [&](const Work& work) {
      if (--left == 0) ::kill(::getpid(), SIGKILL);
      return judge(work);
    });
    return 0;
  });
  CHECK(join(broken) == -SIGKILL);
  {
    Study study(two.path(), definition(), limits(12));
    drain(study, planner);
  }
  const auto a = Reader(one.path()).refresh(), b = Reader(two.path()).refresh();
  REQUIRE(a.trials().size() == b.trials().size());
  for (std::size_t i = 0; i < a.trials().size(); ++i) {
    CHECK(a.trials()[i]->first.params == b.trials()[i]->first.params);
    CHECK(a.trials()[i]->result()->metrics == b.trials()[i]->result()->metrics);
  }
}

TEST_CASE("eight processes make exactly max_trials, each once") {
  Folder folder;
  constexpr int workers = 8, trials = 400;
  std::vector<pid_t> children;
  for (int i = 0; i < workers; ++i) {
    children.push_back(spawn([&] {
      RandomPlanner planner;
      Study study(folder.path(), definition(), limits(trials));
      const int committed = drain(study, planner);
      std::ofstream(folder.path() / ("count." + std::to_string(::getpid()))) << committed;
      study.leave("done");
      return 0;
    }));
  }
  int total = 0;
  for (const auto pid : children) {
    CHECK(join(pid) == 0);
    int count = 0;
    std::ifstream(folder.path() / ("count." + std::to_string(pid))) >> count;
    total += count;
  }
  CHECK(total == trials);
  const auto view = Reader(folder.path()).refresh();
  CHECK(view.trials().size() == trials);
  CHECK(view.counts().done == trials);
  const auto names = os::list_folder(Layout{folder.path()}.block(0));
  CHECK(names.size() == 2 * trials);  // one claim and one commit each: nothing was tried twice
}

TEST_CASE("another identity is refused with the first difference") {
  Folder folder;
  { Study study(folder.path(), definition(), limits(1)); }
  auto other = definition();
  other.identity["space"]["x"][1] = 2;
  try {
    Study study(folder.path(), other, limits(1));
    FAIL("joined");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    CHECK_THAT(error.what(), ContainsSubstring("identity.space.x[1] is 1 there and 2 here"));
  }
  CHECK_THROWS_AS(Study(folder.path(), definition(2), limits(1)), base::Error);
}

TEST_CASE("infrastructure failures are retried, then given up, and never count as the model's") {
  Folder folder;
  RandomPlanner planner;
  auto few = limits(3);
  few.max_failed = 1;
  Study study(folder.path(), definition(), few);
  int tries = 0;
  drain(study, planner, [&](const Work& work) {
    if (work.item.trial != 1) return judge(work);
    ++tries;
    Outcome outcome;
    outcome.state = State::failed;
    outcome.failure = Failure::infrastructure;
    outcome.reason = "the disk is gone";
    return outcome;
  });
  CHECK(tries == 3);
  const auto view = study.refresh();
  CHECK(view.counts().done == 2);
  CHECK(view.find(1)->rungs[0].failure == Failure::infrastructure);
  CHECK_THAT(view.find(1)->rungs[0].reason, ContainsSubstring("the disk is gone"));
}

TEST_CASE("too many failures end the study") {
  Folder folder;
  RandomPlanner planner;
  auto few = limits(100);
  few.max_failed = 4;
  Study study(folder.path(), definition(), few);
  drain(study, planner, [&](const Work&) {
    Outcome outcome;
    outcome.state = State::failed;
    outcome.failure = Failure::nan;
    return outcome;
  });
  CHECK(study.refresh().counts().failed == 4);
  auto offer = study.claim(planner);
  REQUIRE(std::holds_alternative<Study::Ended>(offer));
  CHECK(std::get<Study::Ended>(offer).failed);
  CHECK_THAT(std::get<Study::Ended>(offer).reason, ContainsSubstring("4 trials failed"));
}

TEST_CASE("a study that is older than its longest duration offers no new trials and closes with what it has") {
  Folder folder;
  RandomPlanner planner;
  auto brief = limits(1000000);
  Study study(folder.path(), definition(), brief);
  auto offer = study.claim(planner);
  REQUIRE(std::holds_alternative<Claim>(offer));
  const auto mine = std::get<Claim>(offer);
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  brief.max_seconds = 0.05;
  study.set_limits(brief);
  study.commit(mine, judge(mine.work));
  Study late(folder.path(), definition(), brief);  // the clock is the study's, not the worker's
  for (auto* worker : {&study, &late}) {
    offer = worker->claim(planner);
    REQUIRE(std::holds_alternative<Study::Ended>(offer));
    CHECK_FALSE(std::get<Study::Ended>(offer).failed);
    CHECK_THAT(std::get<Study::Ended>(offer).reason, ContainsSubstring("max_duration"));
  }
  CHECK(study.refresh().end_reason().empty());
  CHECK(study.close(std::get<Study::Ended>(offer).reason));
  CHECK(study.refresh().counts().done == 1);
  CHECK_THAT(late.refresh().end_reason(), ContainsSubstring("max_duration"));
}

TEST_CASE("device time is reserved before a trial starts: what runs counts as much as a typical trial") {
  Folder folder;
  RandomPlanner planner;
  auto frugal = limits(1000);
  frugal.max_device_seconds = 10;
  Study a(folder.path(), definition(), frugal), b(folder.path(), definition(), frugal);
  const auto end = [](Study& study, const Claim& claim) {
    auto outcome = judge(claim.work);
    outcome.device_seconds = 3;
    study.commit(claim, outcome);
  };
  end(a, must_claim(a, planner));
  const auto second = must_claim(a, planner);
  const auto third = must_claim(b, planner);
  auto offer = a.claim(planner);  // 3 spent, 6 reserved, 3 more wanted
  REQUIRE(std::holds_alternative<Study::Ended>(offer));
  CHECK_FALSE(std::get<Study::Ended>(offer).failed);
  CHECK_THAT(std::get<Study::Ended>(offer).reason, ContainsSubstring("max_device_hours"));
  end(a, second);
  frugal.max_device_seconds = 12;
  a.set_limits(frugal);
  const auto fourth = must_claim(a, planner);  // raised while it ran
  end(b, third);
  end(a, fourth);
  CHECK(std::holds_alternative<Study::Ended>(a.claim(planner)));
  offer = b.claim(planner);
  REQUIRE(std::holds_alternative<Study::Ended>(offer));
  CHECK(b.close(std::get<Study::Ended>(offer).reason));
  CHECK(b.refresh().counts().done == 4);
}

TEST_CASE("imported results use up no device time and no share of the mean; what goes on from them does") {
  Folder folder;
  RandomPlanner planner;
  auto frugal = limits(5);
  frugal.max_device_seconds = 10;
  Study study(folder.path(), definition(), frugal);
  const auto put = [&](const std::string& origin, double device_seconds) {
    Proposal what;
    what.params["x"] = 0.5;
    what.tags = {{origin_tag, origin}};
    const auto claim = study.enqueue(what);
    REQUIRE(claim);
    auto outcome = judge(claim->work);
    outcome.device_seconds = device_seconds;
    study.commit(*claim, outcome);
  };
  put("import", 36000);
  put("import", 36000);
  CHECK(std::holds_alternative<Claim>(study.claim(planner)));
  put("add", 6);
  CHECK(std::holds_alternative<Study::Ended>(study.claim(planner)));
  CHECK(imported(study.refresh().find(0)->first, 0));
  CHECK_FALSE(imported(study.refresh().find(0)->first, 1));
}

TEST_CASE("close fixes the members; what is claimed later does not count") {
  Folder folder;
  RandomPlanner planner;
  Study a(folder.path(), definition(), limits(10)), b(folder.path(), definition(), limits(10));
  const auto first = must_claim(a, planner);
  CHECK_FALSE(a.close("enough"));  // its own trial is running
  const Layout layout{folder.path()};
  Claimant(layout, b.worker_id()).claim({1, 0}, 1);
  CHECK(a.commit(first, judge(first.work)));
  CHECK(a.close("something else"));
  auto offer = b.claim(planner);
  REQUIRE(std::holds_alternative<Study::Ended>(offer));
  CHECK(std::get<Study::Ended>(offer).reason == "enough");
  CHECK(b.refresh().trials().size() == 1);
}

TEST_CASE("nothing to propose commits the number void") {
  class Stingy : public RandomPlanner {
   public:
    std::optional<Proposal> propose(const StudyView& view, TrialId trial, base::Rng& rng) override {
      if (trial % 2 == 1) return std::nullopt;
      return RandomPlanner::propose(view, trial, rng);
    }
  };
  Folder folder;
  Stingy planner;
  Study study(folder.path(), definition(), limits(6));
  CHECK(drain(study, planner) == 3);
  CHECK(study.refresh().counts().voided == 3);
}

TEST_CASE("a continuation is an item of its own, from the lower rung's checkpoint") {
  class TwoRungs : public RandomPlanner {
   public:
    Decision next(const StudyView& view) override {
      for (const auto* done : view.committed()) {
        const auto* trial = view.find(done->item.trial);
        if (done->item.rung == 0 && trial->rungs.size() == 1) return Continue{{done->item.trial, 1}};
      }
      if (view.counts().claimed < view.max_trials()) return New{};
      return view.running().empty() ? Decision(Finished{"all continued"}) : Decision(Wait{"rungs are running"});
    }
  };
  Folder folder;
  auto two = definition();
  two.fidelities = {{1, 1, 1, 1}, {3, 1, 1, 1}};
  TwoRungs planner;
  Study study(folder.path(), two, limits(4));
  int continued = 0;
  drain(study, planner, [&](const Work& work) {
    if (work.item.rung == 0) {
      CHECK(work.at.epochs == 1);
      std::filesystem::create_directories(work.folder / "checkpoint");
      std::ofstream(work.folder / "checkpoint" / "state") << "1";
    } else {
      ++continued;
      CHECK(work.at.epochs == 3);
      CHECK(work.previous == folder.path() / "trials" / std::to_string(work.item.trial) / "0.1");
    }
    return judge(work);
  });
  CHECK(continued == 4);
  CHECK(study.refresh().committed().size() == 8);
}

TEST_CASE("reports are seen by others within two seconds, while the trial runs") {
  Folder folder;
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(1));
  const auto claim = must_claim(study, planner);
  CHECK(study.report(claim, 1, {{"score", 0.1}}) == Verdict::go_on);
  CHECK(study.report(claim, 2, {{"score", 0.2}}) == Verdict::go_on);
  Reader reader(folder.path());
  CHECK(eventually(
      [&] {
        const auto view = reader.refresh();
        return view.find(0) != nullptr && view.find(0)->rungs[0].reports.size() == 2;
      },
      2));
  CHECK(reader.refresh().counts().running == 1);
}

TEST_CASE("a report learns that the item was committed by somebody else") {
  Folder folder;
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(1));
  Study other(folder.path(), definition(), limits(1));
  const auto claim = must_claim(study, planner);
  Claimant names(Layout{folder.path()}, other.worker_id());
  names.commit({0, 0}, other.worker_id());
  CHECK(eventually([&] { return study.report(claim, 1, {}) == Verdict::stop; }, 3));
}
