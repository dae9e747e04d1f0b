// Workers that die, fall silent or say goodbye in mid trial: who goes on, and what counts.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <csignal>
#include <fstream>
#include <set>

#include "lab.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "study/fsck.hpp"
#include "study/liveness.hpp"
#include "study/log_writer.hpp"
#include "study/names.hpp"
#include "study/record.hpp"
#include "trial/view.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

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
  hello.worker.pid_namespace = "pid:[1]";
  Proposal what;
  what.params["x"] = 0.125;
  std::ofstream(layout.workers() / id) << id;
  os::make_folders(layout.block(n));
  std::filesystem::create_hard_link(layout.workers() / id, layout.claim({n, 0}, 1));
  std::ofstream(layout.log() / (id + ".0")) << frame(encode(hello)) << frame(encode(Start{{n, 0}, 1, 1, what, {}}));
}

}  // namespace

TEST_CASE("a worker killed in mid trial: another one on this machine goes on at once") {
  Folder folder;
  RandomPlanner planner;
  const auto victim = spawn([&] {
    Study study(folder.path(), definition(), limits(3));
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
  Study study(folder.path(), definition(), limits(3));  // lease: 240 s
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
  { Study founder(folder.path(), definition(), limits(1, 1.0)); }
  fake_foreign_worker(folder.path(), 0);
  Study study(folder.path(), definition(), limits(1, 1.0));
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
  { Study founder(folder.path(), definition(), limits(2)); }
  const Layout layout{folder.path()};
  const auto victim = spawn([&] {
    Study study(folder.path(), definition(), limits(2));
    Claimant(layout, study.worker_id()).claim({0, 0}, 1);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  join(victim);
  Study study(folder.path(), definition(), limits(2));
  std::set<std::pair<TrialId, int>> seen;
  drain(study, planner, [&](const Work& work) {
    seen.insert({work.item.trial, work.attempt});
    return judge(work);
  });
  CHECK(seen == std::set<std::pair<TrialId, int>>{{0, 2}, {1, 1}});
}

TEST_CASE(
    "a continuation whose owner died before it told: the planner is asked what to measure, else as the rung below") {
  class Copying : public RandomPlanner {
   public:
    explicit Copying(bool answers) : answers_(answers) {}
    Decision next(const StudyView& view) override {
      if (view.trials().size() < 2) return New{};
      return view.find(1)->rungs.size() < 2 ? Decision(Continue{{1, 1}}) : Decision(Finished{"both went on"});
    }
    std::optional<Proposal> further(const StudyView& view, const ItemId& item) override {
      CHECK(view.find(item.trial)->rungs.size() == 2);  // the claimed one is in the view
      if (!answers_) return std::nullopt;
      Proposal what;
      what.params["x"] = 0.9375;
      what.from = ItemId{0, 0};
      return what;
    }

   private:
    bool answers_;
  };
  const bool answers = GENERATE(true, false);
  Folder folder;
  Copying planner(answers);
  auto two = definition();
  two.fidelities = {{1, 1, 1, 1}, {3, 1, 1, 1}};
  const auto victim = spawn([&] {
    Study study(folder.path(), two, limits(2));
    for (int i = 0; i < 2; ++i) {
      const auto claim = must_claim(study, planner);
      os::make_folders(claim.work.folder);
      os::publish(claim.work.folder / "checkpoint.safetensors", "weights");
      study.commit(claim, judge(claim.work));
    }
    Claimant(Layout{folder.path()}, study.worker_id()).claim({1, 1}, 1);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  join(victim);
  Study study(folder.path(), two, limits(2));
  std::optional<Claim> claim;
  REQUIRE(eventually([&] {
    auto offer = study.claim(planner);
    if (auto* got = std::get_if<Claim>(&offer)) claim = *got;
    return claim.has_value();
  }));
  CHECK(claim->work.item == ItemId{1, 1});
  CHECK(claim->work.attempt == 2);
  CHECK(claim->work.at.epochs == 3);
  const auto own = x_of(study.refresh().find(1)->first);
  CHECK(x_of(claim->work.what) == (answers ? 0.9375 : own));
  CHECK(claim->work.previous == folder.path() / "trials" / (answers ? "0" : "1") / "0.1");
  study.commit(*claim, judge(claim->work));
  CHECK(study.refresh().find(1)->result()->metrics.at("score") == (answers ? 0.9375 : own));
}

TEST_CASE("a durable result without its commit is committed by whoever finds it") {
  Folder folder;
  RandomPlanner planner;
  const auto victim = spawn([&] {
    Study study(folder.path(), definition(), limits(1));
    const auto claim = must_claim(study, planner);
    study.refresh();
    const Layout layout{folder.path()};
    std::ofstream(layout.log() / (study.worker_id() + ".0"), std::ios::app)
        << frame(encode(End{{0, 0}, 1, 5, score(0.5)}));
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  join(victim);
  Study study(folder.path(), definition(), limits(1));
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
  Study stalled(folder.path(), definition(), limits(1, 0.6));
  const auto old_claim = must_claim(stalled, planner);
  const Layout layout{folder.path()};
  // A second worker has taken the item over although the first still lives (its lease was lost).
  Study taker(folder.path(), definition(), limits(1, 0.6));
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
    Study study(folder.path(), definition(), limits(4));
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
  Study study(folder.path(), definition(), limits(4));
  CHECK(drain(study, planner) == 2);
  CHECK(study.refresh().counts().done == 4);
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
      Study study(folder.path(), definition(), limits(4));
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

TEST_CASE("released work goes on with the next worker, which finds the checkpoint") {
  Folder folder;
  RandomPlanner planner;
  {
    Study study(folder.path(), definition(), limits(1));
    const auto claim = must_claim(study, planner);
    std::filesystem::create_directories(claim.work.folder);
    std::ofstream(claim.work.folder / "checkpoint.safetensors") << "weights";
    Outcome again;
    again.again = true;
    CHECK(study.commit(claim, again));
    study.leave("SIGUSR2");
  }
  Study study(folder.path(), definition(), limits(1));
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
    Study study(folder.path(), definition(), limits(1));
    must_claim(study, planner);
  }  // the destructor says goodbye
  Study study(folder.path(), definition(), limits(1));
  CHECK(must_claim(study, planner).work.attempt == 2);
}

TEST_CASE("a member whose claimant died before it recorded anything is measured after the closing") {
  Folder folder;
  { const Study founded(folder.path(), definition(), limits(3)); }
  const auto claimant = spawn([&] {
    auto hello = greet(os::random_name());
    const Layout layout{folder.path()};
    LogWriter log(layout.log(), hello, 20);
    Claimant names(layout, hello.worker.id);
    names.claim({0, 0}, 1);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  CHECK(join(claimant) == -SIGKILL);
  {
    auto hand = Study::join(folder.path(), limits(3));
    CHECK_FALSE(hand.close("closed by hand"));
    hand.leave("closed");
  }
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(3));
  CHECK(drain(study, planner) == 1);
  CHECK(study.refresh().counts().done == 1);
  CHECK(check_store(folder.path()).findings.empty());
}

TEST_CASE("what cannot be looked at is not dead") {
  CHECK_FALSE(os::process_gone(::getpid(), os::process_start(::getpid()).value()));
  CHECK(os::process_gone(::getpid(), os::process_start(::getpid()).value() + 1));
  const auto child = spawn([] { return 0; });
  const auto start = os::process_start(child).value_or(0);
  CHECK(join(child) == 0);
  CHECK(os::process_gone(child, start));
}
