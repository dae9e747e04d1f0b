#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <fstream>
#include <set>

#include "lab.hpp"
#include "os/file.hpp"
#include "study/names.hpp"
#include "study/record.hpp"
#include "study/view.hpp"

using namespace lab;
using namespace assay::study;
using Catch::Matchers::ContainsSubstring;

namespace {

Claim must_claim(Study& study, Planner& planner) {
  auto offer = study.claim(planner);
  REQUIRE(std::holds_alternative<Claim>(offer));
  return std::get<Claim>(offer);
}

/// The log of a worker that was killed on another machine: it claimed trial `n` and fell silent.
void fake_foreign_worker(const Path& folder, TrialId n) {
  const Layout layout{folder};
  const std::string id = "f0f0f0f0f0f0f0f0";
  Hello hello;
  hello.worker.id = id;
  hello.worker.host = "elsewhere";
  hello.worker.boot = "another-boot";
  hello.worker.pid = 1;
  hello.worker.process_start = 1;
  hello.pid_namespace = "pid:[1]";
  Proposal what;
  what.params["x"] = 0.125;
  std::ofstream(layout.workers() / id) << id;
  os::make_folders(layout.block(n));
  std::filesystem::create_hard_link(layout.workers() / id, layout.claim({n, 0}, 1));
  std::ofstream(layout.log() / (id + ".0")) << frame(encode(hello)) << frame(encode(Start{{n, 0}, 1, 1, what, {}}));
}

}  // namespace

TEST_CASE("one worker runs a study to its end; a reader sees the same") {
  Folder folder;
  RandomPlanner planner;
  Study study(folder.path(), founding(), limits(20));
  CHECK(drain(study, planner) == 20);
  const auto view = study.refresh();
  CHECK(view.counts().done == 20);
  CHECK(view.closed());
  study.leave("done");
  Reader reader(folder.path());
  const auto seen = reader.refresh();
  REQUIRE(seen.trials().size() == 20);
  CHECK(seen.counts().done == 20);
  CHECK(seen.best()->id == view.best()->id);
  CHECK(seen.workers().size() == 1);
  CHECK(seen.workers()[0].ended);
}

