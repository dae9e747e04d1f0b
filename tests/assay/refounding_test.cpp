// What a slip leaves behind: a run folder in which nothing was measured, words that are not what was wanted.
#include <catch2/matchers/catch_matchers_string.hpp>

#include "assay/bench.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using tests::Bench;
using tests::run_program;
using tests::Scratch;

namespace {

bool missing() { return !tests::built("assay") || !tests::built("split-data"); }

}  // namespace

TEST_CASE("a configuration that was fixed is taken as long as nothing was measured") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("train.csv", tests::table());
  scratch.write("valid.csv", tests::table(30));
  const auto assay = [&](const std::vector<std::string>& words) { return run_program(scratch, words); };
  const auto whole = tests::small_run();
  scratch.write("c.toml", "[run]\nname = \"small\"\n" + whole.substr(whole.find("[model]")));
  const auto torn = assay({"assay", "run", "c.toml"});
  CHECK(torn.code == 64);
  CHECK_THAT(torn.error, ContainsSubstring("c.toml: data.format is missing"));
  CHECK_FALSE(std::filesystem::exists(scratch / "runs/c"));

  // A stage founds the folder and fails.
  CHECK(assay({"split-data", "runs/c", "--config", "c.toml"}).code == 64);
  CHECK(os::file_size(scratch / "runs/c/split/error.json"));
  scratch.write("c.toml", whole);
  CHECK(assay({"split-data", "runs/c", "--config", "c.toml"}).code == 0);
  CHECK_FALSE(std::filesystem::exists(scratch / "runs/c/split.1"));

  // Now something is done in it.
  scratch.write("c.toml", whole + "lr = 0.5\n");
  const auto other = assay({"split-data", "runs/c", "--config", "c.toml"});
  CHECK(other.code == 64);
  CHECK_THAT(other.error, ContainsSubstring("created from another configuration"));

  const auto import = assay({"assay", "import", "c.toml", "train.csv", "--run", "runs/other"});
  CHECK(import.code == 64);
  CHECK_FALSE(std::filesystem::exists(scratch / "runs/other"));
}

TEST_CASE("a search without a trial takes a changed space, one with a trial does not") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  const Bench assay;
  assay.scratch.write("torn.csv", "rate,score\n0.5,0.9\n");
  CHECK(assay({"import", "c.toml", "torn.csv", "--map", "speed=lr"}).code == 64);  // the search is founded by now
  const auto text = os::read_file(assay.scratch / "c.toml");
  auto wider = text;
  wider.replace(wider.find("1.0]"), 4, "2.0]");
  assay.scratch.write("c.toml", wider);
  CHECK(assay.ask()["trial"] == 0);
  assay.scratch.write("c.toml", text);
  const auto said = assay({"ask", "c.toml"});
  CHECK(said.code == 64);
  CHECK_THAT(said.error, ContainsSubstring("created from another configuration"));
}

TEST_CASE("words that are not what was wanted are told by name") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  const Bench assay;
  assay.ask();
  const auto state = assay({"trials", "runs/c", "--state", "runing"});
  CHECK(state.code == 64);
  CHECK_THAT(state.error, ContainsSubstring("did you mean running?") && ContainsSubstring("infeasible"));
  for (const auto* verb : {"trials", "status", "fsck"}) {
    const auto nowhere = assay({verb, "nosuch"});
    CHECK(nowhere.code == 64);
    CHECK_THAT(nowhere.error, ContainsSubstring("there is no run folder nosuch") && !ContainsSubstring("--config"));
  }
  const auto file = assay({"status", "c.toml"});
  CHECK(file.code == 64);
  CHECK_THAT(file.error, ContainsSubstring("c.toml is a file") && ContainsSubstring("runs/c"));
  const auto nothing = assay({"run"});
  CHECK(nothing.code == 64);
  CHECK_THAT(nothing.error, ContainsSubstring("RUN is required") && !ContainsSubstring("word_"));
  const auto stage = run_program(assay.scratch, {"split-data", "c.toml", "--config", "c.toml"});
  CHECK(stage.code == 64);
  CHECK_THAT(stage.error,
             ContainsSubstring("a run folder is expected") && ContainsSubstring("split-data runs/c --config c.toml"));
}

