// Messages about a configuration name places of the file that a person wrote, not of the run.toml made from it.
#pragma once

#include <filesystem>
#include <string>

namespace assay::run {

/// The line of origin at the top of run.toml.
std::string origin_line(const std::filesystem::path& source);

/// `message` with places of a run.toml ("RUN/run.toml:12:1") as those of the file that it was founded from, where that
/// still says the same; a second place of the same file is left out.
std::string in_source(std::string message);

}  // namespace assay::run
