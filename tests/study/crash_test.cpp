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
#include "study/rungs.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

/// As for hundreds of workers and weeks: ended logs are packed at once, and a collector is elected and killed.
Limits crowded(std::int64_t trials) {
  auto result = patient(trials);
  result.pack_from = 3;
  result.pack_seconds = 0.05;
  result.collector_from = 2;
  return result;
}

struct Kills {
  int single = 0;  ///< of one worker
  int all = 0;     ///< times that all were killed at once
};

/// Kills one or (about every eighth time) all workers at random moments, as often as wanted or until one of them
/// finishes the study.
Kills run_with_kills(const std::filesystem::path& folder, const Limits& limits, const Kills& wanted, std::uint64_t seed,
                     std::int64_t pause = 40) {
  base::Rng rng(seed, "test", 0, "kills");
  std::vector<pid_t> running(4, 0);
  Kills kills;
  const auto start = [&](pid_t& slot) { slot = spawn([&] { return work_on_rungs(folder, limits); }); };
  for (auto& slot : running) start(slot);
  for (bool finished = false; !finished;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(pause / 4 + rng.below(pause)));
    const bool all = rng.below(8) == 0 && kills.all < wanted.all;
    const bool one = !all && kills.single < wanted.single;
    const auto victim = static_cast<std::size_t>(rng.below(4));
    kills.all += all ? 1 : 0;
    kills.single += one ? 1 : 0;
    for (std::size_t i = 0; i < running.size(); ++i) {
      const bool kill = all || (one && i == victim);
      if (kill) ::kill(running[i], SIGKILL);
      int status = 0;
      if (::waitpid(running[i], &status, kill ? 0 : WNOHANG) == 0) continue;
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
  REQUIRE(work_on_rungs(quiet.path(), patient(trials)) == 0);
  const auto expected = Reader(quiet.path()).refresh(), view = Reader(wild).refresh();
  REQUIRE(view.trials().size() == static_cast<std::size_t>(trials));
  CHECK(view.counts().done == trials);
  CHECK(view.committed().size() == static_cast<std::size_t>(trials + trials / 3));
  for (TrialId n = 0; n < trials; ++n) {
    REQUIRE(view.find(n) != nullptr);
    CHECK(view.find(n)->first.params == expected.find(n)->first.params);
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
  constexpr std::int64_t trials = 240;
  Folder wild;
  const auto kills = run_with_kills(wild.path(), patient(trials), {.single = 60, .all = 5}, 7, 6);
  CHECK(kills.single > 0);  // how many depends on how fast the machine is
  check_same(wild.path(), trials);
}

TEST_CASE("two hundred kills, and twenty of all, while logs are packed and collectors elected", "[slow]") {
  constexpr std::int64_t trials = 2400;
  Folder wild;
  const auto kills = run_with_kills(wild.path(), crowded(trials), {.single = 200, .all = 20}, 11, 6);
  CHECK(kills.single == 200);
  CHECK(kills.all == 20);
  const Layout layout{wild.path()};
  CHECK(os::list_folder(layout.archive()).size() > 2);
  CHECK(newest_epoch(layout.collector()) > 1);
  check_same(wild.path(), trials);
}
