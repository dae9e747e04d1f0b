// Steering beside real workers: search-driver with a command in sh, dropped, stopped, closed, tried again, reproduced.
#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "assay/programs.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "run/results.hpp"
#include "run/run.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using tests::run_program;
using tests::Said;
using tests::Scratch;

namespace {

bool missing() { return !tests::built("assay") || !tests::built("search-driver") || !tests::built("split-data"); }

bool eventually(const std::function<bool()>& condition, double seconds = 30) {
  const double end = base::steady_seconds() + seconds;
  while (base::steady_seconds() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return condition();
}

/// A run whose split and proxy are done and whose trials are the script `train.sh` ($lr, $seed, $trial are set).
struct Lab {
  Scratch scratch;

  explicit Lab(const std::string& script, const std::string& more = "") {
    scratch.write("train.csv", tests::table());
    scratch.write("valid.csv", tests::table(30));
    scratch.write(
        "train.sh",
        "#!/bin/sh\n. \"$ASSAY_SH\"\nlr=$training_lr\necho $ASSAY_TRIAL >> " + (scratch / "started").string() +
            "\nresult() { echo \"{\\\"final\\\": true, \\\"score\\\": $1}\" >> \"$ASSAY_METRICS\"; }\n" + script);
    scratch.write("c.toml",
                  "[data]\nformat = \"external\"\nitems = \"train.csv\"\nvalid = \"valid.csv\"\n"
                  "label = \"kind\"\n[trial]\ncommand = [\"sh\", \"train.sh\"]\n[params.training]\n"
                  "lr = { float = [0.001, 1.0], log = true, default = 0.1 }\n[objectives]\nscore = { goal = \"max\" }\n"
                  "[study]\nheartbeat = \"1s\"\n[search]\nalgorithm = \"random\"\nmax_trials = 5\nmax_failed = 5\n" +
                      more);
    const auto split = program({"split-data", "run", "--config", "c.toml", "-q"});
    INFO(split.error);
    REQUIRE(split.code == 0);
    const auto run = run::Run::open(scratch / "run");
    run::ProxyFigures figures;
    figures.chosen = trial::Fidelity{.epochs = 1};
    figures.verdict = "as in the test";
    run.begin(run::Stage::proxy);
    run.finish(run::Stage::proxy, run::to_json(figures), base::unix_seconds());
  }
  Said program(const std::vector<std::string>& words) const { return run_program(scratch, words); }
  Said assay(std::vector<std::string> words) const {
    words.insert(words.begin(), "assay");
    words.insert(words.begin() + 2, "run");
    return run_program(scratch, words);
  }
  Said search() const { return program({"search-driver", "run", "-q"}); }
  os::Child worker() const {
    return os::Child({.arguments = {(std::filesystem::path(ASSAY_BIN) / "search-driver").string(), "run"},
                      .folder = scratch.path(),
                      .standard_output = scratch / "out",
                      .standard_error = scratch / "err"});
  }
  Json trials() const { return Json::parse(assay({"trials", "--json"}).out); }
  /// Numbers of the trials that the command was started for, in order.
  std::string started() const { return os::try_read_file(scratch / "started").value_or(""); }
};

}  // namespace

TEST_CASE("a dropped command that reports nothing ends within seconds, and the worker goes on") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  const Lab lab("if [ $ASSAY_TRIAL = 1 ]; then sleep 300; fi\nresult $lr\n");
  auto worker = lab.worker();
  REQUIRE(eventually([&] { return lab.started() == "0\n1\n"; }));
  const double start = base::steady_seconds();
  const auto dropped = lab.assay({"drop", "1"});
  INFO(dropped.error);
  CHECK(dropped.code == 0);
  CHECK_THAT(dropped.out, ContainsSubstring("learns of it"));
  CHECK(worker.wait().code == 0);
  CHECK(base::steady_seconds() - start < 30);
  CHECK(lab.started() == "0\n1\n2\n3\n4\n");
  const auto trials = lab.trials();
  REQUIRE(trials.size() == 5);
  CHECK(trials[1]["state"] == "stopped");
  CHECK(trials[1]["reason"] == "dropped by hand");
  CHECK(trials[1]["attempt"] == 1);
  CHECK(trials[1]["worker"] == trials[0]["worker"]);
  CHECK(trials[1]["seconds"].get<double>() > 0.01);
  const auto shown = lab.assay({"trial", "1"}).out;
  CHECK_THAT(shown, ContainsSubstring("search/trials/1/0.1 (") && !ContainsSubstring("after 0.0 s"));
  CHECK_THAT(os::read_file(lab.scratch / "err"), ContainsSubstring("does not count: the trial has its result already"));
  CHECK(lab.assay({"fsck"}).code == 0);
}

