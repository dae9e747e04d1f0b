// Failed trials of a closed study measured again: the study is created again beside the old one, from what was measured
// there, and takes its place when it is whole, so that nobody ever sees a part of it.
#pragma once

#include <string>
#include <vector>

#include "run/run.hpp"
#include "trial/trial.hpp"
#include "trial/view.hpp"

namespace assay::pipeline {

/// Key of the number that a trial is tried again for.
inline constexpr const char* retry_tag = "retry_of";

/// What is tried again has its full batch again.
trial::Proposal tried_again(trial::Proposal what, trial::TrialId trial);

/// Renews the closed study of the stage: `again` are to be measured once more, the others keep their results and
/// numbers. Returns the old folder's new name ("baseline.1"). Error(io) if somebody started the stage just then.
std::string renew(const run::Run& run, run::Stage stage, const trial::StudyView& view,
                  const std::vector<trial::TrialId>& again);

/// Before a stage starts: failed trials that a changed program may save (run::fixable) are measured again.
void renew_fixable(const run::Run& run, run::Stage stage);

}  // namespace assay::pipeline
