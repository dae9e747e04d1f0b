// Every durable file operation of the project: publish, link, append, list. Errors name the path and what the system
// said (exit 74); an ambiguous answer of a network file system is settled by reading back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/rights.hpp"

namespace assay::os {

using Path = std::filesystem::path;

/// Whole content; throws Error(io) naming the path. ESTALE is retried.
std::string read_file(const Path& path);
/// Nothing if the file does not exist (yet); other failures throw.
std::optional<std::string> try_read_file(const Path& path);
/// At most `size` bytes from `offset`; shorter at the end of the file, empty if the file does not exist.
std::string read_part(const Path& path, std::uint64_t offset, std::size_t size);
/// Size in bytes, or nothing if the file does not exist.
std::optional<std::uint64_t> file_size(const Path& path);

/// True of a path inside `folder`, by their names alone.
bool is_below(const Path& path, const Path& folder);

enum class Durable { no, yes };

/// Write a temporary file beside `path`, fsync, rename over it, fsync the folder (Durable::yes). Readers see the old or
/// the new content, never a part.
void publish(const Path& path, std::string_view content, Durable durable = Durable::yes,
             Rights rights = Rights::as_folder);

/// publish for a name that must not change once it is there, by link(2): false if somebody was first.
bool publish_once(const Path& path, std::string_view content, Rights rights = Rights::as_folder);

enum class Link { mine, taken };

/// link(2) of `token` to `name`: exactly one caller ever gets `mine`. After an ambiguous error the content of `name` is
/// compared with that of the token; a name that is taken and does not show is waited for.
Link link_name(const Path& token, const Path& name);

/// With all missing ones above it.
void make_folders(const Path& path, Rights rights = Rights::as_folder);
/// All names in a folder, sorted; empty if the folder does not exist.
std::vector<std::string> list_folder(const Path& path);
/// rename to the first free of path.1, path.2, ...; returns the new name. For --force: nothing is ever deleted.
Path rename_aside(const Path& path);
/// Gives a folder that is whole its name; false if something is there under that name.
bool rename_into_place(const Path& folder, const Path& name);
void sync_folder(const Path& path);
/// Makes what others wrote into a file durable; a name that is gone is no error.
void sync_file(const Path& path);
/// Removes a file or a whole folder; a name that is already gone is no error.
void remove_all(const Path& path);
/// Makes the files of a folder and the folder itself durable.
void sync_tree(const Path& path);

/// A file that only its creator appends to. Not thread-safe: one owner, or the owner's own lock.
class AppendFile {
 public:
  /// Creates `path`; an existing file is an error (names of logs are never reused).
  explicit AppendFile(const Path& path);
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&&) = delete;
  AppendFile(const AppendFile&) = delete;             // owns a descriptor
  AppendFile& operator=(const AppendFile&) = delete;  // owns a descriptor

  void append(std::string_view bytes);
  void sync();
  std::uint64_t size() const { return size_; }
  const Path& path() const { return path_; }

 private:
  Path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace assay::os