TEST_CASE("status says which trial waits for a silent or dead worker") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  const Lab lab("if [ $ASSAY_TRIAL = 1 ]; then sleep 300; fi\nresult $lr\n");
  auto worker = lab.worker();
  REQUIRE(eventually([&] { return lab.started() == "0\n1\n"; }));
  CHECK_THAT(lab.assay({"status"}).out, ContainsSubstring("1 worker") && !ContainsSubstring("silent"));
  worker.signal(SIGSTOP);
  std::string said;
  CHECK(eventually([&] {
    said = lab.assay({"status"}).out;
    return said.find("trial 1: worker ") != std::string::npos && said.find(" silent for ") != std::string::npos &&
           said.find("takeover in ") != std::string::npos;
  }));
  INFO(said);
  worker.signal(SIGKILL);
  worker.wait();
  CHECK_THAT(lab.assay({"status"}).out, ContainsSubstring("trial 1: worker ") &&
                                            ContainsSubstring("is gone; the next worker that looks takes over"));
}

TEST_CASE("workers that are asked to stop leave with 75; closing ends the search with what it has") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  const Lab lab(
      "if [ $ASSAY_TRIAL -ge 2 ]; then\n  while [ ! -e \"$ASSAY_STOP\" ]; do sleep 0.05; done\n"
      "  echo 1 > \"$ASSAY_CHECKPOINT/state\"; exit 75\nfi\nresult $lr\n");
  auto worker = lab.worker();
  REQUIRE(eventually([&] { return lab.started() == "0\n1\n2\n"; }));
  CHECK(lab.assay({"stop"}).code == 0);
  CHECK(worker.wait().code == 75);
  CHECK(lab.search().code == 75);
  CHECK_THAT(lab.assay({"stop", "--lift"}).out, ContainsSubstring("search continues"));
  CHECK_THAT(lab.assay({"stop", "--close"}).out, ContainsSubstring("closed with 2 results"));
  CHECK(lab.assay({"drop", "2"}).code == 0);
  const auto end = lab.search();
  INFO(end.error);
  CHECK(end.code == 0);
  const auto done = Json::parse(os::read_file(lab.scratch / "run/search/done.json"));
  CHECK_THAT(done["figures"]["reason"].get<std::string>(), ContainsSubstring("closed by hand"));
  CHECK(lab.trials().size() == 3);
}

