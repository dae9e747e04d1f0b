// A data file's content: read once, hashed, compared with the known checksum, unpacked if it is gzip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/config.hpp"

namespace assay::data {

struct Content {
  std::filesystem::path file;
  std::vector<std::uint8_t> bytes;  ///< unpacked
  std::string sha256;               ///< of the file as it lies on disk

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

/// Error(data): not there, unreadable, empty, gzip cut off or damaged, or another checksum than [data] sha256 or the
/// nearest checksums.txt (beside the file or one folder up) says.
Content read_content(const std::filesystem::path& file, const config::Config& config);

/// Unpacks gzip (all members); `file` is for messages.
std::vector<std::uint8_t> unpack(std::string_view packed, const std::filesystem::path& file);

/// Names are written into JSON files, which hold nothing but UTF-8.
bool is_utf8(std::string_view text);

template <class... Args>
[[noreturn]] void fail_at(const std::filesystem::path& file, fmt::format_string<Args...> text, Args&&... args) {
  throw base::Error(base::Exit::data, {.file = file.string()}, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace assay::data
