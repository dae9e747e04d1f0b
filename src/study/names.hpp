// The names of a study: tokens, claims, commits, the closing. Names are only ever added; who owns one is told by its
// content, the worker's id.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "study/generation.hpp"
#include "trial/trial.hpp"

namespace assay::study {

using Path = std::filesystem::path;

/// Where things stand below RUN/<stage>/.
struct Layout {
  Path stage;
  Path study() const { return stage / "study"; }
  Path definition() const { return study() / "study.json"; }
  Path log() const { return study() / "log"; }
  Path workers() const { return study() / "workers"; }
  Path archive() const { return study() / "archive"; }
  Path collector() const { return study() / "collector"; }
  /// Members of a closing: `closed`, `closed.2` ... (generation.hpp).
  Path closed(int generation = 1) const { return numbered(study() / "closed", generation); }
  /// From generation 2 on: the study was opened again.
  Path reopened(int generation) const { return numbered(study() / "reopened", generation); }
  /// The result of the stage: done.json, done.2.json ...
  Path done(int generation = 1) const {
    return stage / (generation == 1 ? "done.json" : "done." + std::to_string(generation) + ".json");
  }
  /// Its presence asks all workers to leave; whoever wants them back removes it.
  Path stop() const { return study() / "stop"; }
  Path block(trial::TrialId trial) const { return study() / "claims" / std::to_string(trial / 1000); }
  Path claim(const trial::ItemId& item, int attempt) const;
  Path commit(const trial::ItemId& item) const;
  Path attempt(const trial::ItemId& item, int attempt) const;  ///< trials/<n>/<r>.<a>
  /// The other way round: the stage that an attempt's folder belongs to.
  static Layout around(const Path& attempt) { return {attempt.parent_path().parent_path().parent_path()}; }

 private:
  static Path numbered(Path name, int generation) {
    if (generation > 1) name += "." + std::to_string(generation);
    return name;
  }
};

/// Owner of a name, or nothing if it does not exist.
std::optional<std::string> owner(const Path& name);

/// Lists all claims and commits that exist now: visit(item, attempt), attempt 0 for a commit.
void list_names(const Layout& layout, const std::function<void(const trial::ItemId&, int attempt)>& visit);

/// Links names to this worker's token.
class Claimant {
 public:
  Claimant(Layout layout, std::string worker);
  /// Claims an attempt; nothing on success, else the owner (may be this worker's id never).
  std::optional<std::string> claim(const trial::ItemId& item, int attempt);
  /// True if the name, of whatever kind, is this worker's.
  bool claim_name(const Path& name);
  /// Commits the result of `winner` (mostly this worker itself); returns whose result counts.
  std::string commit(const trial::ItemId& item, const std::string& winner);

 private:
  const Path& token();
  std::optional<std::string> link(const Path& token, const Path& name, const std::string& owner_of_token);

  Layout layout_;
  std::string worker_;
  Path token_;
  std::int64_t links_ = 0, tokens_ = 0;
  std::set<std::int64_t> blocks_;  ///< folders that are there
};

}  // namespace assay::study
