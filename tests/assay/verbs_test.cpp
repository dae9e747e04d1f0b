// The companion as a person uses it, on a run small enough for a test.
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

const char* const tiny = R"([proxy]
reference = 3
agreement = 0.0
candidate = [{ epochs = 1 }]
[search]
max_trials = 4
parallel = 2
[full]
top_k = 1
seeds = 1
baseline = false
[baseline]
batch_sweep = false
)";

void write_small_run(const Scratch& scratch) {
  scratch.write("c.toml", tests::small_run("", tiny));
  scratch.write("train.csv", tests::table());
  scratch.write("valid.csv", tests::table(30));
}

}  // namespace

TEST_CASE("new writes a configuration once") {
  if (!tests::built("assay")) SKIP("assay is not built in " ASSAY_BIN);
  Scratch scratch;
  CHECK(run_program(scratch, {"assay", "new", "mine.toml"}).code == 0);
  CHECK_THAT(os::read_file(scratch / "mine.toml"), ContainsSubstring("[search]") && ContainsSubstring("max_trials"));
  const auto again = run_program(scratch, {"assay", "new", "mine.toml"});
  CHECK(again.code == 64);
  CHECK_THAT(again.error, ContainsSubstring("mine.toml exists already"));
  CHECK_THAT(run_program(scratch, {"assay", "new"}).out, ContainsSubstring("[training]"));
}

TEST_CASE("words that are no verbs, runs that are none") {
  if (!tests::built("assay")) SKIP("assay is not built in " ASSAY_BIN);
  Scratch scratch;
  const auto said = run_program(scratch, {"assay", "statsu", "run"});
  CHECK(said.code == 64);
  CHECK_THAT(said.error, ContainsSubstring("did you mean status?"));
  CHECK(run_program(scratch, {"assay"}).code == 64);
  CHECK(run_program(scratch, {"assay", "status", "nothing"}).code == 64);
  CHECK(run_program(scratch, {"assay", "run", "nothing.toml"}).code == 64);
  CHECK(run_program(scratch, {"assay", "scale", "nothing", "search"}).code == 64);
  CHECK(run_program(scratch, {"assay", "--version"}).code == 0);
  CHECK_THAT(run_program(scratch, {"assay", "--help"}).out, ContainsSubstring("submit") && !ContainsSubstring("watch"));
}

TEST_CASE("a plan founds nothing") {
  if (!tests::built("assay")) SKIP("assay is not built in " ASSAY_BIN);
  Scratch scratch;
  write_small_run(scratch);
  const auto said = run_program(scratch, {"assay", "plan", "c.toml", "--hours", "2"});
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("assumed (2 h)") && ContainsSubstring("search"));
  CHECK_FALSE(std::filesystem::exists(scratch / "runs"));
  CHECK(run_program(scratch, {"assay", "plan", "c.toml", "--hours", "few"}).code == 64);
}

TEST_CASE("a submission's dry run prints one command per stage") {
  if (!tests::built("assay")) SKIP("assay is not built in " ASSAY_BIN);
  Scratch scratch;
  write_small_run(scratch);
  scratch.write("site.toml", "partition = \"gpu\"\n");
  // A PATH without Slurm: what is printed must not depend on a cluster.
  const auto said =
      run_program(scratch, {"assay", "submit", "c.toml", "--dry-run", "--site", "site.toml"}, {{"PATH", "/nowhere"}});
  INFO(said.error);
  CHECK(said.code == 0);
  CHECK(std::count(said.out.begin(), said.out.end(), '\n') == 6);
  CHECK_THAT(said.out, ContainsSubstring("--array=0-1"));
  CHECK_THAT(said.out, ContainsSubstring("'--dependency=afterany:<proxy>'"));  // two workers, either may die
  CHECK_THAT(said.out, ContainsSubstring("'--dependency=afterok:<baseline>'"));
  CHECK(run_program(scratch, {"assay", "submit", "c.toml", "--site", "site.toml"}, {{"PATH", "/nowhere"}}).code == 64);
}

