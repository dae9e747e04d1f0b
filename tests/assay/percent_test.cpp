// Metrics that a command reports in per cent are no shares: neither a percent sign nor an interval of proportions.
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <utility>

#include "assay/programs.hpp"
#include "base/json.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using tests::run_program;

TEST_CASE("an accuracy of 92.5 is shown as it is, one of 0.925 in per cent with Wilson's interval") {
  for (const auto* program : {"split-data", "baseline-train", "assay"}) {
    if (!tests::built(program)) SKIP(program << " is not built in " ASSAY_BIN);
  }
  const auto [value, shown] = GENERATE(std::pair("92.5", "92.5;"), std::pair("0.925", "92.5 % ["));
  const tests::Scratch scratch;
  scratch.write("train.csv", tests::table());
  scratch.write("valid.csv", tests::table(30));
  scratch.write("train.sh",
                "echo '{\"final\": true, \"accuracy\": " + std::string(value) + "}' >> \"$ASSAY_METRICS\"\n");
  scratch.write(
      "c.toml",
      "[data]\nformat = \"external\"\nitems = \"train.csv\"\nvalid = \"valid.csv\"\nlabel = \"kind\"\n[trial]\n"
      "command = [\"sh\", \"train.sh\"]\n[params.training]\nlr = { float = [0.001, 1.0], default = 0.1 }\n"
      "[objectives]\naccuracy = { goal = \"max\" }\n");
  CHECK(run_program(scratch, {"split-data", "run", "--config", "c.toml", "-q"}).code == 0);
  const auto said = run_program(scratch, {"baseline-train", "run", "-q"});
  INFO(said.error);
  REQUIRE(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring(shown));
  CHECK_THAT(run_program(scratch, {"assay", "status", "run"}).out, ContainsSubstring(shown));
  const auto done = base::Json::parse(os::read_file(scratch / "run/baseline/done.json"));
  const auto& score = done["figures"]["score"];
  CHECK(score["lo"].get<double>() <= score["estimate"].get<double>());
  CHECK(score["hi"].get<double>() >= score["estimate"].get<double>());
  CHECK((score["lo"] == score["hi"]) == (score["estimate"] == 92.5));
}
