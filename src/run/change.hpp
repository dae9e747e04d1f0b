// `assay set`: keys of a run get other values.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "run/run.hpp"

namespace assay::run {

struct KeyChange {
  std::string key, was, is;                   ///< values in TOML, or "not set"
  std::optional<config::KeyClass> key_class;  ///< nothing: it had this value before
};

struct Changed {
  std::vector<KeyChange> keys;  ///< in the order given
  std::vector<Stage> stale;     ///< which had a result, or were begun, and are stale now
};

/// Checks the overrides ("key=value") and changes the run by all of them at once, on top of what others change at the
/// same time. Error(config): nothing is changed.
Changed change_keys(const std::filesystem::path& folder, const std::vector<std::string>& overrides);

}  // namespace assay::run
