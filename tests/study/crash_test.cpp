// Workers that are killed at random moments, until the study is done all the same.
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <map>

#include "base/random.hpp"
#include "lab.hpp"
#include "os/file.hpp"
#include "study/collector.hpp"
#include "study/fsck.hpp"
#include "study/names.hpp"

using namespace lab;
using namespace assay::study;

namespace {

/// Every third trial is continued at the second rung.
class SomeContinue : public RandomPlanner {
 public:
  Decision next(const StudyView& view) override {
    for (const auto* done : view.committed()) {
      const auto& item = done->item;
      if (item.rung == 0 && item.trial % 3 == 0 && view.find(item.trial)->rungs.size() == 1)
        return Continue{{item.trial, 1}};
    }
    const auto& trials = view.trials();
    const auto missing = std::count(trials.begin(), trials.end(), nullptr);
    if (static_cast<TrialId>(trials.size()) - missing < view.max_trials()) return New{};
    return view.running().empty() ? Decision(Finished{"all done"}) : Decision(Wait{"rungs are running"});
  }
};

Founding two_rungs() {
  auto result = founding();
  result.fidelities = {{1, 1, 1, 1}, {2, 1, 1, 1}};
  return result;
}

Limits patient(std::int64_t trials) {
  auto result = limits(trials);
  result.max_attempts = 1000;
  return result;
}

/// As for hundreds of workers and weeks: ended logs are packed at once, and a collector is elected and killed.
Limits crowded(std::int64_t trials) {
  auto result = patient(trials);
  result.pack_from = 3;
  result.pack_seconds = 0.05;
  result.collector_from = 2;
  return result;
}

int worker(const std::filesystem::path& folder, const Limits& limits) {
  SomeContinue planner;
  Study study(folder, two_rungs(), limits);
  for (;;) {
    auto offer = study.claim(planner);
    if (auto* claim = std::get_if<Claim>(&offer)) {
      study.report(*claim, 1, {{"score", 0}});
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      auto outcome = judge(claim->work);
      outcome.metrics["rung"] = claim->work.item.rung;
      study.commit(*claim, outcome);
    } else if (auto* ended = std::get_if<Study::Ended>(&offer)) {
      if (study.close(ended->reason)) break;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  study.leave("done");
  return 0;
}

/// Kills one or (every tenth time) all workers at random moments until one of them finishes the study.
int run_with_kills(const std::filesystem::path& folder, const Limits& limits, int most_kills, std::uint64_t seed) {
  base::Rng rng(seed, "test", 0, "kills");
  std::vector<pid_t> running(4, 0);
  int kills = 0;
  const auto start = [&](pid_t& slot) { slot = spawn([&] { return worker(folder, limits); }); };
  for (auto& slot : running) start(slot);
  for (bool finished = false; !finished;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + rng.below(40)));
    const bool all = rng.below(10) == 0;
    const auto victim = static_cast<std::size_t>(rng.below(4));
    for (std::size_t i = 0; i < running.size(); ++i) {
      if (kills < most_kills && (all || i == victim)) {
        ::kill(running[i], SIGKILL);
        ++kills;
      }
      int status = 0;
      if (::waitpid(running[i], &status, kills < most_kills && (all || i == victim) ? 0 : WNOHANG) == 0) continue;
      if (WIFEXITED(status)) {
        CHECK(WEXITSTATUS(status) == 0);
        finished = true;
        running[i] = 0;
      } else {
        start(running[i]);
      }
    }
  }
  for (const auto pid : running) {
    if (pid > 0) CHECK(join(pid) == 0);
  }
  return kills;
}

}  // namespace

namespace {

/// The undisturbed study of one worker, trial by trial, is what a disturbed one must come to.
void check_same(const std::filesystem::path& wild, std::int64_t trials) {
  Folder quiet;
  REQUIRE(worker(quiet.path(), patient(trials)) == 0);
  const auto expected = Reader(quiet.path()).refresh(), view = Reader(wild).refresh();
  REQUIRE(view.trials().size() == static_cast<std::size_t>(trials));
  CHECK(view.counts().done == trials);
  CHECK(view.committed().size() == static_cast<std::size_t>(trials + trials / 3));
  for (TrialId n = 0; n < trials; ++n) {
    REQUIRE(view.find(n) != nullptr);
    CHECK(view.find(n)->what.params == expected.find(n)->what.params);
    CHECK(view.find(n)->result()->metrics == expected.find(n)->result()->metrics);
  }
  // Every item has exactly one commit's name, and its owner's log holds the result.
  std::map<ItemId, int> commits;
  list_names(Layout{wild}, [&](const ItemId& item, int attempt) { commits[item] += attempt == 0 ? 1 : 0; });
  CHECK(commits.size() == static_cast<std::size_t>(trials + trials / 3));
  for (const auto& [item, count] : commits) CHECK(count == 1);
  const auto store = check_store(wild);
  for (const auto& finding : store.findings) {
    INFO(finding.text);
    CHECK_FALSE(finding.broken);
  }
  CHECK(store.commits == trials + trials / 3);
}

}  // namespace

TEST_CASE("random kills of workers lose nothing and count nothing twice") {
  constexpr std::int64_t trials = 150;
  Folder wild;
  const int kills = run_with_kills(wild.path(), patient(trials), 60, 7);
  INFO("kills: " << kills);
  CHECK(kills > 10);
  check_same(wild.path(), trials);
}

TEST_CASE("two hundred kills while logs are packed and collectors elected", "[slow]") {
  constexpr std::int64_t trials = 1500;
  Folder wild;
  const int kills = run_with_kills(wild.path(), crowded(trials), 220, 11);
  CHECK(kills >= 200);
  const Layout layout{wild.path()};
  CHECK(os::list_folder(layout.archive()).size() > 2);
  CHECK(newest_epoch(layout.collector()) > 1);
  check_same(wild.path(), trials);
}
