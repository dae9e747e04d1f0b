// Studies on a file system that lies, fails, lags, or is full (faults.c, preloaded). Each ends as the undisturbed study
// does, or in one clear error with exit 74, after which a worker without the fault completes it.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <optional>
#include <set>

#include "os/file.hpp"
#include "study/fsck.hpp"
#include "study/names.hpp"
#include "study/rungs.hpp"

using namespace lab;
using namespace assay::study;
using namespace assay::trial;

namespace {

using Environment = std::map<std::string, std::string>;

constexpr std::int64_t trials = 120;
const std::vector<std::string> as_usual = {"lease=4", "heartbeat=0.5", "pack"};

struct Ended {
  std::map<int, int> codes;  ///< exit code -> how many workers
  std::size_t fired = 0;     ///< faults that were injected
};

class Disturbed {
 public:
  explicit Disturbed(std::vector<std::string> options = as_usual) : options_(std::move(options)) {}

  std::filesystem::path run() const { return folder_.path() / "run"; }

  /// One worker for each environment, at once. Every one of them ends with 0, or with 74 and one clear sentence.
  Ended work(std::vector<Environment> environments) {
    std::vector<pid_t> workers;
    for (std::size_t i = 0; i < environments.size(); ++i) {
      environments[i]["FAULTS_RECORD"] = (folder_.path() / "fired").string();
      workers.push_back(start(environments[i], said(i)));
    }
    Ended result;
    for (std::size_t i = 0; i < workers.size(); ++i) {
      const int code = join(workers[i]);
      const auto last = lines(said(i));
      INFO("worker " << i << ": " << (last.empty() ? "" : last.back()));
      CHECK((code == 0 || code == 74));
      if (code == 74) CHECK(last.back().starts_with("study_worker: cannot "));
      ++result.codes[code];
    }
    result.fired = lines(folder_.path() / "fired").size();
    return result;
  }

  /// What remains is done by a worker without faults, and then all is as if nothing had been.
  void check() {
    auto rest = work({Environment{}});
    CHECK(rest.codes[0] == 1);
    static const auto expected = undisturbed();
    const auto view = Reader(run()).refresh();
    CHECK(view.trials().size() == static_cast<std::size_t>(trials));
    CHECK(view.counts().done == trials);
    CHECK(view.committed().size() == static_cast<std::size_t>(trials + trials / 3));
    for (TrialId n = 0; n < trials; ++n) {
      REQUIRE(view.find(n) != nullptr);
      CHECK(view.find(n)->first.params == expected.find(n)->first.params);
      REQUIRE(view.find(n)->rungs.size() == expected.find(n)->rungs.size());
      for (std::size_t rung = 0; rung < view.find(n)->rungs.size(); ++rung) {
        const auto& item = view.find(n)->rungs[rung];
        CHECK(item.metrics == expected.find(n)->rungs[rung].metrics);
        INFO("trial " << n << " rung " << rung << " attempt " << item.attempt);
        CHECK(item.reports.size() == 3);
      }
    }
    const auto store = check_store(run());
    for (const auto& finding : store.findings) {
      INFO(finding.text);
      CHECK_FALSE(finding.broken);
    }
    CHECK(store.commits == trials + trials / 3);
  }

 private:
  std::string said(std::size_t i) const { return (folder_.path() / ("said." + std::to_string(i))).string(); }

  static StudyView undisturbed() {
    Folder quiet;
    REQUIRE(work_on_rungs(quiet.path(), patient(trials)) == 0);
    return Reader(quiet.path()).refresh();
  }

