// What the study's tests share: a folder of their own, small planners, workers in processes of their own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "os/host.hpp"
#include "study/study.hpp"

namespace lab {

using namespace assay;
using study::Study;
using trial::Outcome;

/// A fresh folder below TMPDIR, removed at the end.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("assay-test-" + os::random_name())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;             // owns a folder
  Folder& operator=(const Folder&) = delete;  // owns a folder
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline study::Definition definition(std::uint64_t seed = 1) {
  study::Definition result;
  result.stage = "search";
  result.seed = seed;
  result.identity = base::Json::parse(R"({"space": {"x": [0, 1]}, "planner": "random"})");
  result.objectives = {{"score", true, {}}};
  result.fidelities = {{1, 1, 1, 1}};
  return result;
}

inline study::Limits limits(std::int64_t max_trials, double lease = 240) {
  study::Limits result;
  result.max_trials = max_trials;
  result.max_failed = max_trials;
  result.lease_seconds = lease;
  result.heartbeat_seconds = 0.2;
  return result;
}

/// Uniform x from the trial's own stream.
class RandomPlanner : public trial::Planner {
 public:
  trial::Decision next(const trial::StudyView&) override { return trial::New{}; }
  std::optional<trial::Proposal> propose(const trial::StudyView&, trial::TrialId, base::Rng& rng) override {
    trial::Proposal proposal;
    proposal.params["x"] = rng.uniform();
    proposal.note = "random";
    return proposal;
  }
  base::Json describe() const override { return "random"; }
};

inline double x_of(const trial::Proposal& what) { return std::get<double>(what.params.at("x")); }

inline Outcome score(double value) {
  Outcome outcome;
  outcome.metrics["score"] = value;
  return outcome;
}

inline Outcome judge(const trial::Work& work) { return score(x_of(work.what)); }

/// Throws if there is nothing to claim.
inline study::Claim must_claim(Study& study, trial::Planner& planner) {
  return std::get<study::Claim>(study.claim(planner));
}

/// The worker loop without signals and budgets. Returns how many trials it committed.
inline int drain(Study& study, trial::Planner& planner,
                 const std::function<Outcome(const trial::Work&)>& evaluate = judge) {
  int committed = 0;
  for (;;) {
    auto offer = study.claim(planner);
    if (auto* claim = std::get_if<study::Claim>(&offer)) {
      committed += study.commit(*claim, evaluate(claim->work)) ? 1 : 0;
    } else if (auto* ended = std::get_if<Study::Ended>(&offer)) {
      if (study.close(ended->reason)) return committed;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

/// Runs `body` in a child process, which ends with what body returns (70 after an exception).
inline pid_t spawn(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  int code = 70;
  try {
    code = body();
  } catch (const base::Error& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
    code = static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  std::fflush(nullptr);
  ::_exit(code);
}

/// Exit status, or -signal.
inline int join(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Waits until `condition` holds, at most `seconds`.
inline bool eventually(const std::function<bool()>& condition, double seconds = 10) {
  for (int i = 0; i < static_cast<int>(seconds * 100); ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

inline std::vector<std::string> lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> result;
  for (std::string line; std::getline(in, line);) result.push_back(line);
  return result;
}

}  // namespace lab
