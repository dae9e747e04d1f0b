#include "os/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "os/host.hpp"

namespace assay::os {
namespace {

using base::Exit;
using base::fail;

[[noreturn]] void fail_errno(std::string_view action, const Path& path, int error) {
  std::string_view hint;
  if (error == ENOSPC || error == EDQUOT)
    hint = " Free space (or raise the quota) and start again; nothing finished is lost.";
  if (error == EROFS || error == EACCES || error == EPERM) hint = " Choose a run folder that you can write to.";
  fail(Exit::io, "cannot {} {}: {}.{}", action, path.string(), std::strerror(error), hint);
}

/// Of a failed look at what is there.
[[noreturn]] void fail_reading(std::string_view action, const Path& path, int error) {
  if (error != EACCES && error != EPERM) fail_errno(action, path, error);
  struct stat facts {};
  const bool seen = ::stat(path.c_str(), &facts) == 0;
  fail(Exit::io, "cannot read {}: {}. {} must allow it: chmod {} {}", path.string(), std::strerror(error),
       seen ? fmt::format("Its owner (uid {})", facts.st_uid) : "The owner of the folders above it",
       seen ? (S_ISDIR(facts.st_mode) ? "g+rx" : "g+r") : "g+x", seen ? path.string() : path.parent_path().string());
}

/// How often a handle that the server no longer knows is looked up anew.
constexpr int stale_retries = 3;
/// How long a client may hold a taken name for absent (NFS: acdirmax, a minute unless mounted otherwise).
constexpr std::chrono::seconds unseen_seconds{90};

/// Calls until no signal interrupts.
template <class Call>
int uninterrupted(Call call) {
  int result = 0;
  do {
    result = call();
  } while (result != 0 && errno == EINTR);
  return result;
}

bool is_folder(const Path& path) {
  struct stat facts {};
  return uninterrupted([&] { return ::stat(path.c_str(), &facts); }) == 0 && S_ISDIR(facts.st_mode);
}

/// Owns a descriptor; close() reports errors, because NFS delivers failed writes there.
class Descriptor {
 public:
  Descriptor(const Path& path, int flags, Rights rights = Rights::as_folder) : path_(path) {
    const auto open_it = [&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); };
    const bool shared = (flags & O_CREAT) != 0 && rights == Rights::as_folder;
    do {
      value_ = shared ? create_as_folder(path, 0666, open_it) : open_it();
    } while (value_ < 0 && errno == EINTR);
  }
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool open() const { return value_ >= 0; }
  int value() const { return value_; }
  void close() {
    const int result = ::close(std::exchange(value_, -1));
    if (result != 0 && errno != EINTR) fail_errno("close", path_, errno);
  }

