// Messages about a configuration name places of the file that a person wrote, not of the run.toml made from it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/config.hpp"

namespace assay::run {

/// The line of origin at the top of run.toml.
std::string origin_line(const std::filesystem::path& source);

/// The file that this text of a run.toml was founded from.
std::optional<std::filesystem::path> origin_of(const std::string& text);

/// The configuration in RUN/run.toml: relative paths in overrides count from the file that the run was founded from.
config::Config parse_run(const std::string& text, const std::filesystem::path& file);

/// `message` with places of a run.toml ("RUN/run.toml:12:1") as those of the file that it was founded from, where that
/// still says the same; a second place of the same file is left out.
std::string in_source(std::string message);

}  // namespace assay::run