  pid_t start(const Environment& environment, const std::string& output) const {
    std::vector<std::string> words = {STUDY_WORKER, run().string(), std::to_string(trials)};
    words.insert(words.end(), options_.begin(), options_.end());
    return spawn([&]() -> int {
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      if (environment.size() > 1) ::setenv("LD_PRELOAD", FAULTS_LIBRARY, 1);
      if (std::freopen(output.c_str(), "w", stderr) == nullptr) return 71;
      std::vector<char*> arguments;
      for (auto& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execv(arguments[0], arguments.data());
      return 72;
    });
  }

  Folder folder_;
  std::vector<std::string> options_;
};

/// The fault in the first of three workers (or as many as `faulty`); then in both of two, and again in each restart
/// until the study is done.
void check_fault(const std::string& rule, std::optional<int> expected = {},
                 const std::vector<std::string>& options = as_usual, std::size_t faulty = 1) {
  INFO("fault: " << rule);
  {
    Disturbed one(options);
    std::vector<Environment> workers(3);
    for (std::size_t i = 0; i < faulty; ++i) workers[i] = {{"FAULTS", rule}};
    auto ended = one.work(workers);
    CHECK(ended.fired > 0);
    if (expected) CHECK(ended.codes[*expected] >= 1);
    if (expected == 0) CHECK(ended.codes[0] == 3);
    one.check();
  }
  Disturbed all(options);
  int rounds = 0;
  std::size_t fired = 0;
  for (bool done = false; !done && rounds < 12; ++rounds) {
    std::vector<Environment> environments;
    for (int i = 0; i < 2; ++i) {
      environments.push_back({{"FAULTS", rule}, {"FAULTS_SEED", std::to_string(10 * rounds + i)}});
    }
    auto ended = all.work(environments);
    done = ended.codes[0] > 0;
    fired = ended.fired;
  }
  CHECK(fired > 0);
  all.check();
}

}  // namespace

TEST_CASE("writes that take only a part") { check_fault("write short / 5 0 30", 0); }

TEST_CASE("calls that are interrupted") {
  check_fault(
      "open EINTR /study/ 3 0 5; write EINTR / 3 0 20; pread EINTR / 3 0 20; read EINTR / 3 0 20; "
      "fsync EINTR / 0 0 20; fdatasync EINTR / 0 0 20; close EINTR / 0 0 20; link EINTR / 0 0 20; "
      "rename EINTR / 0 0 20; stat EINTR / 0 0 20; opendir EINTR /study/ 0 0 20",
      0);
}

TEST_CASE("links and renames that succeed and report a failure") {
  check_fault("link did-EIO / 2 0 25; rename did-EIO / 0 0 50", 0);
  check_fault("link did-EEXIST / 2 0 25; rename did-EEXIST / 0 0 50", 0);
  check_fault("link did-ESTALE / 2 0 25", 0);
}

TEST_CASE("names that are taken and do not show") { check_fault("link EEXIST /claims/ 5 4", 0); }

TEST_CASE("links that fail") {
  // For good: a single failure while another worker takes the name is only a race lost.
  check_fault("link EIO /claims/ 20 0", 74);
}

TEST_CASE("a full disk") {
  check_fault("write ENOSPC /log/ 40 0", 74);
  check_fault("write torn /log/ 40 1", 74);
  check_fault("write torn / 25 1 50");
}

TEST_CASE("bytes that do not reach the disk") {
  check_fault("fdatasync EIO /log/ 30 1", 74);
  check_fault("fsync EIO / 1 1", 74);
  // In all workers: which of them found and pack the study, and so write whole files, is not known.
  check_fault("close EIO .tmp. 1 1", 74, as_usual, 3);
}

TEST_CASE("a sync that fails beside the worker's own ends it as well") {
  // The heartbeat meets the error; what it lost is not known.
  check_fault("fdatasync EIO /log/ 2 1; write EIO /log/ 80 1 50", 74);
}

TEST_CASE("stale handles") {
  check_fault(
      "open ESTALE /study/ 10 0 4; read ESTALE / 5 0 4; pread ESTALE / 5 0 10; opendir ESTALE /study/ 3 0 10; "
      "stat ESTALE /study/ 3 0 10");
}

TEST_CASE("a stream that cannot be written is left for the logs") {
  // In all workers: any of them may be elected to collect.
  check_fault("write EIO .stream 0 1; write EIO .stream 1 0 60; fdatasync EIO .stream 0 0 60", 0,
              {"lease=4", "heartbeat=0.5", "pack", "collect=1"}, 3);
}

TEST_CASE("clocks that are ten minutes apart") {
  Disturbed study;
  auto ended = study.work({{{"FAULTS_CLOCK", "600"}, {"FAULTS_HOST", "early"}},
                           {{"FAULTS_CLOCK", "-600"}, {"FAULTS_HOST", "late"}},
                           {{"FAULTS_HOST", "right"}}});
  CHECK(ended.codes[0] == 3);
  study.check();
}

namespace {

void check_lag(const std::string& seconds, const std::string& lease, const std::string& more = "pack") {
  Disturbed study({"lease=" + lease, "heartbeat=0.5", "pack", more});
  std::vector<Environment> hosts;
  for (const std::string host : {"n1", "n2", "n3"}) {
    hosts.push_back({{"FAULTS_HOST", host}, {"FAULTS_LAG_NAMES", seconds}, {"FAULTS_LAG_BYTES", seconds}});
  }
  CHECK(study.work(hosts).codes[0] == 3);
  study.check();
}

}  // namespace

TEST_CASE("listings and appended bytes that show a second late") { check_lag("1", "8"); }

TEST_CASE("a collector's stream that shows a second late") { check_lag("1", "8", "collect=1"); }

TEST_CASE("a study that is closed on an old listing keeps what is known to be claimed") {
  Disturbed study({"lease=8", "heartbeat=0.5", "plain"});
  std::vector<Environment> hosts;
  for (const std::string host : {"n1", "n2", "n3"}) {
    hosts.push_back({{"FAULTS_HOST", host}, {"FAULTS_LAG_NAMES", "10"}});
  }
  CHECK(study.work(hosts).codes[0] == 3);
  CHECK(Reader(study.run()).refresh().counts().done == trials);
  CHECK_FALSE(check_store(study.run()).broken());
}

TEST_CASE("listings and appended bytes that show 30 seconds late", "[slow]") { check_lag("30", "90"); }

TEST_CASE("leases shorter than the lag cost work and no result", "[slow]") { check_lag("6", "3"); }