 private:
  Path path_;
  int value_ = -1;
};

void write_all(int descriptor, std::string_view bytes, const Path& path) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail_errno("write", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Host and process tell people whose it was; containers on two machines may have both alike, so chance decides.
Path temporary_name(const Path& path) {
  return path.string() + ".tmp." + host_name() + "." + std::to_string(::getpid()) + "." + random_name();
}

void write_temporary(const Path& temporary, std::string_view content, Durable durable, Rights rights) {
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL, rights);
  if (!file.open()) fail_errno("create", temporary, errno);
  try {
    write_all(file.value(), content, temporary);
    if (durable == Durable::yes && uninterrupted([&] { return ::fsync(file.value()); }) != 0)
      fail_errno("fsync", temporary, errno);
    file.close();
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace

std::optional<std::string> try_read_file(const Path& path) {
  for (int attempt = 0;; ++attempt) {
    Descriptor file(path, O_RDONLY);
    if (!file.open()) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      if (errno == ESTALE && attempt < stale_retries) continue;
      fail_reading("open", path, errno);
    }
    std::string content;
    char buffer[65536];
    for (;;) {
      const auto count = ::read(file.value(), buffer, sizeof buffer);
      if (count == 0) return content;
      if (count > 0) {
        content.append(buffer, static_cast<std::size_t>(count));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno == ESTALE && attempt < stale_retries) break;
      fail_errno("read", path, errno);
    }
  }
}

bool is_below(const Path& path, const Path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

std::string read_file(const Path& path) {
  auto content = try_read_file(path);
  if (!content) fail(Exit::io, "cannot open {}: no such file", path.string());
  return std::move(*content);
}

std::string read_part(const Path& path, std::uint64_t offset, std::size_t size) {
  Descriptor file(path, O_RDONLY);
  if (!file.open()) {
    if (errno == ENOENT || errno == ESTALE) return {};
    fail_reading("open", path, errno);
  }
  std::string content(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const auto count =
        ::pread(file.value(), content.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (count == 0 || (count < 0 && errno == ESTALE)) break;
    if (count < 0 && errno != EINTR) fail_errno("read", path, errno);
    if (count > 0) filled += static_cast<std::size_t>(count);
  }
  content.resize(filled);
  return content;
}

std::optional<std::uint64_t> file_size(const Path& path) {
  for (int attempt = 0;; ++attempt) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0) return static_cast<std::uint64_t>(facts.st_size);
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    if (errno != EINTR && (errno != ESTALE || attempt == stale_retries)) fail_reading("stat", path, errno);
  }
}

void publish(const Path& path, std::string_view content, Durable durable, Rights rights) {
  const auto temporary = temporary_name(path);
  write_temporary(temporary, content, durable, rights);
  if (uninterrupted([&] { return ::rename(temporary.c_str(), path.c_str()); }) != 0) {
    const int error = errno;
    // NFS may report failure for a rename that the server carried out.
    if (try_read_file(path) != content) {
      ::unlink(temporary.c_str());
      fail_errno("rename to", path, error);
    }
  }
  if (durable == Durable::yes) sync_folder(path.parent_path());
}

bool publish_once(const Path& path, std::string_view content, Rights rights) {
  const auto temporary = temporary_name(path);
  write_temporary(temporary, content, Durable::yes, rights);
  Link result;
  try {
    result = link_name(temporary, path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  ::unlink(temporary.c_str());
  sync_folder(path.parent_path());
  return result == Link::mine;
}

Link link_name(const Path& token, const Path& name) {
  using namespace std::chrono_literals;
  const auto give_up = std::chrono::steady_clock::now() + unseen_seconds;
  for (int attempt = 0;; ++attempt) {
    if (::link(token.c_str(), name.c_str()) == 0) return Link::mine;
    const int error = errno;
    const auto there = try_read_file(name);
    // EEXIST may be the answer to a retransmitted request of ours: the content decides, never the error code.
    if (there && there == try_read_file(token)) return Link::mine;
    if (there) return Link::taken;
    // Taken, and yet not to be seen: this client remembers from an earlier look that the name does not exist.
    const bool unseen = error == EEXIST && std::chrono::steady_clock::now() < give_up;
    const bool once_more = error == EINTR || (error == ESTALE && attempt < stale_retries);
    if (!unseen && !once_more) fail_errno("link", name, error);
    if (unseen) std::this_thread::sleep_for(100ms);
  }
}

void make_folders(const Path& path, Rights rights) {
  if (path.empty() || is_folder(path)) return;
  const auto make = [&] { return ::mkdir(path.c_str(), 0777); };
  for (int attempt = 0;; ++attempt) {
    const int result = rights == Rights::as_folder ? create_as_folder(path, 0777, make) : make();
    const int error = errno;
    if (result == 0 || is_folder(path)) return;
    // A folder that is missing above: once it is there, this one is made.
    if (error == ENOENT && attempt <= stale_retries && path.has_parent_path() && path.parent_path() != path) {
      make_folders(path.parent_path(), rights);
      continue;
    }
    if (error != EINTR && (error != ESTALE || attempt >= stale_retries)) fail_errno("create folder", path, error);
  }
}

std::vector<std::string> list_folder(const Path& path) {
  for (int attempt = 0;; ++attempt) {
    DIR* folder = ::opendir(path.c_str());
    const bool again = attempt < stale_retries;
    if (folder == nullptr) {
      if (errno == ENOENT) return {};
      if (errno == EINTR || (errno == ESTALE && again)) continue;
      fail_reading("list", path, errno);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    ::closedir(folder);
    if (error == ESTALE && again) continue;  // a part of the names would pass for all of them
    if (error != 0 && error != ENOENT) fail_errno("list", path, error);
    std::sort(names.begin(), names.end());
    return names;
  }
}

Path rename_aside(const Path& path) {
  for (int i = 1;; ++i) {
    const Path target = path.string() + "." + std::to_string(i);
    if (std::filesystem::exists(target)) continue;
    if (::rename(path.c_str(), target.c_str()) == 0) {
      sync_folder(path.parent_path());
      return target;
    }
    if (errno != EEXIST && errno != ENOTEMPTY) fail_errno("rename", path, errno);
  }
}

void sync_folder(const Path& path) {
  const auto folder = path.empty() ? Path(".") : path;
  Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (!descriptor.open()) fail_errno("open folder", folder, errno);
  // Some network file systems refuse fsync of a folder; there the server already made the name durable.
  if (uninterrupted([&] { return ::fsync(descriptor.value()); }) != 0 && errno != EINVAL && errno != EBADF)
    fail_errno("fsync folder", folder, errno);
}

void sync_file(const Path& path) {
  Descriptor file(path, O_RDONLY);
  if (!file.open() && errno == ENOENT) return;
  if (!file.open() || uninterrupted([&] { return ::fsync(file.value()); }) != 0) fail_errno("fsync", path, errno);
}

bool rename_into_place(const Path& folder, const Path& name) {
  if (::rename(folder.c_str(), name.c_str()) == 0) {
    sync_folder(name.parent_path());
    return true;
  }
  const int error = errno;
  // NFS may report ENOENT for a rename that the server carried out.
  if (error == EEXIST || error == ENOTEMPTY || (error == ENOENT && std::filesystem::exists(name))) return false;
  fail_errno("rename to", name, error);
}

void remove_all(const Path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error && error.value() != ENOENT) fail_errno("remove", path, error.value());
}

void sync_tree(const Path& path) {
  for (const auto& name : list_folder(path)) {
    const auto child = path / name;
    std::error_code error;
    const bool folder = std::filesystem::is_directory(child, error);
    if (error && error.value() != ENOENT) fail_errno("stat", child, error.value());
    if (folder) {
      sync_tree(child);
    } else {
      sync_file(child);
    }
  }
  sync_folder(path);
}

AppendFile::AppendFile(const Path& path) : path_(path) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
  if (!file.open()) fail_errno("create", path, errno);
  descriptor_ = ::fcntl(file.value(), F_DUPFD_CLOEXEC, 0);
  if (descriptor_ < 0) fail_errno("duplicate the descriptor of", path, errno);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AppendFile::append(std::string_view bytes) {
  write_all(descriptor_, bytes, path_);
  size_ += bytes.size();
}

void AppendFile::sync() {
  if (uninterrupted([&] { return ::fdatasync(descriptor_); }) != 0) fail_errno("fdatasync", path_, errno);
}

}  // namespace assay::os
