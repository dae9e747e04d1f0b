// What all six stage executables share: options, help, signals, errors to exit codes and error.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "run/run.hpp"

namespace assay::cli {

struct StageOptions {
  std::filesystem::path folder;
  std::optional<std::filesystem::path> config;
  std::vector<std::string> set;
  std::optional<std::uint64_t> seed;
  std::string device = "auto";
  int threads = 0;
  int workers = 1;  ///< processes among which this one shares its cores and GPUs out
  double time_budget = 0;
  bool force = false, dry_run = false, json = false;
  bool signature = false;
};

/// Handed to a stage's recipe.
struct StageContext {
  StageOptions options;
  run::Run run;
  double started = 0;  ///< Unix seconds

  /// Publishes done.json and prints the one-line summary (or the figures as JSON with --json).
  base::Exit finish(run::Stage stage, const base::Json& figures, const std::string& line, bool partial = false,
                    int generation = 0);
};

/// Parses the common options, opens (or founds) the run, returns 0 at once if the stage is done and fresh, sets a stale
/// or forced one aside, runs the recipe, and turns any exception into exit code, one sentence and error.json.
///
/// Ranks of one MPI launch must take the same way: `agree` (asked only where a launcher started more than one rank)
/// gets this rank's decision and returns rank 0's; the other ranks look at nothing. Without it every process decides by
/// itself, like a worker of its own. `first` is called before anything is decided: it may publish the result of an
/// earlier stage whose closer died, and renew what is work again.
///
/// With a `signature` the stage has the option --signature: one CPU worker on one path of arithmetic, and, once the
/// stage is done or partly done, a call of it.
int run_stage(int argc, char** argv, run::Stage stage, const std::string& description,
              const std::function<base::Exit(StageContext&)>& recipe, const std::function<int(int)>& agree = {},
              const std::function<void(const StageContext&)>& first = {},
              const std::function<void(const StageContext&)>& signature = {});

/// This process's rank and the number of ranks by the launcher's environment, without starting MPI; 0 of 1 without one.
struct Launched {
  int rank = 0, size = 1;
};
Launched launched();

/// What error.json holds: kind, message, rank, host, trial, place and nearest key of a configuration error.
base::Json error_record(const std::exception& error);
base::Exit exit_of(const std::exception& error);

/// For programs that are no stage (assay): runs `body`, turns exceptions into one sentence on standard error and the
/// exit code.
int run_tool(const std::function<base::Exit()>& body);

}  // namespace assay::cli