TEST_CASE("the same seed gives the same study with one worker, even when it is interrupted") {
  Folder one, two;
  RandomPlanner planner;
  {
    Study study(one.path(), founding(), limits(12));
    drain(study, planner);
  }
  const auto broken = spawn([&] {
    Study study(two.path(), founding(), limits(12));
    int left = 5;
    drain(study, planner, [&](const Work& work) {
      if (--left == 0) ::kill(::getpid(), SIGKILL);
      return judge(work);
    });
    return 0;
  });
  CHECK(join(broken) == -SIGKILL);
  {
    Study study(two.path(), founding(), limits(12));
    drain(study, planner);
  }
  const auto a = Reader(one.path()).refresh(), b = Reader(two.path()).refresh();
  REQUIRE(a.trials().size() == b.trials().size());
  for (std::size_t i = 0; i < a.trials().size(); ++i) {
    CHECK(a.trials()[i]->what.params == b.trials()[i]->what.params);
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
      Study study(folder.path(), founding(), limits(trials));
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

TEST_CASE("a worker killed in mid trial: another one on this machine goes on at once") {
  Folder folder;
  RandomPlanner planner;
  const auto victim = spawn([&] {
    Study study(folder.path(), founding(), limits(3));
    drain(study, planner, [&](const Work&) {
      std::ofstream(folder.path() / "busy") << "1";
      ::pause();
      return score(0);
    });
    return 0;
  });
  REQUIRE(eventually([&] { return std::filesystem::exists(folder.path() / "busy"); }));
  ::kill(victim, SIGKILL);
  join(victim);
  Study study(folder.path(), founding(), limits(3));  // lease: 240 s
  const auto claim = must_claim(study, planner);
  CHECK(claim.work.item == ItemId{0, 0});
  CHECK(claim.work.attempt == 2);
  CHECK(study.commit(claim, judge(claim.work)));
  CHECK(drain(study, planner) == 2);
  const auto view = study.refresh();
  CHECK(view.counts().done == 3);
  CHECK(view.find(0)->rungs[0].attempt == 2);
}

TEST_CASE("a silent worker of another machine loses its trial after the lease, not before") {
  Folder folder;
  RandomPlanner planner;
  { Study founder(folder.path(), founding(), limits(1, 1.0)); }
  fake_foreign_worker(folder.path(), 0);
  Study study(folder.path(), founding(), limits(1, 1.0));
  const auto early = study.claim(planner);
  REQUIRE(std::holds_alternative<Study::Ended>(early));  // all numbers are taken
  CHECK_FALSE(study.close("all taken"));
  CHECK(std::holds_alternative<Study::Nothing>(study.claim(planner)));
  std::optional<Claim> claim;
  CHECK(eventually([&] {
    auto offer = study.claim(planner);
    if (auto* got = std::get_if<Claim>(&offer)) claim = *got;
    return claim.has_value();
  }));
  REQUIRE(claim);
  CHECK(claim->work.attempt == 2);
  CHECK(x_of(claim->work.what) == 0.125);  // the recorded parameters are repeated
  study.commit(*claim, judge(claim->work));
  CHECK(study.close("all taken"));
}

TEST_CASE("a claim whose owner died before it recorded parameters is planned anew") {
  Folder folder;
  RandomPlanner planner;
  { Study founder(folder.path(), founding(), limits(2)); }
  const Layout layout{folder.path()};
  const auto victim = spawn([&] {
    Study study(folder.path(), founding(), limits(2));
    Claimant(layout, study.worker_id()).claim({0, 0}, 1);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  join(victim);
  Study study(folder.path(), founding(), limits(2));
  std::set<std::pair<TrialId, int>> seen;
  drain(study, planner, [&](const Work& work) {
    seen.insert({work.item.trial, work.attempt});
    return judge(work);
  });
  CHECK(seen == std::set<std::pair<TrialId, int>>{{0, 2}, {1, 1}});
}

TEST_CASE("a durable result without its commit is committed by whoever finds it") {
  Folder folder;
  RandomPlanner planner;
  const auto victim = spawn([&] {
    Study study(folder.path(), founding(), limits(1));
    const auto claim = must_claim(study, planner);
    study.refresh();
    const Layout layout{folder.path()};
    std::ofstream(layout.log() / (study.worker_id() + ".0"), std::ios::app)
        << frame(encode(End{{0, 0}, 1, 5, score(0.5)}));
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  join(victim);
  Study study(folder.path(), founding(), limits(1));
  int evaluated = 0;
  drain(study, planner, [&](const Work& work) {
    ++evaluated;
    return judge(work);
  });
  CHECK(evaluated == 0);
  CHECK(study.refresh().find(0)->result()->metrics.at("score") == 0.5);
}

TEST_CASE("the first commit wins, whatever its attempt") {
  Folder folder;
  RandomPlanner planner;
  Study stalled(folder.path(), founding(), limits(1, 0.6));
  const auto old_claim = must_claim(stalled, planner);
  const Layout layout{folder.path()};
  // A second worker has taken the item over although the first still lives (its lease was lost).
  Study taker(folder.path(), founding(), limits(1, 0.6));
  Claimant names(layout, taker.worker_id());
  SECTION("the old attempt is first") {
    names.claim({0, 0}, 2);
    CHECK(stalled.commit(old_claim, score(0.1)));
    CHECK(Claimant(layout, "someone").commit({0, 0}, stalled.worker_id()) == stalled.worker_id());
  }
  SECTION("the new attempt was first") {
    names.claim({0, 0}, 2);
    names.commit({0, 0}, taker.worker_id());
    CHECK_FALSE(stalled.commit(old_claim, score(0.1)));
    CHECK(stalled.refresh().counts().done == 0);  // the winner's record is not there yet: incomplete, not lost
  }
}

TEST_CASE("a torn last line of a dead worker hides nothing else") {
  Folder folder;
  RandomPlanner planner;
  const auto victim = spawn([&] {
    Study study(folder.path(), founding(), limits(4));
    int left = 3;
    drain(study, planner, [&](const Work& work) {
      if (--left > 0) return judge(work);
      std::ofstream(Layout{folder.path()}.log() / (study.worker_id() + ".0"), std::ios::app)
          << "97 12ab34cd {\"is\":\"en";
      ::kill(::getpid(), SIGKILL);
      return score(0);
    });
    return 0;
  });
  join(victim);
  Study study(folder.path(), founding(), limits(4));
  CHECK(drain(study, planner) == 2);
  CHECK(study.refresh().counts().done == 4);
}

TEST_CASE("another identity is refused with the first difference") {
  Folder folder;
  { Study study(folder.path(), founding(), limits(1)); }
  auto other = founding();
  other.identity["space"]["x"][1] = 2;
  try {
    Study study(folder.path(), other, limits(1));
    FAIL("joined");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    CHECK_THAT(error.what(), ContainsSubstring("identity.space.x[1] is 1 there and 2 here"));
  }
  CHECK_THROWS_AS(Study(folder.path(), founding(2), limits(1)), base::Error);
}

TEST_CASE("a trial that kills its workers becomes failed(crash)") {
  Folder folder;
  RandomPlanner planner;
  const auto evaluate = [](const Work& work) {
    if (work.item.trial == 1) ::kill(::getpid(), SIGKILL);
    return judge(work);
  };
  int deaths = 0;
  for (; deaths < 10; ++deaths) {
    const auto pid = spawn([&] {
      Study study(folder.path(), founding(), limits(4));
      drain(study, planner, evaluate);
      return 0;
    });
    if (join(pid) == 0) break;
  }
  CHECK(deaths == 3);
  const auto view = Reader(folder.path()).refresh();
  CHECK(view.counts().done == 3);
  CHECK(view.find(1)->rungs[0].failure == Failure::crash);
}

TEST_CASE("infrastructure failures are retried, then given up, and never count as the model's") {
  Folder folder;
  RandomPlanner planner;
  auto few = limits(3);
  few.max_failed = 1;
  Study study(folder.path(), founding(), few);
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
  Study study(folder.path(), founding(), few);
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

TEST_CASE("released work goes on with the next worker, which finds the checkpoint") {
  Folder folder;
  RandomPlanner planner;
  {
    Study study(folder.path(), founding(), limits(1));
    const auto claim = must_claim(study, planner);
    std::filesystem::create_directories(claim.work.folder);
    std::ofstream(claim.work.folder / "checkpoint.safetensors") << "weights";
    Outcome again;
    again.again = true;
    CHECK(study.commit(claim, again));
    study.leave("SIGUSR2");
  }
  Study study(folder.path(), founding(), limits(1));
  const auto claim = must_claim(study, planner);
  CHECK(claim.work.attempt == 2);
  CHECK(claim.work.previous == folder.path() / "trials/0/0.1");
  CHECK(claim.work.folder == folder.path() / "trials/0/0.2");
  CHECK(study.commit(claim, judge(claim.work)));
}

TEST_CASE("a worker that says goodbye in mid trial needs no lease") {
  Folder folder;
  RandomPlanner planner;
  {
    Study study(folder.path(), founding(), limits(1));
    must_claim(study, planner);
  }  // the destructor says goodbye
  Study study(folder.path(), founding(), limits(1));
  CHECK(must_claim(study, planner).work.attempt == 2);
}

TEST_CASE("close fixes the members; what is claimed later does not count") {
  Folder folder;
  RandomPlanner planner;
  Study a(folder.path(), founding(), limits(10)), b(folder.path(), founding(), limits(10));
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
  Study study(folder.path(), founding(), limits(6));
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
  auto two = founding();
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
  Study study(folder.path(), founding(), limits(1));
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
  Study study(folder.path(), founding(), limits(1));
  Study other(folder.path(), founding(), limits(1));
  const auto claim = must_claim(study, planner);
  Claimant names(Layout{folder.path()}, other.worker_id());
  names.commit({0, 0}, other.worker_id());
  CHECK(eventually([&] { return study.report(claim, 1, {}) == Verdict::stop; }, 3));
}
