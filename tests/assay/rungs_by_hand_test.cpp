// Searches with rungs (ASHA and its kin) steered by hand: asked for and told, added to, begun with imported results.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <set>

#include "assay/programs.hpp"
#include "base/json.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using tests::Said;
using tests::Scratch;

namespace {

/// A search with the rungs 1, 3 and 9.
struct Course {
  Scratch scratch;

  explicit Course(const std::string& more) {
    scratch.write("train.sh",
                  "#!/bin/sh\n. \"$ASSAY_SH\"\necho \"{\\\"final\\\": true, \\\"score\\\": $model_x}\" >> "
                  "\"$ASSAY_METRICS\"\n");
    scratch.write(
        "c.toml",
        "[params.model]\nx.int = [1, 500]\n[training]\nepochs = 9\n[objectives]\nscore.goal = \"max\"\n[proxy]\n"
        "reference = 0\n[search]\nalgorithm = \"asha\"\nmax_trials = 18\n" +
            more);
    scratch.write("rows.csv", "x,score,epochs\n77,77,\n500,500,3\n");
  }
  Said operator()(std::vector<std::string> words) const { return tests::run_program(scratch, words); }
  Json trial(int number) const {
    return Json::parse((*this)({"assay", "trial", "runs/c", std::to_string(number), "--json"}).out);
  }
};

}  // namespace

TEST_CASE("by hand, a search with rungs asks for the higher rungs too") {
  if (!tests::built("assay")) SKIP("assay is not built in " ASSAY_BIN);
  const Course course("");
  std::set<int> epochs;
  Said said;
  while ((said = course({"assay", "ask", "c.toml", "--json"})).code == 0) {
    const auto asked = Json::parse(said.out);
    const int rung = asked["rung"];
    epochs.insert(asked["fidelity"]["epochs"].get<int>());
    if (rung > 0) CHECK(asked["from"] == Json{{"trial", asked["trial"]}, {"rung", rung - 1}});
    if (rung == 0) CHECK(asked["from"].is_null());
    const auto x = asked["point"]["params.model.x"].dump();
    REQUIRE(course({"assay", "tell", "runs/c", asked["trial"].dump(), "score=" + x}).code == 0);
    REQUIRE(epochs.size() < 4);
  }
  INFO(said.error);
  CHECK(said.code == 3);
  CHECK(epochs == std::set{1, 3, 9});
  CHECK(course({"assay", "fsck", "runs/c"}).code == 0);
  CHECK(os::file_size(course.scratch / "runs/c/search/done.json"));
}

TEST_CASE("workers go on with a search with rungs that began by hand, and it can be added to") {
  if (!tests::built("search-driver")) SKIP("the executables are not built in " ASSAY_BIN);
  const Course course("[trial]\ncommand = [\"sh\", \"train.sh\"]\n");
  REQUIRE(course({"split-data", "runs/c", "--config", "c.toml"}).code == 0);
  REQUIRE(course({"baseline-train", "runs/c"}).code == 0);
  REQUIRE(course({"proxy-select", "runs/c"}).code == 0);
  const auto imported = course({"assay", "import", "runs/c", "rows.csv"});
  INFO(imported.error);
  REQUIRE(imported.code == 0);
  CHECK_THAT(imported.error, !ContainsSubstring("fidelity"));
  CHECK(course.trial(0)["rungs"][0]["fidelity"]["epochs"] == 9);
  CHECK(course.trial(1)["rungs"][0]["fidelity"]["epochs"] == 3);
  REQUIRE(course({"assay", "add", "runs/c", "x=499"}).code == 0);
  const auto driven = course({"search-driver", "runs/c"});
  INFO(driven.error);
  CHECK(driven.code == 0);
  CHECK(course.trial(1)["rungs"][1]["fidelity"]["epochs"] == 9);
  const auto added = course.trial(2);
  CHECK(added["params"]["params.model.x"] == 499);
  CHECK(added["rungs"].size() == 3);
  CHECK(added["rungs"][0]["fidelity"]["epochs"] == 1);
  CHECK(course({"assay", "fsck", "runs/c"}).code == 0);
}