TEST_CASE("what is told is taken for what it is") {
  if (missing()) SKIP("the executables are not built in " ASSAY_BIN);
  const Bench assay("max_trials = 6\nmax_failed = 5\n");
  const auto asked = assay.ask();
  CHECK(asked["params"]["training"].size() == 2);
  CHECK(asked["params"]["augment"] == Json::object());
  CHECK(asked["params"]["training"]["lr"] == 0.1);
  const auto word = assay({"tell", "runs/c", "0", "score=abc"});
  CHECK(word.code == 64);
  CHECK_THAT(word.error, ContainsSubstring("\"abc\" is not a number"));
  const auto nan = assay({"tell", "runs/c", "0", "score=nan"});
  CHECK(nan.code == 0);
  CHECK_THAT(nan.error, ContainsSubstring("score=nan") && ContainsSubstring("counts as a failed trial"));
  CHECK_THAT(nan.out, ContainsSubstring("trial 0 is failed"));

  assay.ask();
  CHECK(assay({"tell", "runs/c", "1", "score=111350"}).code == 0);
  CHECK_THAT(assay({"trials", "runs/c"}).out, ContainsSubstring("111350"));
  CHECK_THAT(assay({"status", "runs/c"}).out, ContainsSubstring("best 111,350") && !ContainsSubstring("front"));

  assay.scratch.write("own.toml", os::read_file(assay.scratch / "c.toml") + "[training]\nepochs = 3\n");
  const auto own = assay({"ask", "own.toml", "--json"});
  CHECK(Json::parse(own.out)["params"]["training"]["epochs"] == 3);
}

TEST_CASE("places in messages are those of the file that was written") {
  if (missing() || !tests::built("search-driver")) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("list.toml",
                "[objectives]\nacc = { goal = \"max\" }\n[search]\nalgorithm = \"list\"\n"
                "points = [ { \"training.lr\" = 0.1 },\n  { \"training.lr\" = 7.0 } ]\n"
                "[params.training]\nlr = { float = [0.001, 1.0] }\n");
  const auto list = run_program(scratch, {"assay", "ask", "list.toml"});
  CHECK(list.code == 64);
  CHECK_THAT(list.error, ContainsSubstring("list.toml:6:3: search.points[1]:") && !ContainsSubstring("run.toml"));

  scratch.write("train.csv", tests::table());
  scratch.write("valid.csv", tests::table(30));
  scratch.write("c.toml", tests::small_run("  { op = \"conv\", name = \"stem\", kernel = 3, width = 8 },\n"));
  const auto check = run_program(scratch, {"assay", "check", "c.toml", "--device", "cpu"});
  CHECK(check.code == 64);
  CHECK_THAT(check.out, ContainsSubstring("stem") && ContainsSubstring("--keep"));
  CHECK_THAT(check.error, ContainsSubstring("no trial of the search succeeded") && !ContainsSubstring("assay trials"));
  scratch.write("c.toml", "[model]\nblocks = [ { op = \"linear\", width = \"classes\" } ]\n");
  CHECK_THAT(run_program(scratch, {"assay", "check", "c.toml"}).error,
             ContainsSubstring("c.toml: data.format is missing"));
  scratch.write("list.toml",
                "[params.training]\nlr = { float = [0.001, 1.0] }\n[objectives]\nacc = { goal = \"max\" }\n");
  const auto free = run_program(scratch, {"assay", "check", "list.toml"});
  CHECK(free.code == 0);
  CHECK_THAT(free.out, ContainsSubstring("assay ask list.toml"));
}