TEST_CASE("what failed in a closed study is measured again, and nothing else") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  const Lab lab(
      "echo '{\"step\": 1, \"score\": 0.01}' >> \"$ASSAY_METRICS\"\necho weights > weights\n"
      "if [ -e ../../../../../broken ] && [ $ASSAY_TRIAL -ge 3 ]; then echo 'no such module'; exit 1; fi\n"
      "result $lr\n");
  lab.scratch.write("broken", "");
  CHECK(lab.search().code == 0);
  const auto before = lab.trials();
  REQUIRE(before.size() == 5);
  CHECK(before[4]["state"] == "failed");
  CHECK_THAT(lab.assay({"trial", "4"}).out, ContainsSubstring("no such module") && ContainsSubstring("exit code 1") &&
                                                ContainsSubstring("weights") &&
                                                ContainsSubstring("again: assay reproduce"));
  os::remove_all(lab.scratch / "broken");
  os::remove_all(lab.scratch / "started");

  const auto retry = lab.assay({"retry", "--failed"});
  INFO(retry.error);
  CHECK(retry.code == 0);
  CHECK_THAT(retry.out, ContainsSubstring("search.1") && ContainsSubstring("2 trials (3, 4)") &&
                            ContainsSubstring("search-driver"));
  CHECK(lab.search().code == 0);
  CHECK(lab.started() == "3\n4\n");
  const auto after = lab.trials();
  REQUIRE(after.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(after[i]["state"] == "done");
    CHECK(after[i]["parameters"] == before[i]["parameters"]);
    if (i < 3) CHECK(after[i]["metrics"] == before[i]["metrics"]);
  }
  const auto kept = Json::parse(lab.assay({"trial", "0", "--json"}).out);
  CHECK(kept["tags"]["measured_in"] == "search.1");
  CHECK(kept["rungs"][0]["reports"].size() == 1);
  CHECK(os::read_file(lab.scratch / "run/search/trials/0/0.1/weights") == "weights\n");
  CHECK(os::file_size(lab.scratch / "run/search.1/done.json"));
  CHECK(lab.assay({"fsck"}).code == 0);
  CHECK_THAT(lab.assay({"retry", "--failed"}).out, ContainsSubstring("no trial of search failed"));
}

TEST_CASE("a trial is reproduced with its parameters, fidelity and seed, and the run stays as it is") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  const Lab lab("[ $ASSAY_TRIAL != 2 ] || exit 1\nresult $ASSAY_SEED\n");
  CHECK(lab.search().code == 0);
  const auto before = lab.started();
  const auto files = os::list_folder(lab.scratch / "run/search/study/log");
  const auto said = lab.assay({"reproduce", "3"});
  INFO(said.out << said.error);
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("none, to the last bit"));
  CHECK(lab.started() == before + "3\n");
  CHECK(os::list_folder(lab.scratch / "run/search/study/log") == files);
  CHECK(lab.assay({"reproduce", "2"}).code == 0);  // fails again, in the same way
  const auto kept = lab.assay({"reproduce", "0", "--keep", (lab.scratch / "again").string(), "--json"});
  CHECK(kept.code == 0);
  const auto json = Json::parse(kept.out);
  CHECK(json["recorded"]["metrics"] == json["reproduced"]["metrics"]);
  CHECK(os::file_size(lab.scratch / "again/search/trials/0/0.2/params.json"));
}

TEST_CASE("a finalist that failed is trained again, and the others are not") {
  if (missing() || !tests::built("full-train-topk")) SKIP("the executables are not built in " ASSAY_BIN);
  const Lab lab(
      "if [ -e ../../../../../broken ] && [ $ASSAY_STAGE$ASSAY_TRIAL = full1 ]; then exit 9; fi\nresult $lr\n",
      "[full]\ntop_k = 2\nseeds = 2\nbaseline = false\n");
  CHECK(lab.search().code == 0);
  lab.scratch.write("broken", "");
  os::remove_all(lab.scratch / "started");
  const auto full = lab.program({"full-train-topk", "run", "-q"});
  INFO(full.error);
  CHECK(full.code == 3);
  CHECK(lab.started() == "0\n1\n2\n3\n");
  os::remove_all(lab.scratch / "broken");
  os::remove_all(lab.scratch / "started");
  const auto retry = lab.assay({"retry", "--failed", "--stage", "full"});
  INFO(retry.error);
  CHECK_THAT(retry.out, ContainsSubstring("trial 1 will be measured again: `full-train-topk "));
  const auto again = lab.program({"full-train-topk", "run", "-q"});
  INFO(again.error);
  CHECK(again.code == 0);
  CHECK(lab.started() == "1\n");
  const auto done = Json::parse(os::read_file(lab.scratch / "run/full/done.json"));
  CHECK(done["figures"]["missing"].empty());
  for (const auto& finalist : done["figures"]["finalists"]) CHECK(finalist["scores"].size() == 2);
  CHECK(lab.assay({"fsck", "--stage", "full"}).code == 0);
  CHECK(lab.assay({"reproduce", "1", "--stage", "full"}).code == 0);
}
