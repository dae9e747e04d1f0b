// What `assay set` did to a run folder. Changes are numbered by link(2): RUN/changes/<n> is published once and holds
// the run.toml that it makes, so of two that are made at once the later one is made on top of the other, and one whose
// process dies before run.toml is replaced still counts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace assay::run {

/// The resolved configuration as it is now.
struct Current {
  std::string text;
  std::int64_t number = 0;  ///< of the change that made it; 0: as the run was created
};

/// run.toml, or the newest change where run.toml is still an older one. Nothing if there is no run.
std::optional<Current> current(const std::filesystem::path& folder);

/// Makes `resolved` (Config::resolved) the configuration, `log` its lines in changes.log. False if somebody else
/// changed the run since `base`: then look again.
bool publish_change(const std::filesystem::path& folder, const Current& base, const std::string& resolved,
                    const std::string& log);

}  // namespace assay::run
