// The worker loop of every study stage: look, claim, evaluate, commit, until there is nothing left or a stop is wanted.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "comm/world.hpp"
#include "study/study.hpp"
#include "trial/early_stop.hpp"
#include "trial/evaluator.hpp"
#include "trial/planner.hpp"

namespace assay::worker {

struct Options {
  double time_budget = 0;                  ///< seconds this process may run; 0: no limit
  std::function<study::Limits()> limits;   ///< asked between trials: limits may change while the study runs
  trial::EarlyStop* early_stop = nullptr;  ///< asked after reports; nullptr: trials run to their end
  std::filesystem::path stop_file = {};    ///< of the run: its presence asks to leave, as the study's own; empty: none
};

/// Runs in the group's leader; the other ranks call follow(). Returns done (the study is closed, all members
/// committed), partial (closed after too many failures), or again (signal, time budget, stop file).
base::Exit work(const comm::Group& group, study::Study& study, trial::Planner& planner, trial::Evaluator& evaluator,
                const Options& options);

/// The other ranks of a group: evaluate what the leader sends until it says goodbye. Their reports go nowhere and
/// always hear go_on: an evaluator with several ranks must agree on a stop itself (Group::max).
base::Exit follow(const comm::Group& group, trial::Evaluator& evaluator);

}  // namespace assay::worker
