#include "os/file.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <fstream>

#include "base/error.hpp"
#include "temp_folder.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("publish replaces whole files and leaves nothing else behind") {
  const tests::TempFolder folder;
  os::publish(folder / "a", "one");
  os::publish(folder / "a", "two");
  CHECK(os::read_file(folder / "a") == "two");
  CHECK(os::list_folder(folder.path()) == std::vector<std::string>{"a"});
}

TEST_CASE("publish_once and link_name have one winner among many processes") {
  const tests::TempFolder folder;
  constexpr int processes = 8, names = 100;
  for (int p = 0; p < processes; ++p) {
    if (::fork() == 0) {
      const auto token = folder / ("token" + std::to_string(p));
      os::publish(token, std::to_string(p));
      int won = 0;
      for (int n = 0; n < names; ++n)
        won += os::link_name(token, folder / ("claim" + std::to_string(n))) == os::Link::mine;
      os::publish(folder / ("won" + std::to_string(p)), std::to_string(won));
      ::_exit(0);
    }
  }
  while (::wait(nullptr) > 0) {
  }
  int total = 0;
  for (int p = 0; p < processes; ++p) total += std::stoi(os::read_file(folder / ("won" + std::to_string(p))));
  CHECK(total == names);
  CHECK(os::publish_once(folder / "once", "first"));
  CHECK_FALSE(os::publish_once(folder / "once", "second"));
  CHECK(os::read_file(folder / "once") == "first");
}

TEST_CASE("A link that is already mine is mine again") {
  const tests::TempFolder folder;
  os::publish(folder / "token", "me");
  CHECK(os::link_name(folder / "token", folder / "name") == os::Link::mine);
  CHECK(os::link_name(folder / "token", folder / "name") == os::Link::mine);
  os::publish(folder / "other", "somebody else");
  CHECK(os::link_name(folder / "other", folder / "name") == os::Link::taken);
}

TEST_CASE("Missing files are nothing, or an error that names them") {
  const tests::TempFolder folder;
  CHECK_FALSE(os::try_read_file(folder / "none").has_value());
  CHECK_FALSE(os::file_size(folder / "none").has_value());
  CHECK(os::read_part(folder / "none", 0, 10).empty());
  CHECK(os::list_folder(folder / "none").empty());
  CHECK_THROWS_WITH(os::read_file(folder / "none"), ContainsSubstring("none"));
}

TEST_CASE("An append file grows, and its name is used once") {
  const tests::TempFolder folder;
  os::AppendFile file(folder / "log");
  file.append("abc");
  file.append("def");
  file.sync();
  CHECK(file.size() == 6);
  CHECK(os::read_part(folder / "log", 2, 3) == "cde");
  CHECK_THROWS_AS(os::AppendFile(folder / "log"), base::Error);
}

TEST_CASE("rename_aside keeps every earlier folder") {
  const tests::TempFolder folder;
  for (int i = 1; i <= 3; ++i) {
    os::make_folders(folder / "search");
    CHECK(os::rename_aside(folder / "search") == folder.path() / ("search." + std::to_string(i)));
  }
}

TEST_CASE("A full disk is exit 74 and leaves the old content") {
  const tests::TempFolder folder;
  os::publish(folder / "state", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      os::publish(folder / "state", std::string(5000, 'x'));
    } catch (const base::Error& error) {
      ::_exit(static_cast<int>(error.code()));
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 74);
  CHECK(os::read_file(folder / "state") == "old");
  CHECK(os::list_folder(folder.path()) == std::vector<std::string>{"state"});
}
