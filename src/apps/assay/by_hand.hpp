// What the verbs share that look at a study or steer it: the stage, its study, one trial of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/assay/verbs.hpp"
#include "apps/founding.hpp"
#include "study/study.hpp"

namespace assay::apps {

/// "--stage": baseline, proxy, search (default) or full.
cli::Option stage_option();
/// Error(config) for the stages that have no trials.
run::Stage stage_of(const cli::Values& values);
/// The stage, where only the search will do. Error(config) with `why` for another one.
run::Stage search_only(const cli::Values& values, const std::string& why);
/// Nothing, or --stage full: to go on with the same stage.
std::vector<std::string> stage_words(run::Stage stage);

/// What the study knows now. Error(upstream) if nothing is founded yet, with the command that does it.
study::StudyView look_at(const run::Run& run, run::Stage stage);
/// This process as a short-lived worker. Error(upstream) as above.
study::Study join_study(const run::Run& run, run::Stage stage, double patience = 0);

/// Opens the search as its workers would, and founds it if nobody has: after that join_study() works. Error(upstream)
/// with the remedy if an earlier stage is missing, or the search is stale.
SearchParts open_search(const run::Run& run);
/// Error(upstream) as open_search, without founding anything.
void need_search(const run::Run& run);
/// True if the search exists, or can be founded now: its proxy is chosen, or only a script measures.
bool can_open_search(const run::Run& run);
/// Numbers that trials of the search may take: search.max_trials, and one for each that was imported.
std::int64_t numbers_of(const run::Run& run, const study::StudyView& view);
/// Of these, those that nobody has claimed.
std::int64_t free_numbers(const run::Run& run, const study::StudyView& view);
/// Error(config) with the remedy if fewer than `wanted` numbers are free.
void need_numbers(const run::Run& run, std::int64_t free, std::int64_t wanted);
/// What is left to do with a closed study of a fixed list: its failed trials again, or all of it.
std::string after_closing(const run::Run& run, run::Stage stage, const study::StudyView& view);
/// Opens a search that is closed again, because of `why`: the line for people, which says how it continues and what ends
/// it. Nothing if it was open.
std::optional<std::string> reopen_search(const run::Run& run, const std::string& why);
/// What `assay set` with these changes means for a search that is closed: one that takes more trials now is opened
/// again. The line for people; nothing where the changes do not concern it.
std::optional<std::string> reopen_after(const run::Run& run, const std::vector<std::string>& changes);
/// True for keys of rules that end a search.
bool is_stop_rule(const std::string& key);
/// True if it ended because all numbers were given away, and for no other reason.
bool ended_by_number(const std::string& reason);

/// True if the run says how a trial is measured; else only a script can (`assay ask`).
bool can_measure(const run::Run& run);

/// If the trials of this run are asked for by hand and nothing is left to ask for or to tell: closes the search,
/// publishes its result and says so. True if the search has its result.
bool conclude_by_hand(const run::Run& run);
/// Error(config) with what to do if only a script measures trials, and not all of them are told yet.
void need_measuring(const run::Run& run);

/// Error(config) unless `word` is a number of a trial.
study::TrialId number_of(const std::string& word);
/// Error(config) if there is no such trial.
const study::Trial& trial_of(const study::StudyView& view, study::TrialId number);
/// "4 trials (3, 5, 7, 9)"; many numbers are shortened.
std::string count_text(const std::vector<study::TrialId>& numbers);

/// "`assay run RUN` or `assay submit RUN` goes on": what a stage that is asked to stop waits for.
std::string how_to_go_on(const run::Run& run);
/// Withdraws every request to stop (`assay stop`); a line for people for each.
std::vector<std::string> lift_stop(const run::Run& run);

/// Seconds for which the claims of a worker outlive its process (`assay ask`); 0 for the workers of a stage.
double patience_of(const study::StudyView& view, const std::string& worker);
/// "it is held for 3 h more": how long what somebody asked for waits for him; empty for the workers of a stage.
std::string held_text(const study::StudyView& view, const std::string& worker, double lease);

}  // namespace assay::apps