TEST_CASE("check rehearses a run and leaves nothing behind", "[slow]") {
  if (!tests::built("assay") || !tests::built("search-driver")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  write_small_run(scratch);
  const auto said =
      run_program(scratch, {"assay", "check", "c.toml", "--device", "cpu"}, {{"TMPDIR", scratch.path().string()}});
  INFO(said.error);
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("5 of 5 tiny trials done"));
  for (const auto& name : os::list_folder(scratch.path())) CHECK_FALSE(name.starts_with("assay-check"));
}

TEST_CASE("check tells why all tiny trials failed", "[slow]") {
  if (!tests::built("assay") || !tests::built("search-driver")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  write_small_run(scratch);
  const auto said = run_program(scratch, {"assay", "check", "c.toml", "--device", "cpu", "--set", "training.lr=1e30"},
                                {{"TMPDIR", scratch.path().string()}});
  INFO(said.out << said.error);
  CHECK(said.code == 64);
  CHECK_THAT(said.out, ContainsSubstring("trial 0: ") && ContainsSubstring("0 of 5 tiny trials done"));
  CHECK_THAT(said.out, ContainsSubstring("--keep keeps it"));
  for (const auto& name : os::list_folder(scratch.path())) CHECK_FALSE(name.starts_with("assay-check"));
}

TEST_CASE("run makes all six stages, goes on where it stopped, and the other verbs tell about it", "[slow]") {
  if (!tests::built("assay") || !tests::built("full-train-topk")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  write_small_run(scratch);
  const auto first = run_program(scratch, {"assay", "run", "c.toml", "--device", "cpu"});
  INFO(first.out << first.error);
  REQUIRE(first.code == 0);
  for (const auto* stage : {"split", "baseline", "proxy", "search", "full", "report"}) {
    CHECK(os::file_size(scratch / ("runs/c/" + std::string(stage) + "/done.json")));
  }
  CHECK_THAT(first.out, ContainsSubstring("report:"));

  const auto again = run_program(scratch, {"assay", "run", "runs/c"});
  CHECK(again.code == 0);
  CHECK_FALSE(std::filesystem::exists(scratch / "runs/c/split.1"));

  CHECK_THAT(run_program(scratch, {"assay", "status", "runs/c"}).out, ContainsSubstring("search    done"));
  const auto csv = run_program(scratch, {"assay", "trials", "runs/c", "--csv"}).out;
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 5);
  CHECK(
      base::Json::parse(run_program(scratch, {"assay", "trials", "runs/c", "--json", "--stage", "full"}).out).size() ==
      1);
  CHECK(run_program(scratch, {"assay", "trials", "runs/c", "--sort", "no-such"}).code == 64);

  const auto late = run_program(scratch, {"assay", "set", "runs/c", "search.max_trials=6"});
  CHECK_THAT(late.out, ContainsSubstring("the search is open again, generation 2") &&
                           ContainsSubstring("full and report are stale: `assay run ") &&
                           !ContainsSubstring("take it up"));
  CHECK_THAT(run_program(scratch, {"assay", "status", "runs/c"}).out, ContainsSubstring("reopened: generation 2"));
  const auto reopened = run_program(scratch, {"assay", "run", "runs/c", "--device", "cpu"});
  INFO(reopened.out << reopened.error);
  CHECK(reopened.code == 0);
  CHECK_THAT(reopened.out, ContainsSubstring("full is made again: search was reopened: generation 2"));
  CHECK(base::Json::parse(run_program(scratch, {"assay", "trials", "runs/c", "--json"}).out).size() == 6);
  CHECK_THAT(run_program(scratch, {"assay", "set", "runs/c", "study.lease=200s"}).out, ContainsSubstring("take it up"));

  const auto set = run_program(scratch, {"assay", "set", "runs/c", "full.top_k=2"});
  CHECK(set.code == 0);
  CHECK_THAT(set.out, ContainsSubstring("full becomes stale"));
  const auto more = run_program(scratch, {"assay", "run", "runs/c", "--device", "cpu"});
  INFO(more.out << more.error);
  CHECK(more.code == 0);
  CHECK_THAT(more.out, ContainsSubstring("full is made again: full.top_k was 1, is 2"));
  CHECK(os::file_size(scratch / "runs/c/full.2/done.json"));
  CHECK_FALSE(std::filesystem::exists(scratch / "runs/c/search.1"));
}

TEST_CASE("search.max_duration ends a search with the trials that it has", "[slow]") {
  if (!tests::built("assay") || !tests::built("full-train-topk")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  write_small_run(scratch);
  const auto said = run_program(scratch, {"assay", "run", "c.toml", "--device", "cpu", "--set",
                                          "search.max_trials=100000", "--set", "search.algorithm=random", "--set",
                                          "training.lr.float=[1e-3, 1e-1]", "--set", "search.max_duration=4s"});
  INFO(said.out << said.error);
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("max_duration (4.0 s) is over"));
  const auto trials = base::Json::parse(run_program(scratch, {"assay", "trials", "runs/c", "--json"}).out);
  CHECK(trials.size() > 0);
  CHECK(trials.size() < 100000);
}

TEST_CASE("full.max_failed ends the full trainings early", "[slow]") {
  if (!tests::built("assay") || !tests::built("full-train-topk")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  write_small_run(scratch);
  const auto said =
      run_program(scratch, {"assay", "run", "c.toml", "--device", "cpu", "--set", "full.training.lr=1e30", "--set",
                            "full.seeds=4", "--set", "full.parallel=1", "--set", "full.max_failed=2"});
  INFO(said.out << said.error);
  CHECK(said.code == 3);
  const auto trials =
      base::Json::parse(run_program(scratch, {"assay", "trials", "runs/c", "--json", "--stage", "full"}).out);
  CHECK(trials.size() == 2);
}

namespace {

/// A search that lasts some seconds, started in the background.
struct LongRun {
  Scratch scratch;
  std::string config = (scratch / "c.toml").string();

  LongRun() {
    write_small_run(scratch);
    auto text = os::read_file(scratch / "c.toml");
    text.replace(text.find("max_trials = 4"), 14, "max_trials = 30");
    text.replace(text.find("epochs = 2"), 10, "epochs = 40");
    scratch.write("c.toml", text);
  }
  os::Child start() const {
    return os::Child(
        {.arguments = {(std::filesystem::path(ASSAY_BIN) / "assay").string(), "run", config, "--device", "cpu"},
         .folder = scratch.path(),
         .standard_output = scratch / "out",
         .standard_error = scratch / "err"});
  }
  /// A worker of the search in the midst of its trials.
  pid_t worker() const {
    for (int i = 0; i < 4000; ++i) {
      const auto found = tests::processes(scratch, "search-driver");
      if (!found.empty() && !os::list_folder(scratch / "runs/c/search/study/claims/0").empty()) return found.front();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL("the search did not start: " << os::read_file(scratch / "out"));
    return 0;
  }
  void check_complete() const {
    const auto trials = base::Json::parse(run_program(scratch, {"assay", "trials", "runs/c", "--json"}).out);
    CHECK(trials.size() == 30);
    for (const auto& trial : trials) CHECK(trial.at("state") == "done");
  }
};

}  // namespace

TEST_CASE("kill -9 of a worker in mid trial: it is replaced and nothing is lost", "[slow]") {
  if (!tests::built("assay") || !tests::built("full-train-topk")) SKIP("the executables are not built in " ASSAY_BIN);
  const LongRun run;
  auto child = run.start();
  ::kill(run.worker(), SIGKILL);
  const auto ended = child.wait();
  INFO(os::read_file(run.scratch / "out"));
  CHECK(ended.code == 0);
  CHECK_THAT(os::read_file(run.scratch / "out"),
             ContainsSubstring("of search ended with SIGKILL; started again (1 of 3)"));
  run.check_complete();
}

TEST_CASE("a run that is asked to stop ends with 75 and goes on where it stopped", "[slow]") {
  if (!tests::built("assay") || !tests::built("full-train-topk")) SKIP("the executables are not built in " ASSAY_BIN);
  const LongRun run;
  auto child = run.start();
  run.worker();
  ::kill(child.pid(), SIGTERM);
  CHECK(child.wait().code == 75);
  CHECK_THAT(os::read_file(run.scratch / "out"), ContainsSubstring("Start again: `assay run"));
  CHECK(tests::processes(run.scratch, "search-driver").empty());
  const auto again = run_program(run.scratch, {"assay", "run", "runs/c", "--device", "cpu"});
  INFO(again.out << again.error);
  CHECK(again.code == 0);
  run.check_complete();
}
