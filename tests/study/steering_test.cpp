// What people do to a study by hand, with the same protocol as its workers: add, ask, tell, drop, and the second try of
// a trial that ran out of memory.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "lab.hpp"
#include "os/file.hpp"
#include "trial/standing.hpp"
#include "trial/view.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;
using Catch::Matchers::ContainsSubstring;

namespace {

Proposal at(double x) {
  Proposal what;
  what.params["x"] = x;
  what.note = "by hand";
  return what;
}

}  // namespace

TEST_CASE("a trial added by hand is measured by the next worker, and counts") {
  Folder folder;
  RandomPlanner planner;
  Study worker(folder.path(), definition(), limits(3));
  {
    auto hand = Study::join(folder.path(), limits(3));
    const auto claim = hand.enqueue(at(0.75));
    REQUIRE(claim);
    hand.requeue(*claim, "added");
    hand.leave("added");
  }
  CHECK(drain(worker, planner) == 3);
  const auto view = worker.refresh();
  CHECK(view.trials().size() == 3);
  CHECK(view.find(0)->first.params == at(0.75).params);
  CHECK(view.find(0)->result()->metrics.at("score") == 0.75);
  auto late = Study::join(folder.path(), limits(3));
  CHECK_FALSE(late.enqueue(at(0.5)));
}

TEST_CASE("numbers given by hand are kept, taken ones refused") {
  Folder folder;
  { const Study founded(folder.path(), definition(), limits(5)); }
  auto hand = Study::join(folder.path(), limits(5));
  const auto third = hand.enqueue(at(0.3), 3);
  REQUIRE(third);
  CHECK(third->work.item.trial == 3);
  CHECK(hand.commit(*third, score(1)));
  CHECK_FALSE(hand.enqueue(at(0.3), 3));
  CHECK(hand.enqueue(at(0.1))->work.item.trial == 0);
}

TEST_CASE("joining needs a study") {
  Folder folder;
  CHECK_THROWS_MATCHES(Study::join(folder.path(), limits(1)), base::Error,
                       Catch::Matchers::MessageMatches(ContainsSubstring("has not been started")));
}

TEST_CASE("what was asked for is held though its process is gone, until it is told") {
  Folder folder;
  { const Study founded(folder.path(), definition(), limits(2, 0.3)); }
  CHECK(join(spawn([&] {
          RandomPlanner planner;
          auto hand = Study::join(folder.path(), limits(2, 0.3), 600);
          must_claim(hand, planner);
          hand.detach();
          return 0;
        })) == 0);
  RandomPlanner planner;
  Study worker(folder.path(), definition(), limits(2, 0.3));
  auto other = must_claim(worker, planner);
  CHECK(other.work.item.trial == 1);
  worker.commit(other, judge(other.work));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  CHECK_FALSE(std::holds_alternative<Claim>(worker.claim(planner)));

  auto teller = Study::join(folder.path(), limits(2, 0.3));
  const auto claim = teller.take_over({0, 0});
  CHECK(teller.commit(claim, score(0.9)));
  CHECK_THROWS_MATCHES(teller.take_over({0, 0}), base::Error,
                       Catch::Matchers::MessageMatches(ContainsSubstring("has its result already")));
  CHECK_THROWS_MATCHES(teller.take_over({9, 0}), base::Error,
                       Catch::Matchers::MessageMatches(ContainsSubstring("no trial 9")));
  CHECK(eventually([&] { return worker.refresh().counts().done == 2; }));
  CHECK(worker.refresh().find(0)->result()->metrics.at("score") == 0.9);
}

namespace {

/// Two trials; the second goes on at rung 1 with the first one's checkpoint and another x.
class Exploit : public RandomPlanner {
 public:
  Decision next(const StudyView& view) override {
    if (view.committed().size() < 2) return view.trials().size() < 2 ? Decision(New{}) : Decision(Wait{"both"});
    if (view.find(1)->rungs.size() > 1) return Finished{"continued"};
    Proposal what;
    what.params["x"] = 0.9375;
    what.from = ItemId{0, 0};
    return Continue{{1, 1}, what};
  }
};

}  // namespace

