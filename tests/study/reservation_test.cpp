// Trials that were asked for by hand: how long they are held, by recorded times, and for whom.
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "base/time.hpp"
#include "lab.hpp"
#include "os/file.hpp"
#include "study/fsck.hpp"
#include "study/liveness.hpp"
#include "study/log_writer.hpp"
#include "study/names.hpp"
#include "study/record.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

constexpr double lease = 100;

/// The log of a process that asked for trial 0 so many seconds ago, on a machine elsewhere, and is no more.
void asked(const Path& folder, double seconds_ago, double reservation, const std::string& id = "a5ca5ca5ca5ca5ca") {
  const Layout layout{folder};
  const double then = base::unix_seconds() - seconds_ago;
  Hello hello;
  hello.worker.id = id;
  hello.worker.host = "elsewhere";
  hello.worker.first_seen = then;
  hello.worker.reservation = reservation;
  Proposal what;
  what.params["x"] = 0.125;
  std::ofstream(layout.workers() / id) << id;
  os::make_folders(layout.block(0));
  std::filesystem::create_hard_link(layout.workers() / id, layout.claim({0, 0}, 1));
  std::ofstream(layout.log() / (id + ".0")) << frame(encode(hello)) << frame(encode(Start{{0, 0}, 1, then, what, {}}));
}

/// What a fresh process is offered of a study with one number.
Study::Offer offer(const Path& folder) {
  RandomPlanner planner;
  auto study = Study::join(folder, limits(1, lease), 5);
  auto result = study.claim(planner);
  study.detach();
  return result;
}

}  // namespace

TEST_CASE("what was asked for goes to the next process that asks, once patience and lease are over") {
  const Folder folder;
  { const Study founded(folder.path(), definition(), limits(1, lease)); }
  SECTION("over, by the records of a machine whose clock may differ by the lease") {
    asked(folder.path(), 3 + lease + 1, 3);
    const auto next = offer(folder.path());
    REQUIRE(std::holds_alternative<Claim>(next));
    const auto& work = std::get<Claim>(next).work;
    CHECK(work.item == ItemId{0, 0});
    CHECK(work.attempt == 2);
    CHECK(x_of(work.what) == 0.125);
    CHECK_FALSE(std::holds_alternative<Claim>(offer(folder.path())));  // it is held anew
  }
  SECTION("the patience alone is not enough") {
    asked(folder.path(), 3 + lease - 2, 3);
    CHECK_FALSE(std::holds_alternative<Claim>(offer(folder.path())));
  }
  SECTION("a clock that is ahead") {
    asked(folder.path(), -1e6, 3);
    CHECK_FALSE(std::holds_alternative<Claim>(offer(folder.path())));
  }
  SECTION("a worker of a stage is never judged by its records") {
    asked(folder.path(), 1e6, 0);
    CHECK_FALSE(std::holds_alternative<Claim>(offer(folder.path())));
  }
  SECTION("a report by hand since then prolongs it") {
    asked(folder.path(), 3 + lease + 1, 3);
    auto hello = greet(os::random_name());
    hello.worker.reservation = 3;
    LogWriter log(Layout{folder.path()}.log(), hello, 20);
    log.append(Reported{{0, 0}, 1, {1, 3 + lease + 1, {}}}, Flush::durable);
    log.fall_silent();
    CHECK_FALSE(std::holds_alternative<Claim>(offer(folder.path())));
  }
}

TEST_CASE("workers beside a script take over what it let lie, and finish the study") {
  const Folder folder;
  { const Study founded(folder.path(), definition(), limits(3, lease)); }
  asked(folder.path(), 3600, 60);
  RandomPlanner planner;
  Study worker(folder.path(), definition(), limits(3, lease));
  CHECK(drain(worker, planner) == 3);
  const auto view = worker.refresh();
  CHECK(view.counts().done == 3);
  CHECK(view.find(0)->rungs[0].attempt == 2);
  CHECK(check_store(folder.path()).findings.empty());
}

TEST_CASE("whoever comes back too late finds that the trial went on without him") {
  const Folder folder;
  RandomPlanner planner;
  { const Study founded(folder.path(), definition(), limits(1, 0.2)); }
  auto late = Study::join(folder.path(), limits(1, 0.2), 0.2);
  CHECK(must_claim(late, planner).work.attempt == 1);
  late.detach();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  auto next = Study::join(folder.path(), limits(1, 0.2), 0.2);
  const auto claim = must_claim(next, planner);
  CHECK(claim.work.attempt == 2);
  CHECK(next.commit(claim, score(0.75)));
  // A teller for the first attempt is fenced by the commit's name.
  Claimant names(Layout{folder.path()}, late.worker_id());
  CHECK(names.commit({0, 0}, late.worker_id()) == next.worker_id());
  CHECK(next.refresh().find(0)->result()->metrics.at("score") == 0.75);
}
