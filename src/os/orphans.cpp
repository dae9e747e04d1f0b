#include "os/orphans.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace assay::os {
namespace {

/// A process that forks all the time must not keep us here for ever.
constexpr int most_rounds = 20;

/// A name of /proc as a process number; 0 for all others.
pid_t number_of(const char* name) {
  pid_t number = 0;
  for (; *name != '\0'; ++name) {
    if (*name < '0' || *name > '9') return 0;
    number = 10 * number + (*name - '0');
  }
  return number;
}

/// Follows the entries, which end with a zero byte each, through a file that is read piece by piece.
class Search {
 public:
  explicit Search(const char* wanted) : wanted_(wanted) {}
  bool found_in(const char* bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (bytes[i] == '\0') {
        if (at_ != nullptr && *at_ == '\0') return true;
        at_ = wanted_;
      } else if (at_ != nullptr) {
        at_ = bytes[i] == *at_ ? at_ + 1 : nullptr;
      }
    }
    return false;
  }

 private:
  const char* wanted_;
  const char* at_ = wanted_;  ///< what has to come next; nullptr: this entry is another one
};

bool marked(int proc, const char* name, const char* variable) {
  char path[64] = {};
  std::strncpy(path, name, 32);
  std::strcat(path, "/environ");
  const int file = ::openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  Search search(variable);
  char bytes[4096];
  bool found = false;
  for (;;) {
    const auto count = ::read(file, bytes, sizeof bytes);
    if (count <= 0) break;
    found = found || search.found_in(bytes, static_cast<std::size_t>(count));
  }
  ::close(file);
  return found;
}

/// As the kernel writes them (man 2 getdents64).
struct Entry {
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};

int kill_round(int proc, const char* variable) {
  alignas(Entry) char bytes[4096];
  int killed = 0;
  const auto self = ::getpid();
  for (;;) {
    const auto count = ::syscall(SYS_getdents64, proc, bytes, sizeof bytes);
    if (count <= 0) return killed;
    for (long at = 0; at < count;) {
      const auto* entry = reinterpret_cast<const Entry*>(bytes + at);
      at += entry->length;
      const auto* name = reinterpret_cast<const char*>(entry) + offsetof(Entry, name);
      const auto pid = number_of(name);
      if (pid > 1 && pid != self && marked(proc, name, variable) && ::kill(pid, SIGKILL) == 0) ++killed;
    }
  }
}

}  // namespace

void kill_marked(const char* variable) noexcept {
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return;
  for (int round = 0; round < most_rounds; ++round) {
    ::lseek(proc, 0, SEEK_SET);
    if (kill_round(proc, variable) == 0) break;
    ::usleep(1000);
  }
  ::close(proc);
}

}  // namespace assay::os