TEST_CASE("a rung may go on from another trial's checkpoint with other parameters, also after a takeover") {
  Folder folder;
  auto two = definition();
  two.fidelities = {{1, 1, 1, 1}, {2, 1, 1, 1}};
  Exploit planner;
  {
    Study study(folder.path(), two, limits(2));
    for (int i = 0; i < 2; ++i) {
      const auto claim = must_claim(study, planner);
      os::make_folders(claim.work.folder);
      os::publish(claim.work.folder / "checkpoint.safetensors", "weights");
      study.commit(claim, judge(claim.work));
    }
    const auto claim = must_claim(study, planner);
    CHECK(claim.work.item == ItemId{1, 1});
    CHECK(claim.work.previous.parent_path().filename() == "0");
    study.leave("in mid trial");
  }
  Study other(folder.path(), two, limits(2));
  const auto claim = must_claim(other, planner);
  CHECK(claim.work.item == ItemId{1, 1});
  CHECK(claim.work.attempt == 2);
  CHECK(x_of(claim.work.what) == 0.9375);
  CHECK(claim.work.previous.parent_path().filename() == "0");
  other.commit(claim, judge(claim.work));
  const auto view = other.refresh();
  CHECK(view.find(1)->rungs[1].own->params.at("x") == space::Value(0.9375));
  CHECK(view.find(1)->result()->metrics.at("score") == 0.9375);
  CHECK(view.find(0)->rungs[0].own == nullptr);
}

namespace {

/// One trial that begins at the second of four fidelities, takes other parameters for its next rung, and goes on.
class Ladder : public RandomPlanner {
 public:
  Decision next(const StudyView& view) override {
    if (view.trials().empty()) return New{};
    const auto rungs = static_cast<int>(view.find(0)->rungs.size());
    if (rungs == 3) return Finished{"at the top"};
    if (rungs == 2) return Continue{{0, 2}};
    Proposal what;
    what.params["x"] = 0.9375;
    what.from = ItemId{0, 0};
    return Continue{{0, 1}, what};
  }
  std::optional<Proposal> propose(const StudyView& view, TrialId trial, base::Rng& rng) override {
    auto what = RandomPlanner::propose(view, trial, rng);
    what->at = Fidelity{3, 1, 1, 1};
    return what;
  }
};

}  // namespace

TEST_CASE("a rung goes on with what the rung below measured, at the fidelity after that one's") {
  Folder folder;
  auto four = definition();
  four.fidelities = {{1, 1, 1, 1}, {3, 1, 1, 1}, {9, 1, 1, 1}, {27, 1, 1, 1}};
  Ladder planner;
  Study study(folder.path(), four, limits(1));
  std::vector<int> epochs;
  std::vector<double> x;
  drain(study, planner, [&](const Work& work) {
    epochs.push_back(work.at.epochs);
    x.push_back(x_of(work.what));
    return judge(work);
  });
  CHECK(epochs == std::vector{3, 9, 27});
  CHECK(x[0] != 0.9375);
  CHECK(x[1] == 0.9375);
  CHECK(x[2] == 0.9375);
  const auto view = study.refresh();
  CHECK(view.find(0)->rungs[2].own->params.at("x") == space::Value(0.9375));
  const Standings standings(view);
  CHECK(standings.best()->shown->at.epochs == 27);
}

TEST_CASE("a worker whose trial is dropped learns of it, and its result does not count") {
  Folder folder;
  RandomPlanner planner;
  auto quick = limits(1);
  quick.heartbeat_seconds = 0.05;
  Study worker(folder.path(), definition(), quick);
  const auto mine = must_claim(worker, planner);
  auto hand = Study::join(folder.path(), quick);
  Outcome dropped;
  dropped.state = State::stopped;
  dropped.reason = "dropped by hand";
  CHECK(hand.commit(hand.take_over(mine.work.item), dropped));
  CHECK(eventually([&] { return worker.report(mine, 1, {}) == Verdict::stop; }));
  CHECK_FALSE(worker.commit(mine, score(1)));
  CHECK(eventually([&] { return worker.refresh().counts().stopped == 1; }));
  const auto view = worker.refresh();
  CHECK(view.find(0)->rungs.front().reason == "dropped by hand");
}

TEST_CASE("out of memory: once more with half the batch, then it is the model's fault") {
  Folder folder;
  RandomPlanner planner;
  Study study(folder.path(), definition(), limits(1));
  Outcome full;
  full.state = State::failed;
  full.failure = Failure::oom;
  auto claim = must_claim(study, planner);
  const auto params = claim.work.what.params;
  study.commit(claim, full);
  CHECK(study.refresh().counts().failed == 0);
  claim = must_claim(study, planner);
  CHECK(claim.work.item.trial == 0);
  CHECK(claim.work.what.params == params);
  CHECK(claim.work.what.tags.contains(halved_tag));
  study.commit(claim, full);
  CHECK(study.refresh().counts().failed == 1);
  CHECK(study.refresh().find(0)->rungs.front().failure == Failure::oom);
}
