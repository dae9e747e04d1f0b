// `assay set` says what a change does, of each class.
#include <catch2/matchers/catch_matchers_string.hpp>

#include "assay/bench.hpp"
#include "os/file.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using tests::Bench;

namespace {

bool missing() { return !tests::built("assay"); }

Json figures_of(const Bench& assay) {
  return Json::parse(os::read_file(assay.scratch / "runs/c/search/done.json")).at("figures");
}

}  // namespace

TEST_CASE("a bound that changes after the search judges its measurements again") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 3\n[[constraint]]\nmetric = \"latency\"\nat_most = 9\n");
  for (const char* result : {"score=0.5", "score=0.7", "score=0.9"}) {
    const auto number = std::to_string(assay.ask()["trial"].get<int>());
    const std::string latency = std::string("latency=") + std::string(result).substr(8);
    CHECK(assay({"tell", "runs/c", number, result, latency}).code == 0);
  }
  CHECK(figures_of(assay).at("best") == 2);

  const auto set = assay({"set", "runs/c", "constraint[0].at_most=8"});
  CHECK(set.code == 0);
  CHECK_THAT(set.out, ContainsSubstring("constraint[0].at_most: 9 -> 8; what 3 trials measured stays") &&
                          ContainsSubstring("the best of the search was trial 2 (0.9), is trial 1 (0.7) now") &&
                          !ContainsSubstring("stale"));
  CHECK(figures_of(assay).at("best") == 1);
  CHECK_THAT(assay({"status", "runs/c"}).out, ContainsSubstring("trial 1") && !ContainsSubstring("stale"));
  CHECK_THAT(assay({"set", "runs/c", "constraint[0]="}).out, ContainsSubstring("is trial 2 (0.9) now"));
  CHECK_THAT(assay({"set", "runs/c", "objectives.score.threshold=0.1"}).out,
             ContainsSubstring("the best of the search is as before: trial 2 (0.9)"));
  CHECK_THAT(assay({"set", "runs/c", "search.stop=[]"}).out,
             ContainsSubstring("it counts when the search takes more trials"));
  CHECK_THAT(assay({"set", "runs/c", "objectives.score.threshold=0.1"}).out, ContainsSubstring("nothing changes"));
  CHECK_THAT(assay({"set", "runs/c", "params.training.optimizer.choice[1]=adamw"}).out,
             ContainsSubstring("it says what is trained") && ContainsSubstring("search becomes stale"));
}

TEST_CASE("a running search takes up a bound, and what is measured is judged by it") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 4\n[[constraint]]\nmetric = \"latency\"\nat_most = 9\n");
  for (const char* result : {"7", "5"}) {
    const auto number = std::to_string(assay.ask()["trial"].get<int>());
    CHECK(assay({"tell", "runs/c", number, std::string("score=0.") + result, std::string("latency=") + result}).code ==
          0);
  }
  CHECK_THAT(assay({"best", "runs/c"}).out, ContainsSubstring("trial 0"));
  CHECK_THAT(assay({"set", "runs/c", "constraint[0].at_most=6"}).out,
             ContainsSubstring("what 2 trials measured stays; it is judged by it from now on"));
  CHECK_THAT(assay({"best", "runs/c"}).out, ContainsSubstring("trial 1"));
  CHECK(assay.ask()["trial"] == 2);  // the study is the same one
  assay.check_sound();
}
