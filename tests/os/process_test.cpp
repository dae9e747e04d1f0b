#include "os/process.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/error.hpp"
#include "base/time.hpp"
#include "os/host.hpp"
#include "temp_folder.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;

namespace {

os::Command shell(const std::string& script) {
  os::Command command;
  command.arguments = {"sh", "-c", script};
  return command;
}

}  // namespace

TEST_CASE("A child gets its environment, its folder and its output files") {
  const tests::TempFolder folder;
  auto command = shell("echo $GREETING; pwd; echo oops >&2; exit 7");
  command.environment = {{"GREETING", "hello"}};
  command.folder = folder.path();
  command.standard_output = folder / "out";
  command.standard_error = folder / "err";
  CHECK(os::Child(command).wait().code == 7);
  CHECK(os::read_file(folder / "out") == "hello\n" + folder.path().string() + "\n");
  CHECK(os::read_file(folder / "err") == "oops\n");
}

TEST_CASE("Scrubbed variables do not reach the child") {
  ::setenv("OMPI_SECRET", "1", 1);
  auto command = shell("test -z \"$OMPI_SECRET\"");
  command.scrub = {"OMPI_"};
  CHECK(os::Child(command).wait().code == 0);
}

TEST_CASE("A signal reaches the whole group") {
  const tests::TempFolder folder;
  auto command = shell("sleep 60 & echo $! > grandchild; wait");
  command.folder = folder.path();
  {
    os::Child child(command);
    while (os::read_part(folder / "grandchild", 0, 10).empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    child.signal(SIGKILL);
    CHECK(child.wait().signal == SIGKILL);
  }
  const auto pid = std::stol(os::read_file(folder / "grandchild"));
  for (int i = 0; i < 200 && os::process_start(pid); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK_FALSE(os::process_start(pid).has_value());
}

TEST_CASE("A program that does not exist is named") {
  os::Command command;
  command.arguments = {"no-such-program-of-ours"};
  CHECK_THROWS_WITH(os::Child(command), ContainsSubstring("no-such-program-of-ours"));
  CHECK(os::capture({"no-such-program-of-ours"}).ended.code == 127);
}

TEST_CASE("capture gives the output and keeps its time limit") {
  CHECK(os::capture({"echo", "hi"}).output == "hi\n");
  const double start = base::steady_seconds();
  CHECK(os::capture({"sleep", "30"}, 0.2).ended.signal == SIGKILL);
  CHECK(base::steady_seconds() - start < 10);
}
