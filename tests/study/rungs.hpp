// A study of two rungs, and its worker's loop: what the tests disturb by kills and faults.
#pragma once

#include <algorithm>
#include <thread>

#include "study/lab.hpp"

namespace lab {

/// Every third trial is continued at the second rung.
class SomeContinue : public RandomPlanner {
 public:
  trial::Decision next(const trial::StudyView& view) override {
    for (const auto* done : view.committed()) {
      const auto& item = done->item;
      if (item.rung == 0 && item.trial % 3 == 0 && view.find(item.trial)->rungs.size() == 1)
        return trial::Continue{{item.trial, 1}};
    }
    const auto& trials = view.trials();
    const auto missing = std::count(trials.begin(), trials.end(), nullptr);
    if (static_cast<trial::TrialId>(trials.size()) - missing < view.max_trials()) return trial::New{};
    return view.running().empty() ? trial::Decision(trial::Finished{"all done"})
                                  : trial::Decision(trial::Wait{"rungs are running"});
  }
};

inline study::Definition two_rungs() {
  auto result = definition();
  result.fidelities = {{1, 1, 1, 1}, {2, 1, 1, 1}};
  return result;
}

inline study::Limits patient(std::int64_t trials) {
  auto result = limits(trials);
  result.max_attempts = 1000;
  return result;
}

/// Three reports and a result an item, until the study is done.
inline int work_on_rungs(const std::filesystem::path& folder, const study::Limits& limits) {
  SomeContinue planner;
  Study study(folder, two_rungs(), limits);
  for (;;) {
    auto offer = study.claim(planner);
    if (auto* claim = std::get_if<study::Claim>(&offer)) {
      for (int step = 1; step <= 3; ++step) study.report(*claim, step, {{"score", 0.1 * step}});
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

}  // namespace lab
