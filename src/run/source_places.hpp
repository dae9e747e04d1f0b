// Messages about a configuration name places of the file that a person wrote, not of the run.toml made from it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace assay::run {

/// The line of origin at the top of run.toml.
std::string origin_line(const std::filesystem::path& source);
/// The file that the text of a run.toml names there; nothing if it has no such line.
std::optional<std::filesystem::path> origin_of(const std::string& text);
/// A path as a person in this folder would write it.
std::string shown_path(const std::filesystem::path& file);

/// Where a configuration's run is made: runs/<[run] name>, or runs/<name of the file> where it has no name. `changes`:
/// overrides. A run that an earlier version named after this very file stays where it is.
std::filesystem::path default_folder(const std::filesystem::path& file, const std::vector<std::string>& changes);

/// The configuration in RUN/run.toml: relative paths in overrides count from the file that the run was founded from.
config::Config parse_run(const std::string& text, const std::filesystem::path& file);

/// `message` with places of a run.toml ("RUN/run.toml:12:1") as those of the file that it was founded from, where that
/// still says the same; a second place of the same file is left out.
std::string in_source(std::string message);

}  // namespace assay::run
