#include "os/rights.hpp"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

namespace assay::os {
namespace {

namespace fs = std::filesystem;

/// What a folder gives to what is made in it.
struct Given {
  mode_t bits = 0;  ///< of group and others
  gid_t group = 0;
  bool other_group = false;  ///< new files get the process's group, not the folder's
};

Given given_by(const fs::path& folder, mode_t mode) {
  struct stat facts {};
  const auto path = folder.empty() ? fs::path(".") : folder;
  int result = 0;
  do {
    result = ::stat(path.c_str(), &facts);
  } while (result != 0 && errno == EINTR);
  if (result != 0 || (facts.st_mode & S_ISVTX) != 0) return {};
  const bool other = (facts.st_mode & S_ISGID) == 0 && facts.st_gid != ::getegid();
  return {facts.st_mode & mode & 0077, facts.st_gid, other};
}

/// Without changing it, which would be seen by other threads.
mode_t current_umask() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    unsigned mask = 0;
    if (std::sscanf(line.c_str(), "Umask: %o", &mask) == 1) return mask;
  }
  return 0077;
}

/// Adds bits; what cannot be changed (somebody else's, a file system without rights) stays.
void add(const fs::path& path, mode_t bits) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0 || S_ISLNK(facts.st_mode)) return;
  if ((facts.st_mode & bits) != bits) (void)!::chmod(path.c_str(), (facts.st_mode & 07777) | bits);
}

/// With a umask for this call alone: a thread may have one of its own. False where that is not allowed.
bool create_with(mode_t mask, const std::function<int()>& create, int& result, int& error) {
  bool done = false;
  try {
    std::thread([&] {
      if (::unshare(CLONE_FS) != 0) return;
      ::umask(mask);
      result = create();
      error = errno;
      done = true;
    }).join();
  } catch (const std::system_error&) {
    return false;  // no further thread
  }
  return done;
}

void share_below(const fs::path& path, const Given& given) {
  std::error_code ignored;
  if (fs::is_symlink(path, ignored)) return;
  const bool folder = fs::is_directory(path, ignored);
  if (given.other_group && ::lchown(path.c_str(), static_cast<uid_t>(-1), given.group) != 0) return;
  add(path, given.bits & (folder ? 0077 : 0066));
  if (!folder) return;
  for (fs::directory_iterator entry(path, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    share_below(entry->path(), given);
  }
}

}  // namespace

int create_as_folder(const fs::path& path, mode_t mode, const std::function<int()>& create) {
  const auto given = given_by(path.parent_path(), mode);
  // The group's rights are for the folder's group: they wait until the file has it.
  const auto at_once = given.other_group ? given.bits & 0007 : given.bits;
  const auto mask = given.bits == 0 ? 0 : current_umask();
  int result = 0, error = 0;
  if ((at_once & mask) == 0) {
    result = create();
    error = errno;
  } else if (!create_with(mask & ~at_once, create, result, error)) {
    result = create();
    error = errno;
    if (result >= 0) add(path, at_once);
  }
  if (result >= 0 && given.other_group && (given.bits & 0070) != 0 &&
      ::chown(path.c_str(), static_cast<uid_t>(-1), given.group) == 0) {
    add(path, given.bits);
  }
  errno = error;
  return result;
}

void share_tree(const fs::path& path) {
  const auto given = given_by(path.parent_path(), 0777);
  if (given.bits != 0) share_below(path, given);
}

}  // namespace assay::os
