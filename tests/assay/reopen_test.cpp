// A search that has ended, and each verb that opens it again.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "assay/bench.hpp"
#include "assay/programs.hpp"
#include "base/json.hpp"

using namespace assay;
using namespace assay::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

bool missing() { return !built("assay"); }

base::Json done(const Bench& assay, int generation) {
  const auto name = generation == 1 ? std::string("done.json") : "done." + std::to_string(generation) + ".json";
  const auto text = os::try_read_file(assay.scratch / "runs/c/search" / name);
  return text ? base::Json::parse(*text) : base::Json();
}

/// Two trials, all there may be.
void end(const Bench& assay) {
  for (int i = 0; i < 2; ++i) {
    assay.ask();
    REQUIRE(assay({"tell", "runs/c", std::to_string(i), "score=0.5"}).code == 0);
  }
  REQUIRE(done(assay, 1)["figures"]["counts"]["done"] == 2);
}

}  // namespace

TEST_CASE("set opens a search that has ended again; its result is that of the new generation") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 2\n");
  end(assay);
  CHECK_THAT(assay({"set", "runs/c", "search.max_trials=2"}).out, ContainsSubstring("stays so"));
  CHECK(assay({"ask", "runs/c"}).code == 3);
  CHECK_THAT(assay({"set", "runs/c", "search.max_trials=3"}).out, ContainsSubstring("open again, generation 2"));
  const auto report = run_program(assay.scratch, {"assay", "status", "runs/c"});
  CHECK_THAT(report.out, ContainsSubstring("reopened: generation 2"));
  CHECK(assay.ask()["trial"] == 2);
  CHECK(assay({"tell", "runs/c", "2", "score=0.75"}).code == 0);
  CHECK(done(assay, 2)["figures"]["best"] == 2);
  CHECK(done(assay, 1)["figures"]["best"] == 0);
  assay.check_sound();
}

TEST_CASE("a reopened search is judged again as the generation that it is") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 1\n[[constraint]]\nmetric = \"latency\"\nat_most = 9\n");
  assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "score=0.5", "latency=5"}).code == 0);
  const auto first = done(assay, 1);
  CHECK(assay({"set", "runs/c", "search.max_trials=2"}).code == 0);
  assay.ask();
  CHECK(assay({"tell", "runs/c", "1", "score=0.75", "latency=8"}).code == 0);
  CHECK(done(assay, 2)["figures"]["best"] == 1);
  CHECK_THAT(assay({"set", "runs/c", "constraint[0].at_most=6"}).out,
             ContainsSubstring("the best of the search was trial 1 (0.75), is trial 0 (0.5) now"));
  CHECK(done(assay, 2)["figures"]["best"] == 0);
  CHECK(done(assay, 1) == first);
  CHECK_THAT(assay({"best", "runs/c"}).out, ContainsSubstring("trial 0"));
  assay.check_sound();
}

TEST_CASE("add and import open a search that has ended again") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 4\n");
  assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).code == 0);
  CHECK(assay({"stop", "runs/c", "--close"}).code == 0);
  CHECK(done(assay, 1)["state"] == "done");
  CHECK(assay({"ask", "runs/c"}).code == 3);  // a script's loop must end
  CHECK_THAT(assay({"add", "runs/c", "lr=0.5"}).out, ContainsSubstring("open again, generation 2"));
  CHECK(assay.ask()["trial"] == 1);
  CHECK(assay({"tell", "runs/c", "1", "score=0.25"}).code == 0);
  CHECK(assay({"stop", "runs/c", "--close"}).code == 0);
  CHECK(done(assay, 2)["figures"]["counts"]["done"] == 2);
  assay.scratch.write("more.csv", "lr,optimizer,score\n0.25,sgd,0.875\n");
  CHECK_THAT(assay({"import", "runs/c", "more.csv"}).out, ContainsSubstring("open again, generation 3"));
  CHECK(assay({"stop", "runs/c", "--close"}).code == 0);
  CHECK(done(assay, 3)["figures"]["best_score"] == 0.875);
  const auto more = assay({"ask", "runs/c", "--reopen"});
  CHECK(more.code == 0);
  CHECK_THAT(more.error, ContainsSubstring("open again, generation 4"));
  assay.check_sound();
}

TEST_CASE("a result that its closer did not live to publish is published by who finds it") {
  if (missing() || !built("analyze")) SKIP("the programs are not built in " ASSAY_BIN);
  const Bench assay("max_trials = 2\n");
  end(assay);
  os::remove_all(assay.scratch / "runs/c/search/done.json");
  CHECK(run_program(assay.scratch, {"analyze", "runs/c"}).code == 0);
  CHECK(done(assay, 1)["figures"]["counts"]["done"] == 2);
}

TEST_CASE("a stop between stages holds the next stage up until it is lifted") {
  if (missing() || !built("split-data")) SKIP("the programs are not built in " ASSAY_BIN);
  const Scratch scratch;
  scratch.write("train.csv", table());
  scratch.write("valid.csv", table(30));
  scratch.write("s.toml", small_run());
  const auto program = [&](const std::vector<std::string>& words) { return run_program(scratch, words); };
  REQUIRE(program({"split-data", "runs/s", "--config", "s.toml"}).code == 0);
  CHECK(program({"assay", "stop", "runs/s"}).code == 0);
  CHECK(program({"split-data", "runs/s"}).code == 0);  // it is done
  const auto held = program({"split-data", "runs/s", "--force"});
  CHECK(held.code == 75);
  CHECK_THAT(held.error, ContainsSubstring("assay stop"));
  CHECK(program({"assay", "stop", "runs/s", "--lift"}).code == 0);
  CHECK(program({"split-data", "runs/s", "--force"}).code == 0);
}
