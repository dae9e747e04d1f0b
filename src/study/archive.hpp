// Finished logs packed together: archive/<name>.gz holds the bytes of many logs, so that a study of thousands of
// workers does not keep thousands of files. A piece is published before its logs are unlinked; two pieces may hold the
// same log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace assay::study {

/// One log as a piece holds it.
struct PackedLog {
  std::string name;   ///< "<worker>.<k>", as below log/
  bool dead = false;  ///< its worker was proven dead: no `bye` will ever come
  std::string bytes;  ///< all of it
};

/// A gzip file: one line of JSON (format, names, sizes), then the logs one after the other. Published durably under
/// `name`; false if that name was taken.
bool publish_piece(const std::filesystem::path& name, const std::vector<PackedLog>& logs);

/// Error(io) naming the piece if it is damaged.
std::vector<PackedLog> read_piece(const std::filesystem::path& name);

}  // namespace assay::study
