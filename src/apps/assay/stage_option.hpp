// The words and options that name a stage or a trial.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs.hpp"
#include "run/run.hpp"
#include "trial/trial.hpp"

namespace assay::apps {

/// "--stage": baseline, proxy, search (default) or full.
cli::Option stage_option();
/// Error(config) for the stages that have no trials.
run::Stage stage_of(const cli::Values& values);
/// The stage, where only the search will do. Error(config) with `why` for another one.
run::Stage search_only(const cli::Values& values, const std::string& why);
/// Nothing, or --stage full: to go on with the same stage.
std::vector<std::string> stage_words(run::Stage stage);

/// Error(config) unless `word` is a number of a trial.
trial::TrialId number_of(const std::string& word);

}  // namespace assay::apps
