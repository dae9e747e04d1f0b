// How a search ends whose trials are asked for by hand, and what the stages say that such a run does not have.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "assay/bench.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using tests::Bench;
using tests::run_program;

namespace {

bool missing() { return !tests::built("assay") || !tests::built("analyze"); }

Json result(const Bench& assay) {
  return Json::parse(os::try_read_file(assay.scratch / "runs/c/search/done.json").value_or("null"));
}

bool eventually(const std::function<bool()>& condition, double seconds = 30) {
  const double end = base::steady_seconds() + seconds;
  while (!condition()) {
    if (base::steady_seconds() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return true;
}

}  // namespace

TEST_CASE("the last result that is told ends the search") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 3\n");
  const auto early = assay({"run", "c.toml"});
  CHECK(early.code == 64);
  CHECK_THAT(early.error, ContainsSubstring("assay ask"));
  CHECK_FALSE(std::filesystem::exists(assay.scratch / "runs/c"));
  for (int i = 0; i < 3; ++i) assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).out == "trial 0 is done\n");
  CHECK(assay({"tell", "runs/c", "2", "score=0.75"}).out == "trial 2 is done\n");
  const auto none = assay({"ask", "runs/c"});
  CHECK(none.code == 75);  // trial 1 may come back
  CHECK_THAT(none.error, ContainsSubstring("trial 1") && ContainsSubstring("it is held for 1 d"));
  CHECK(result(assay).is_null());
  const auto last = assay({"tell", "runs/c", "1", "score=0.25"});
  CHECK_THAT(last.out, ContainsSubstring("trial 1 is done\n") && ContainsSubstring("best 0.75 (trial 2)"));
  CHECK(result(assay)["figures"]["best"] == 2);

  const auto after = assay({"ask", "runs/c"});
  CHECK(after.code == 3);
  CHECK_THAT(after.error, !ContainsSubstring("--close"));
  const auto status = assay({"status", "runs/c"}).out;
  CHECK_THAT(status, ContainsSubstring("search    done") && !ContainsSubstring("split") && !ContainsSubstring("full"));
  CHECK_THAT(assay({"stop", "runs/c", "--close"}).out, ContainsSubstring("closed already"));
  const auto whole = assay({"run", "runs/c"});
  INFO(whole.error);
  CHECK(whole.code == 0);
  CHECK_THAT(whole.out, ContainsSubstring("report: ") && !ContainsSubstring("split"));
  CHECK(os::file_size(assay.scratch / "runs/c/report/done.json"));
  assay.check_sound();
}

TEST_CASE("a search by hand is closed early, by its failures, by a dropped trial") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  SECTION("closed with a trial under way") {
    const Bench assay;
    for (int i = 0; i < 3; ++i) assay.ask();
    CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).code == 0);
    CHECK(assay({"tell", "runs/c", "1", "score=0.25"}).code == 0);
    const auto closed = assay({"stop", "runs/c", "--close"});
    CHECK_THAT(closed.out, ContainsSubstring("reported result ends the search") && !ContainsSubstring("search-driver"));
    CHECK(result(assay).is_null());
    CHECK_THAT(assay({"drop", "runs/c", "2"}).out, ContainsSubstring("best 0.5 (trial 0)"));
    CHECK(result(assay)["figures"]["counts"]["stopped"] == 1);
    CHECK_THAT(result(assay)["figures"]["reason"].get<std::string>(), ContainsSubstring("closed by hand"));
  }
  SECTION("closed with nothing under way") {
    const Bench assay;
    assay.ask(), assay.ask();
    CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).code == 0);
    CHECK(assay({"tell", "runs/c", "1", "score=0.5"}).code == 0);
    const auto closed = assay({"stop", "runs/c", "--close"});
    CHECK_THAT(closed.out, ContainsSubstring("best 0.5 (trial 0)") && !ContainsSubstring("front"));
    CHECK(result(assay)["state"] == "done");
  }
  SECTION("too many failures") {
    const Bench assay("max_trials = 6\nmax_failed = 1\n");
    assay.ask(), assay.ask();
    CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).code == 0);
    CHECK(assay({"tell", "runs/c", "1", "--failed", "exit code 1"}).code == 0);
    CHECK(result(assay)["state"] == "partial");
    CHECK_THAT(assay({"status", "runs/c"}).out, ContainsSubstring("too many failed trials"));
  }
  SECTION("without a result") {
    const Bench assay("max_trials = 2\nmax_failed = 1\n");
    assay.ask();
    CHECK_THAT(assay({"tell", "runs/c", "0", "--failed", "exit code 1"}).out,
               ContainsSubstring("none of its trials succeeded"));
    CHECK(assay({"ask", "runs/c"}).code == 3);
  }
}

TEST_CASE("the stages of a run by hand say who measures, and --force makes room for a new search") {
  if (missing() || !tests::built("search-driver")) SKIP("the executables are not built in " ASSAY_BIN);
  const Bench assay("max_trials = 1\n");
  assay.ask();
  const auto stage = [&](const std::vector<std::string>& words) { return run_program(assay.scratch, words); };
  const auto early = stage({"search-driver", "runs/c"});
  CHECK(early.code == 64);
  CHECK_THAT(early.error, ContainsSubstring("assay ask") && ContainsSubstring("score=..."));
  CHECK_FALSE(os::file_size(assay.scratch / "runs/c/search/error.json"));
  CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).code == 0);
  const auto done = stage({"search-driver", "runs/c"});
  CHECK(done.code == 0);
  CHECK_THAT(done.error + done.out, ContainsSubstring("search is done already"));
  const auto split = stage({"split-data", "runs/c"});
  CHECK(split.code == 0);
  CHECK_THAT(split.error + split.out, ContainsSubstring("split is skipped"));
  CHECK(stage({"search-driver", "runs/c", "--force"}).code == 0);
  CHECK(std::filesystem::exists(assay.scratch / "runs/c/search.1"));
  CHECK(assay.ask()["trial"] == 0);
}

