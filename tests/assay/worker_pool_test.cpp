// Several workers: --workers N of the stage executables, and those of `assay run`.
#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "assay/programs.hpp"
#include "base/json.hpp"
#include "os/host.hpp"

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

TEST_CASE("assay run follows search.parallel while the search is under way", "[slow]") {
  if (!tests::built("assay") || !tests::built("full-train-topk")) SKIP("the executables are not built in " ASSAY_BIN);
  if (os::usable_cores() < 2) SKIP("one core: never more than one worker");
  Scratch scratch;
  scratch.write("train.sh", "#!/bin/sh\n. \"$ASSAY_SH\"\nwhile [ $ASSAY_STAGE = search ] && [ ! -e " +
                                (scratch / "go").string() +
                                " ]; do [ -e \"$ASSAY_STOP\" ] && exit 75; sleep 0.05; done\n"
                                "echo \"{\\\"final\\\": true, \\\"score\\\": $model_x}\" >> \"$ASSAY_METRICS\"\n");
  scratch.write("c.toml",
                "[trial]\ncommand = [\"sh\", \"train.sh\"]\n[params.model]\nx.int = [1, 50]\n[training]\nepochs = 1\n"
                "[objectives]\nscore.goal = \"max\"\n[proxy]\nreference = 0\n[search]\nalgorithm = \"random\"\n"
                "max_trials = 6\nparallel = 1\n[full]\ntop_k = 1\nseeds = 1\n");
  os::Child whole({.arguments = {(std::filesystem::path(ASSAY_BIN) / "assay").string(), "run", "c.toml"},
                   .folder = scratch.path(),
                   .standard_output = scratch / "out",
                   .standard_error = scratch / "err"});
  const auto workers = [&](std::size_t count) {  // each of them holds a trial
    for (int i = 0; i < 300; ++i) {
      const auto said = run_program(scratch, {"assay", "trials", "runs/c", "--state", "running", "--json"});
      if (said.code == 0 && base::Json::parse(said.out).size() == count) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  };
  CHECK(workers(1));
  const auto said = run_program(scratch, {"assay", "set", "runs/c", "search.parallel=2"});
  CHECK_THAT(said.out, ContainsSubstring("a run on this machine takes it up within seconds"));
  CHECK(workers(2));
  CHECK(run_program(scratch, {"assay", "set", "runs/c", "search.parallel=1"}).code == 0);
  CHECK(workers(1));
  scratch.write("go", "");
  const auto ended = whole.wait();
  INFO(os::read_file(scratch / "out") << os::read_file(scratch / "err"));
  CHECK(ended.code == 0);
  const auto trials = base::Json::parse(run_program(scratch, {"assay", "trials", "runs/c", "--json"}).out);
  CHECK(trials.size() == 6);
  CHECK(std::all_of(trials.begin(), trials.end(), [](const auto& trial) { return trial.at("state") == "done"; }));
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
