#include "os/rights.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>
#include <thread>

#include "base/error.hpp"
#include "os/file.hpp"
#include "os/process.hpp"
#include "temp_folder.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;

namespace {

mode_t mode_of(const os::Path& path) {
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

/// A folder with these rights.
os::Path folder_with(const tests::TempFolder& scratch, const char* name, mode_t mode) {
  const auto path = scratch / name;
  std::filesystem::create_directory(path);
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path;
}

/// Changes the umask of the process, and brings it back.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;             // owns the umask
  Umask& operator=(const Umask&) = delete;  // owns the umask

 private:
  mode_t before_;
};

}  // namespace

TEST_CASE("what is made in a folder of a group may be read and written by the group, whatever the umask") {
  const tests::TempFolder scratch;
  const auto run = folder_with(scratch, "run", 0770);
  const Umask narrow(077);
  os::publish(run / "a", "a");
  os::publish(run / "a", "b");
  CHECK(os::publish_once(run / "b", "b"));
  { os::AppendFile(run / "c").append("c"); }
  os::Child({.arguments = {"sh", "-c", "echo d"}, .standard_output = run / "d"}).wait();
  for (const auto* name : {"a", "b", "c", "d"}) {
    INFO(name);
    CHECK(mode_of(run / name) == 0660);
  }
  os::make_folders(run / "deep/er");
  CHECK(mode_of(run / "deep") == 0770);
  CHECK(mode_of(run / "deep/er") == 0770);
  os::publish(run / "deep/er/a", "a");
  CHECK(mode_of(run / "deep/er/a") == 0660);
  CHECK(::umask(077) == 077);
}

TEST_CASE("a folder gives no more than it has, and the umask takes nothing more") {
  const tests::TempFolder scratch;
  SECTION("others may read") {
    const auto run = folder_with(scratch, "run", 0755);
    const Umask narrow(077);
    os::publish(run / "a", "a");
    os::make_folders(run / "f");
    CHECK(mode_of(run / "a") == 0644);
    CHECK(mode_of(run / "f") == 0755);
  }
  SECTION("its owner alone, by a wide umask") {
    const auto run = folder_with(scratch, "run", 0700);
    const Umask wide(022);
    os::publish(run / "a", "a");
    CHECK(mode_of(run / "a") == 0644);
  }
  SECTION("a folder that everybody may write to, as /tmp") {
    const auto run = folder_with(scratch, "run", 01777);
    const Umask narrow(077);
    os::publish(run / "a", "a");
    os::make_folders(run / "f");
    CHECK(mode_of(run / "a") == 0600);
    CHECK(mode_of(run / "f") == 0700);
  }
  SECTION("what is asked for goes by the umask alone") {
    const auto home = folder_with(scratch, "home", 0775);
    const Umask narrow(077);
    os::publish(home / "a", "a", os::Durable::no, os::Rights::by_umask);
    CHECK(os::publish_once(home / "b", "b", os::Rights::by_umask));
    os::make_folders(home / "f/g", os::Rights::by_umask);
    CHECK(mode_of(home / "a") == 0600);
    CHECK(mode_of(home / "b") == 0600);
    CHECK(mode_of(home / "f/g") == 0700);
  }
}

TEST_CASE("nobody sees a new log with less than its folder gives; other threads keep their umask") {
  const tests::TempFolder scratch;
  const auto run = folder_with(scratch, "run", 0770);
  const Umask narrow(077);
  std::atomic<bool> stop = false;
  std::atomic<int> looks = 0, wrong = 0;
  std::thread watcher([&] {
    while (!stop) {
      for (const auto& name : os::list_folder(run)) {
        ++looks;
        struct stat facts {};
        if (::stat((run / name).c_str(), &facts) == 0 && (facts.st_mode & 0777) != 0660) ++wrong;
      }
      std::ofstream(scratch / "private") << "1";
      if (mode_of(scratch / "private") != 0600) ++wrong;
      std::filesystem::remove(scratch / "private");
    }
  });
  for (int i = 0; i < 300; ++i) {
    const auto name = run / std::to_string(i);
    { os::AppendFile file(name); }
    std::filesystem::remove(name);
  }
  stop = true;
  watcher.join();
  CHECK(wrong == 0);
}

TEST_CASE("what a program left is shared with all below it; links are not followed") {
  const tests::TempFolder scratch;
  const auto run = folder_with(scratch, "run", 0770);
  const Umask narrow(077);
  std::filesystem::create_directories(run / "checkpoint/deep");
  std::ofstream(run / "checkpoint/deep/state") << "1";
  std::ofstream(scratch / "mine") << "1";
  std::filesystem::create_symlink(scratch / "mine", run / "checkpoint/link");
  REQUIRE(::chmod((run / "checkpoint/deep").c_str(), 0700) == 0);
  os::share_tree(run / "checkpoint");
  CHECK(mode_of(run / "checkpoint") == 0770);
  CHECK(mode_of(run / "checkpoint/deep") == 0770);
  CHECK(mode_of(run / "checkpoint/deep/state") == 0660);
  CHECK(mode_of(scratch / "mine") == 0600);
}

TEST_CASE("what cannot be read is named as that, with what its owner can do") {
  const tests::TempFolder scratch;
  REQUIRE(::chmod(scratch.path().c_str(), 0755) == 0);
  os::publish(scratch / "log", "1");
  REQUIRE(::chmod((scratch / "log").c_str(), 0) == 0);
  const auto said = scratch / "said";
  std::ofstream(said) << "";
  REQUIRE(::chmod(said.c_str(), 0666) == 0);
  const auto child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    try {
      os::read_file(scratch / "log");
    } catch (const base::Error& error) {
      std::ofstream(said) << error.what();
      ::_exit(error.code() == base::Exit::io ? 0 : 1);
    }
    ::_exit(3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK_THAT(os::read_file(said), ContainsSubstring("cannot read ") && ContainsSubstring("chmod g+r ") &&
                                      !ContainsSubstring("Choose a run folder"));
}
