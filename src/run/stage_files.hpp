// Files of a stage that say where it stands: begun.json, done.json or that of its highest generation. Internal.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "run/run.hpp"

namespace assay::run {

/// How the digest of a search begins that has other finalists since it was judged again.
inline constexpr const char* judged_again = "judged again ";

/// Nothing if there is no such file. Error(io) if it holds no JSON object.
std::optional<base::Json> read_json(const std::filesystem::path& path);
/// The result of a stage's folder: of the highest generation of its study, nothing while that one has none.
std::optional<base::Json> read_done(const std::filesystem::path& stage);
/// Text of that result, else of begun.json, else empty: another one once the stage was begun again.
std::string mark_of(const std::filesystem::path& stage);

}  // namespace assay::run
