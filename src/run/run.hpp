// A run folder: configuration, stages, who is done, who is stale. The only writer of done.json and error.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "config/config.hpp"
#include "study/study.hpp"

namespace assay::run {

enum class Stage { split, baseline, proxy, search, full, report };
inline constexpr Stage all_stages[] = {Stage::split,  Stage::baseline, Stage::proxy,
                                       Stage::search, Stage::full,     Stage::report};
std::string to_string(Stage stage);
/// "search" or "search-driver"; Error(config) naming the valid ones.
Stage stage_from(const std::string& text);
/// The executable of a stage: "split-data", "baseline-train", ...
std::string executable(Stage stage);

struct Status {
  enum class Kind { waiting, running, done, partial, failed, stale } kind = Kind::waiting;
  std::string reason;  ///< stale: which key or which upstream stage changed; failed: error.json's message
  base::Json done;     ///< done.json, if any
};

class Run {
 public:
  /// Opens RUN/run.toml, or founds the run from `config_file` (+ overrides, + seed). Error(config) if RUN was founded
  /// from another configuration (names the first differing identity key and the remedies: assay set, another folder),
  /// or if there is neither; Error(io) if it cannot be written.
  static Run open(const std::filesystem::path& folder, const std::optional<std::filesystem::path>& config_file = {},
                  const std::vector<std::string>& overrides = {}, std::optional<std::uint64_t> seed = {});

  /// As open, but founds nothing where there is no run yet: for plans and dry runs.
  static Run preview(const std::filesystem::path& folder, const std::optional<std::filesystem::path>& config_file = {},
                     const std::vector<std::string>& overrides = {}, std::optional<std::uint64_t> seed = {});

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path folder(Stage stage) const { return folder_ / to_string(stage); }
  /// Its presence asks the whole run to stop (`assay stop`): no stage starts or goes on.
  std::filesystem::path stop_file() const { return folder_ / "stop"; }
  const config::Config& config() const { return config_; }
  /// Reads run.toml again if it changed (limits may be set while a study runs).
  void reload();
  std::uint64_t seed() const;
  std::string name() const;

  std::vector<study::Objective> objectives() const;
  study::Limits limits(Stage stage) const;
  /// Seconds that one training may take; 0: no limit.
  double trial_timeout() const;

  /// True if a script asks for the trials and tells their results (`assay ask`, `tell`): there is only the search.
  bool by_hand() const;
  /// Why this run has no such stage; empty if it has.
  std::string lacks(Stage stage) const;
  /// The stages that this run has, in order.
  std::vector<Stage> stages() const;
  /// The earlier stages whose results this one builds on.
  std::vector<Stage> inputs(Stage stage) const;

  /// The flattened identity of a stage: its own identity keys plus the hashes of the results it builds on.
  base::Json identity(Stage stage) const;
  Status status(Stage stage) const;

  /// The figures of a finished earlier stage. Error(upstream): not done, or stale, with the command that remedies it.
  /// Waits a little for a late name (network file systems).
  base::Json need(Stage stage) const;
  /// The figures if the stage is done (or partial), whatever its freshness.
  std::optional<base::Json> figures(Stage stage) const;

  /// Writes done.json last: identity, inputs' hashes, version, host, times, figures. `partial` becomes exit code 3.
  /// The stage began with the first worker of its study; one without a study when this process `started` (Unix
  /// seconds). Returns the seconds since then.
  /// A reopened study has one result for each `generation`; the stage's is that of the highest.
  double finish(Stage stage, const base::Json& figures, double started, bool partial = false, int generation = 1) const;
  /// Writes error.json.
  void fail(Stage stage, const base::Json& error) const;
  /// --force: renames the stage's folder to <stage>.1, ...; of several processes that ask at once one does it and the
  /// others wait. Error(config) while workers of the old study are still at work.
  void set_aside(Stage stage) const;

  /// Called once a stage really starts: makes its folder, notes the identity that it starts with (begun.json, so that a
  /// stage which is not finished can be stale as well) and removes the error of an earlier start.
  void begin(Stage stage) const;

 private:
  std::filesystem::path folder_;
  config::Config config_;
  std::string text_;  ///< run.toml as read

  void check_same_run(const config::Config& given, const std::string& source) const;
  std::string stale_reason(const base::Json& noted, Stage stage) const;
};

/// `assay set`: checks, replaces run.toml atomically, appends to changes.log; returns the stages that become stale.
std::vector<Stage> set_keys(const std::filesystem::path& folder, const std::vector<std::string>& overrides);

/// The key class of every override ("search.max_trials=80"); Error(config) for text without "=".
bool only_limits(const std::vector<std::string>& overrides);

/// True for folders that other machines do not see: temporary ones and memory file systems.
bool node_local(const std::filesystem::path& folder);

}  // namespace assay::run
