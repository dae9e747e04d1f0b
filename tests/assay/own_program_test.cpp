// A program that reads its own data, searched without [data] and without a proxy, from nothing to the report.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "assay/programs.hpp"
#include "base/json.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using tests::Scratch;

TEST_CASE("a command without data and without a proxy goes through the whole pipeline at full length") {
  if (!tests::built("full-train-topk")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("train.sh",
                "#!/bin/sh\n. \"$ASSAY_SH\"\ntest \"$(tr -d ' \\n' < \"$ASSAY_SPLIT\")\" = '{}' || exit 9\n"
                "echo \"{\\\"final\\\": true, \\\"score\\\": $model_x, \\\"epochs\\\": $fidelity_epochs}\" >> "
                "\"$ASSAY_METRICS\"\n");
  scratch.write("c.toml",
                "[trial]\ncommand = [\"sh\", \"train.sh\"]\n[params.model]\nx.int = [1, 50]\n[training]\nepochs = 9\n"
                "[objectives]\nscore.goal = \"max\"\n[proxy]\nreference = 0\n[search]\nalgorithm = \"random\"\n"
                "max_trials = 6\n[full]\ntop_k = 2\nseeds = 1\n");
  const auto said = tests::run_program(scratch, {"assay", "run", "c.toml"});
  INFO(said.out << said.error);
  REQUIRE(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("no data to split: the command reads its own"));
  CHECK_THAT(said.out, ContainsSubstring("no proxy is asked for"));
  CHECK_THAT(said.out, ContainsSubstring("winner: trial") && !ContainsSubstring("untouched"));
  const auto trials = base::Json::parse(tests::run_program(scratch, {"assay", "trials", "runs/c", "--json"}).out);
  REQUIRE(trials.size() == 6);
  for (const auto& trial : trials) CHECK(trial["metrics"]["epochs"] == 9);
  const auto summary = base::Json::parse(os::read_file(scratch / "runs/c/report/summary.json"));
  CHECK_THAT(summary["headline"].dump(),
             ContainsSubstring("what the command validates on") && !ContainsSubstring("untouched"));
  CHECK(summary["full"]["untouched"] == false);
}
