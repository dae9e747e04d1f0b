// A study looked at or steered by hand, beside its workers: what the verbs of `assay` are made from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/definitions.hpp"
#include "run/run.hpp"
#include "study/study.hpp"

namespace assay::pipeline {

/// What the study knows now. Error(upstream) if nothing is founded yet, with the command that does it.
trial::StudyView look_at(const run::Run& run, run::Stage stage);
/// This process as a short-lived worker. Error(upstream) as above.
study::Study join_study(const run::Run& run, run::Stage stage, double reservation = 0);

/// Opens the search as its workers would, and founds it if nobody has: after that join_study() works. Error(upstream)
/// with the remedy if an earlier stage is missing, or the search is stale.
SearchParts open_search(const run::Run& run);
/// Error(upstream) as open_search, without founding anything.
void need_search(const run::Run& run);
/// True if the search exists, or can be founded now: its proxy is chosen, or only a script measures.
bool can_open_search(const run::Run& run);
/// Numbers that trials of the search may take: search.max_trials, and one for each that was imported.
std::int64_t numbers_of(const run::Run& run, const trial::StudyView& view);
/// Of these, those that nobody has claimed.
std::int64_t free_numbers(const run::Run& run, const trial::StudyView& view);
/// Error(config) with the remedy if fewer than `wanted` numbers are free.
void need_numbers(const run::Run& run, std::int64_t free, std::int64_t wanted);
/// What is left to do with a closed study of a fixed list: its failed trials again, or all of it.
std::string after_closing(const run::Run& run, run::Stage stage, const trial::StudyView& view);

/// True if the run says how a trial is measured; else only a script can (`assay ask`).
bool can_measure(const run::Run& run);

/// Error(config) if there is no such trial.
const trial::Trial& trial_of(const trial::StudyView& view, trial::TrialId number);
/// "4 trials (3, 5, 7, 9)"; many numbers are shortened.
std::string count_text(const std::vector<trial::TrialId>& numbers);

/// Seconds for which the claims of a worker outlive its process (`assay ask`); 0 for the workers of a stage.
double reservation_of(const trial::StudyView& view, const std::string& worker);
/// "it is held for 3 h more": how long what somebody asked for waits for him; empty for the workers of a stage.
std::string held_text(const trial::StudyView& view, const std::string& worker, double lease);

}  // namespace assay::pipeline
