// Several workers in one job: --workers N of the stage executables.
#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "assay/programs.hpp"
#include "base/json.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using tests::run_program;
using tests::Scratch;

namespace {

/// A run whose search can start.
void prepare(const Scratch& scratch, const std::string& epochs) {
  scratch.write("c.toml", tests::small_run("",
                                           "[proxy]\nreference = 3\ncandidate = [{ epochs = 1 }]\n[search]\n"
                                           "max_trials = 12\n[search.training]\nepochs = " +
                                               epochs + "\n"));
  scratch.write("train.csv", tests::table());
  scratch.write("valid.csv", tests::table(30));
  REQUIRE(run_program(scratch, {"split-data", "run", "--config", "c.toml"}).code == 0);
  REQUIRE(run_program(scratch, {"proxy-select", "run", "--device", "cpu"}).code == 0);
}

}  // namespace

TEST_CASE("a job of three workers makes the whole search, though one is killed", "[slow]") {
  if (!tests::built("assay") || !tests::built("search-driver")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  prepare(scratch, "60");
  os::Child crew({.arguments = {(std::filesystem::path(ASSAY_BIN) / "search-driver").string(),
                                (scratch / "run").string(), "--workers", "3", "--device", "cpu"},
                  .folder = scratch.path(),
                  .standard_output = scratch / "out",
                  .standard_error = scratch / "err"});
  pid_t victim = 0;
  for (int i = 0; i < 1000 && victim == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    for (const auto pid : tests::processes(scratch, "search-driver")) victim = pid == crew.pid() ? victim : pid;
    if (os::list_folder(scratch / "run/search/study/claims/0").empty()) victim = 0;
  }
  REQUIRE(victim != 0);
  ::kill(victim, SIGKILL);
  CHECK(crew.wait().code == 0);
  const auto said = os::read_file(scratch / "err");
  INFO(said);
  CHECK_THAT(said, ContainsSubstring("3 workers with") && ContainsSubstring("killed by signal 9 and is started again"));
  const auto trials = base::Json::parse(run_program(scratch, {"assay", "trials", "run", "--json"}).out);
  CHECK(trials.size() == 12);
  CHECK(std::all_of(trials.begin(), trials.end(), [](const auto& trial) { return trial.at("state") == "done"; }));
  CHECK(os::list_folder(scratch / "run/search/study/workers").size() >= 2);
}

TEST_CASE("a job of several workers stops and goes on as one", "[slow]") {
  if (!tests::built("search-driver")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  prepare(scratch, "400");
  CHECK(run_program(scratch, {"search-driver", "run", "--workers=2", "--device", "cpu", "--time-budget", "2s"}).code ==
        75);
  CHECK(tests::processes(scratch, "search-driver").empty());
  const auto end = run_program(scratch, {"search-driver", "run", "--workers", "2", "--device", "cpu"});
  INFO(end.error);
  CHECK(end.code == 0);
  const auto trials = base::Json::parse(run_program(scratch, {"assay", "trials", "run", "--json"}).out);
  CHECK(trials.size() == 12);
  CHECK(std::all_of(trials.begin(), trials.end(), [](const auto& trial) { return trial.at("state") == "done"; }));
  CHECK(run_program(scratch, {"assay", "fsck", "run"}).code == 0);
}