TEST_CASE("a run on a table has nothing to train in full; --quiet says nothing of what goes well") {
  for (const auto* program : {"assay", "split-data", "baseline-train", "proxy-select", "search-driver", "analyze"}) {
    if (!tests::built(program)) SKIP(program << " is not built in " ASSAY_BIN);
  }
  const tests::Scratch scratch;
  const auto example = std::filesystem::path(ASSAY_SOURCE_DIR) / "configs/examples/table";
  for (const auto* file : {"run.toml", "trainings.csv"}) scratch.write(file, os::read_file(example / file));
  std::filesystem::rename(scratch / "run.toml", scratch / "t.toml");
  const auto quiet = run_program(scratch, {"assay", "run", "-q", "t.toml", "--device", "cpu"});
  INFO(quiet.error);
  CHECK(quiet.code == 0);
  for (const auto& line : base::split(quiet.out, '\n')) CHECK((line.empty() || line.starts_with("warning: ")));
  CHECK(os::file_size(scratch / "runs/table/report/done.json"));
  const auto loud = run_program(scratch, {"assay", "run", "t.toml"});
  CHECK(loud.code == 0);
  CHECK_THAT(loud.out, ContainsSubstring("full      skipped  a table") && ContainsSubstring("report: "));
  CHECK_THAT(run_program(scratch, {"assay", "status", "runs/table"}).out, ContainsSubstring("full      skipped"));
  const auto failed =
      run_program(scratch, {"assay", "run", "-q", "t.toml", "--run", "runs/v", "--set", "trial.table.file=no.csv"});
  CHECK(failed.code != 0);
  CHECK_THAT(failed.out + failed.error, ContainsSubstring("no.csv"));
}

TEST_CASE("a dead worker that had no trial leaves nothing to take over") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  assay.ask();
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto study = study::Study::join(assay.scratch / "runs/c/search", {});
    study.refresh();
    ::_exit(0);  // no goodbye
  }
  ::waitpid(child, nullptr, 0);
  const auto status = assay({"status", "runs/c"}).out;
  CHECK_THAT(status, ContainsSubstring("trial 0: asked for") && !ContainsSubstring("no trial"));
}

TEST_CASE("a trial whose script died is handed out again once its time is over") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 2\n[study]\nlease = \"2s\"\nheartbeat = \"1s\"\n");
  CHECK(assay({"ask", "c.toml", "--patience", "1s", "--json"}).code == 0);
  CHECK(Json::parse(assay({"ask", "c.toml", "--json"}).out)["trial"] == 1);
  const auto now = assay({"ask", "runs/c"});
  CHECK(now.code == 75);
  CHECK_THAT(now.error, ContainsSubstring("2 trials have no result yet") && ContainsSubstring("it is held for"));
  std::string status;
  CHECK(eventually([&] {
    status = assay({"status", "runs/c"}).out;
    return status.find("trial 0: asked for") != std::string::npos &&
           status.find("its time is over") != std::string::npos;
  }));
  INFO(status);
  const auto next = assay({"ask", "runs/c", "--json"});
  INFO(next.error);
  REQUIRE(next.code == 0);
  CHECK(Json::parse(next.out)["trial"] == 0);
  CHECK(Json::parse(next.out)["attempt"] == 2);
  CHECK(assay({"ask", "runs/c"}).code == 75);
  CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).code == 0);
  CHECK(assay({"tell", "runs/c", "1", "score=0.25"}).code == 0);
  CHECK(assay({"ask", "runs/c"}).code == 3);
  assay.check_sound();
}

TEST_CASE("a trial that ends early keeps what it reported last") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "--step", "1", "score=0.25", "loss=2"}).code == 0);
  CHECK(assay({"tell", "runs/c", "0", "--step", "2", "score=0.5", "loss=1"}).code == 0);
  CHECK(assay({"tell", "runs/c", "0", "--stopped", "loss=0.75"}).out == "trial 0 is stopped\n");
  const auto metrics = assay.trial(0)["rungs"][0]["metrics"];
  CHECK(metrics["score"] == 0.5);
  CHECK(metrics["loss"] == 0.75);
}

TEST_CASE("a search that ended takes more trials when its limit is raised, and its failed ones again") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 2\nmax_failed = 3\n");
  assay.ask(), assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).code == 0);
  CHECK(assay({"tell", "runs/c", "1", "--failed", "exit code 1"}).code == 0);
  const auto set = assay({"set", "runs/c", "search.max_trials=3"});
  CHECK_THAT(set.out, ContainsSubstring("is open again, generation 2") && ContainsSubstring("search.max_trials = 3"));
  CHECK_THAT(assay({"status", "runs/c"}).out, ContainsSubstring("reopened: generation 2"));
  CHECK(assay.ask()["trial"] == 2);
  CHECK_THAT(assay({"tell", "runs/c", "2", "score=0.75"}).out, ContainsSubstring("best 0.75 (trial 2)"));
  CHECK(os::file_size(assay.scratch / "runs/c/search/done.2.json"));
  CHECK(assay({"ask", "runs/c"}).code == 3);
  CHECK(assay({"retry", "runs/c", "--failed"}).code == 0);
  CHECK(assay.ask()["trial"] == 1);
}
