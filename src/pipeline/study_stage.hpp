// What the four study stages share: found or join the study, work in it, and, once it is closed, draw the conclusion.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/stage.hpp"
#include "comm/world.hpp"
#include "eval/evaluators.hpp"
#include "pipeline/definitions.hpp"
#include "pipeline/figures.hpp"
#include "run/results.hpp"
#include "space/space.hpp"
#include "trial/early_stop.hpp"
#include "trial/planner.hpp"
#include "trial/view.hpp"

namespace assay::pipeline {

struct StudyStage {
  run::Stage stage;
  std::shared_ptr<const space::Space> space;
  std::unique_ptr<trial::Planner> planner;
  std::unique_ptr<trial::EarlyStop> early_stop;                 ///< nullptr: trials are trained to their end
  std::function<void(const config::Config&)> reconfigure = {};  ///< called when the limits of the run are read anew
  std::vector<trial::Fidelity> fidelities;
  std::function<void()> found = {};  ///< founds the study with more than nothing, where it is not there yet
  eval::Rows rows = eval::Rows::search;
  bool keep_weights = false;
  int gpus_per_trial = 1;
  std::int64_t trials = 0;  ///< exact number of trials of a list; 0: [search] max_trials
};

using Recipe = std::function<base::Exit(cli::StageContext&, const comm::World&)>;

/// cli::run_stage for a stage whose trials may have several ranks: all ranks of a launch take rank 0's decision, and
/// one that fails ends the others, which may wait for it, after its failure is reported.
/// `first`: as in cli::run_stage.
int run_stage(int argc, char** argv, run::Stage stage, const std::string& description, const Recipe& recipe,
              const std::function<void(const run::Run&)>& first = {});

/// Runs one worker. `conclude` sees the closed study and publishes done.json; it must give the same result in whichever
/// worker it runs.
base::Exit run_study(cli::StageContext& context, const comm::World& world, StudyStage stage,
                     const std::function<base::Exit(const trial::StudyView&, bool partial)>& conclude);

/// " (with a changed train.py the next start does so by itself)": where a changed trainer is noticed.
std::string noticed(const run::Run& run);

}  // namespace assay::pipeline
