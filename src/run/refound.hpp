// A run folder in which nothing was measured yet belongs to whoever names a configuration for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace assay::run {

/// True if something was measured in the run folder, changed by `assay set` or submitted.
bool used(const std::filesystem::path& folder);

/// If the configuration says something else than RUN/run.toml, and nothing was measured, changed by `assay set` or
/// submitted there: clears the folder, so that Run::open founds it anew. Error(config) if the configuration is faulty;
/// then the folder stays as it is.
void clear_unused(const std::filesystem::path& folder, const std::filesystem::path& config_file,
                  const std::vector<std::string>& overrides, std::optional<std::uint64_t> seed);

}  // namespace assay::run
