// The verbs of `assay`, one file each.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/verbs.hpp"
#include "run/run.hpp"

namespace assay::apps {

cli::Verb new_verb();
cli::Verb check_verb();
cli::Verb space_verb();
cli::Verb plan_verb();
cli::Verb run_verb();
cli::Verb site_verb();
cli::Verb submit_verb();
cli::Verb scale_verb();
cli::Verb cancel_verb();
cli::Verb status_verb();
cli::Verb set_verb();
cli::Verb best_verb();
cli::Verb trials_verb();
cli::Verb simulate_verb();
cli::Verb trial_verb();
cli::Verb reproduce_verb();
cli::Verb add_verb();
cli::Verb drop_verb();
cli::Verb retry_verb();
cli::Verb ask_verb();
cli::Verb tell_verb();
cli::Verb stop_verb();
cli::Verb export_verb();
cli::Verb import_verb();
cli::Verb fsck_verb();
cli::Verb pack_verb();
/// Completes the command lines of `verbs` and its own.
cli::Verb completion_verb(std::vector<cli::Verb> verbs);

/// `RUN|TOML`: a run folder, or a configuration. A configuration's run folder is --run, else runs/<[run] name>,
/// else runs/<name of the file>.
struct Target {
  std::filesystem::path folder;
  std::optional<std::filesystem::path> config;
};
Target target_of(const cli::Values& values);

/// The words and options that go with target_of and open_target.
std::vector<cli::Option> target_options(std::vector<cli::Option> more = {});

/// Opens or founds the run; one in which nothing was measured yet takes a changed configuration. `check` throws before
/// anything is founded.
run::Run open_target(const cli::Values& values, void (*check)(const run::Run&) = nullptr);
/// The same, but founds nothing.
run::Run preview_target(const cli::Values& values);

/// Opens the existing run named by the word RUN. Error(config) if there is none.
run::Run open_run(const cli::Values& values);

}  // namespace assay::apps
