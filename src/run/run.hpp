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
  /// Of a stage that is done: it has results that were derived by other values of a key that judges ("constraint[0].
  /// at_most was 5, is 3"). Its next start derives them again, from the measurements that are there.
  std::string judged;
  base::Json done;   ///< done.json, if any
  std::string mark;  ///< text of the file that was judged (done.json, else begun.json); empty: there is neither

  /// It has a result, whole or in part.
  bool has_result() const { return kind == Kind::done || kind == Kind::partial; }
  /// That result was derived by the values that judge now.
  bool is_current() const { return has_result() && judged.empty(); }
};

class Run {
 public:
  /// Opens RUN/run.toml, or founds the run from `config_file` (+ overrides, + seed). Error(config) if RUN was founded
  /// from another configuration (names all differing identity keys and the remedies: assay set, another folder), or if
  /// there is neither; Error(io) if it cannot be written. A trainer that only has moved is looked for where it is now.
  static Run open(const std::filesystem::path& folder, const std::optional<std::filesystem::path>& config_file = {},
                  const std::vector<std::string>& overrides = {}, std::optional<std::uint64_t> seed = {});

  /// Reads only, for plans and dry runs: a configuration is never refused because of what is in RUN. Where that is
  /// another run, or none that can be read, the configuration is looked at as a run of its own, and a line says so.
  static Run preview(const std::filesystem::path& folder, const std::optional<std::filesystem::path>& config_file = {},
                     const std::vector<std::string>& overrides = {}, std::optional<std::uint64_t> seed = {});

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path folder(Stage stage) const { return folder_ / to_string(stage); }
  /// Its presence asks the whole run to stop (`assay stop`): no stage starts or goes on.
  std::filesystem::path stop_file() const { return folder_ / "stop"; }
  /// Somebody asked the run, or this stage of it, to stop and nobody withdrew that.
  bool asked_to_stop(Stage stage) const;
  const config::Config& config() const { return config_; }
  /// The file that the run was created from.
  std::optional<std::filesystem::path> origin() const;
  /// Takes up limits and judging keys if run.toml changed; the others keep the values that this process started with.
  void reload();
  std::uint64_t seed() const;
  std::string name() const;

  std::vector<trial::Objective> objectives() const;
  /// How measurements are judged, by the configuration as it is now.
  trial::Judge judge() const;
  /// A look at a stage's study, judged so.
  study::Reader reader(Stage stage) const;
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
  /// Flattened keys that judge, as far as they count for the figures of this stage.
  base::Json judging(Stage stage) const;
  Status status(Stage stage) const;

  /// The figures of a finished earlier stage. Error(upstream): not done, or stale, with the command that remedies it.
  /// Waits a little for a late name (network file systems).
  base::Json need(Stage stage) const;
  /// The figures if the stage is done (or partial), whatever its freshness.
  std::optional<base::Json> figures(Stage stage) const;

  /// Writes done.json last, in the place of one whose figures were judged otherwise: identity, inputs' hashes, version,
  /// host, times, figures. `partial` becomes exit code 3. The stage began with the first worker of its study; one
  /// without a study when this process `started` (Unix seconds). Returns the seconds since then.
  /// A reopened study has one result for each `generation` (0: the highest), which is the stage's.
  double finish(Stage stage, const base::Json& figures, double started, bool partial = false, int generation = 0) const;
  /// Writes error.json.
  void fail(Stage stage, const base::Json& error) const;
  /// --force: renames the stage's folder to <stage>.1, ...; of several processes that ask at once one does it and the
  /// others wait. Error(config) while workers of the old study are still at work.
  void set_aside(Stage stage) const;
  /// The same, but only the folder that `seen` was about: a newer one that another process has begun stays.
  void set_aside(Stage stage, const Status& seen) const;

  /// Called once a stage really starts: makes its folder, notes the identity that it starts with (begun.json, so that a
  /// stage which is not finished can be stale as well) and removes the error of an earlier start.
  void begin(Stage stage) const;

 private:
  std::filesystem::path folder_;
  config::Config config_;
  std::string text_;  ///< run.toml as read

  static Run found(const std::filesystem::path& folder, const std::filesystem::path& source,
                   const config::Config& given);
  void check_same_run(const config::Config& given, const std::filesystem::path& source,
                      const std::vector<std::string>& changes) const;
  std::string stale_reason(const base::Json& written, Stage stage) const;
  base::Json results_again(const base::Json& before, const base::Json& figures) const;
};

/// change_keys (run/change.hpp); returns the stages that become stale.
std::vector<Stage> set_keys(const std::filesystem::path& folder, const std::vector<std::string>& overrides);

/// True for folders that other machines do not see: temporary ones and memory file systems.
bool node_local(const std::filesystem::path& folder);

}  // namespace assay::run
