// A study that ended is opened again: what counts, who closes which generation, and what becomes of those who race or
// die.
#include <catch2/catch_test_macros.hpp>
#include <csignal>

#include "lab.hpp"
#include "os/file.hpp"
#include "study/fsck.hpp"
#include "study/generation.hpp"
#include "study/names.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

int work_through(const std::filesystem::path& folder, const Limits& limits) {
  Study study(folder, definition(), limits);
  RandomPlanner planner;
  drain(study, planner);
  study.leave("done");
  return 0;
}

void check_sound(const std::filesystem::path& folder) {
  for (const auto& finding : check_store(folder).findings) {
    INFO(finding.text);
    CHECK_FALSE(finding.broken);
  }
}

}  // namespace

TEST_CASE("a closed study is opened again and goes on to exactly as many trials as are wanted") {
  Folder folder;
  work_through(folder.path(), limits(5));
  const Layout layout{folder.path()};
  const auto first = read_generation(layout);
  REQUIRE(first.closed());
  CHECK(first.number == 1);
  CHECK(reopen(layout, "me", "more").number == 2);
  CHECK(reopen(layout, "you", "more").number == 2);  // it is open: nothing is to be done
  Reader reader(folder.path());
  CHECK_FALSE(reader.refresh().closed());
  CHECK(reader.refresh().generation() == 2);
  CHECK(reader.refresh().earlier({4, 0}));

  work_through(folder.path(), limits(12));
  const auto view = reader.refresh();
  CHECK(view.closed());
  CHECK(view.generation() == 2);
  CHECK(view.counts().done == 12);
  CHECK_FALSE(view.earlier({5, 0}));
  const auto second = read_generation(layout);
  REQUIRE(second.before);
  CHECK(second.before->items == first.members->items);
  CHECK(second.members->items.size() == 12);
  check_sound(folder.path());

  Folder whole;
  work_through(whole.path(), limits(12));
  const auto undisturbed = Reader(whole.path()).refresh();
  for (TrialId n = 0; n < 12; ++n) CHECK(view.find(n)->first.params == undisturbed.find(n)->first.params);
}

TEST_CASE("what was claimed too late for a closing never counts, and its number stays taken") {
  Folder folder;
  RandomPlanner planner;
  Study late(folder.path(), definition(), limits(10));
  const auto first = must_claim(late, planner);
  REQUIRE(late.commit(first, judge(first.work)));
  {
    Study closer(folder.path(), definition(), limits(10));
    closer.refresh();
    REQUIRE(closer.close("enough"));
  }
  // As by a worker whose last look was before the closing.
  Claimant names(Layout{folder.path()}, late.worker_id());
  CHECK_FALSE(names.claim({1, 0}, 1));
  reopen(Layout{folder.path()}, "me", "more");
  work_through(folder.path(), limits(4));
  const auto view = Reader(folder.path()).refresh();
  REQUIRE(view.closed());
  CHECK(view.find(1)->state() == State::voided);
  CHECK(view.counts().done == 3);
  CHECK(view.counts().voided == 1);
  CHECK_FALSE(read_generation(Layout{folder.path()}).members->items.contains({1, 0}));
  check_sound(folder.path());
}

TEST_CASE("a closing decided in one generation closes no later one; limits of before are not trusted") {
  Folder folder;
  RandomPlanner planner;
  Study slow(folder.path(), definition(), limits(3));
  drain(slow, planner);
  const auto layout = Layout{folder.path()};
  Study idle(folder.path(), definition(), limits(3));
  idle.refresh();
  reopen(layout, "me", "more");
  CHECK(std::holds_alternative<Study::Nothing>(slow.claim(planner)));  // with max_trials = 3 it would close it at once
  CHECK(idle.close("all 3 trials are taken") == false);
  CHECK_FALSE(read_generation(layout).closed());
  slow.set_limits(limits(4));
  const auto claim = must_claim(slow, planner);
  CHECK(claim.work.item.trial == 3);
  // The claim that was open when the study was reopened again goes on.
  CHECK(slow.close("by hand") == false);
  CHECK(reopen(layout, "me", "still more").number == 3);
  CHECK(slow.commit(claim, judge(claim.work)));
  slow.refresh();
  slow.set_limits(limits(4));
  CHECK(std::holds_alternative<Study::Ended>(slow.claim(planner)));
  CHECK(slow.close("all 4 trials are taken"));
  CHECK(slow.closing()->reason == "all 4 trials are taken");
  CHECK(read_generation(layout).number == 3);
  check_sound(folder.path());
}

TEST_CASE("failures and time are counted from the reopening on") {
  Folder folder;
  RandomPlanner planner;
  auto strict = limits(20);
  strict.max_failed = 2;
  strict.max_seconds = 1000;
  Outcome failed{.state = State::failed, .failure = Failure::exit};
  {
    Study study(folder.path(), definition(), strict);
    drain(study, planner, [&](const Work&) { return failed; });
    CHECK(study.closing()->failed);
  }
  reopen(Layout{folder.path()}, "me", "more");
  Study study(folder.path(), definition(), strict);
  const auto claim = must_claim(study, planner);
  REQUIRE(study.commit(claim, failed));
  CHECK(std::holds_alternative<Claim>(study.claim(planner)));
}

TEST_CASE("workers are killed while the study is closed and reopened by two at once") {
  Folder folder;
  const Layout layout{folder.path()};
  for (int round = 1; round <= 4; ++round) {
    const auto more = limits(15 * round);
    std::vector<pid_t> workers;
    for (int i = 0; i < 3; ++i) workers.push_back(spawn([&] { return work_through(folder.path(), more); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(15 * round));
    ::kill(workers[0], SIGKILL);  // as a closer, perhaps, between closing and result
    for (const auto pid : workers) join(pid);
    REQUIRE(work_through(folder.path(), more) == 0);
    CHECK(Reader(folder.path()).refresh().counts().done == 15 * round);
    std::vector<pid_t> both;
    for (int i = 0; i < 2; ++i) {
      both.push_back(
          spawn([&] { return reopen(layout, "w" + std::to_string(i), "more").number == round + 1 ? 0 : 1; }));
    }
    for (const auto pid : both) CHECK(join(pid) == 0);
  }
  CHECK(read_generation(layout).number == 5);
  check_sound(folder.path());
}
