// What people do to a search by hand: ask, tell, add, drop, retry, stop, trial, fsck, with the built `assay` alone.
#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <set>

#include "assay/bench.hpp"
#include "study/outputs.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using tests::Bench;
using tests::exploit;
using tests::run_program;
using tests::Scratch;

namespace {

bool missing() { return !tests::built("assay"); }

}  // namespace

TEST_CASE("a script asks for trials and tells their results") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 3\nmax_failed = 3\n");
  const auto first = assay.ask();
  CHECK(first["trial"] == 0);
  CHECK(first["point"] == Json{{"params.training.lr", 0.1}, {"params.training.optimizer", "sgd"}});
  CHECK(first["params"]["training"]["lr"] == 0.1);
  CHECK(assay.ask()["trial"] == 1);

  const auto wrong = assay({"tell", "runs/c", "0", "scores=0.5"});
  CHECK(wrong.code == 64);
  CHECK_THAT(wrong.error, ContainsSubstring("score, which [objectives] names (you wrote scores)"));
  CHECK(assay({"tell", "runs/c", "0", "--step", "1", "score=0.25"}).out == "go on\n");
  CHECK(assay({"tell", "runs/c", "0", "--step", "2", "score=0.5"}).out == "go on\n");
  CHECK(assay({"tell", "runs/c", "0", "score=0.75", "color=blue"}).code == 0);
  const auto twice = assay({"tell", "runs/c", "0", "score=1"});
  CHECK(twice.code == 64);
  CHECK_THAT(twice.error, ContainsSubstring("has its result already (done)"));
  CHECK(assay({"tell", "runs/c", "9", "score=1"}).code == 64);

  const auto told = assay.trial(0);
  CHECK(told["state"] == "done");
  const auto& rung = told["rungs"][0];
  CHECK(rung["metrics"]["score"] == 0.75);
  CHECK(rung["attributes"]["color"] == "blue");
  CHECK(rung["ended"].get<double>() - rung["started"].get<double>() > 0.01);  // since it was asked for
  CHECK(rung["attempt"] == 1);                                                // of who asked, not of who told
  REQUIRE(rung["reports"].size() == 2);
  CHECK(rung["reports"][1]["metrics"]["score"] == 0.5);
  CHECK(rung["reports"][1]["seconds"] < 100);

  CHECK(assay({"tell", "runs/c", "1", "score=nan"}).out == "trial 1 is failed\n");
  CHECK(assay.ask()["trial"] == 2);
  const auto none = assay({"ask", "runs/c"});
  CHECK(none.code == 75);  // what is asked for may come back
  CHECK_THAT(none.error, ContainsSubstring("all trials are claimed") && ContainsSubstring("trial 2 among them"));
  CHECK_THAT(assay({"status", "runs/c"}).out, ContainsSubstring("trial 2: asked for") && ContainsSubstring("1 d"));
  assay.check_sound();
}

TEST_CASE("a trial that ran out of memory is asked for once more, with half the batch") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 2\nmax_failed = 2\n");
  CHECK(assay.ask()["accumulate"] == 1);
  const auto first = assay({"tell", "runs/c", "0", "--failed", "oom"});
  INFO(first.error);
  CHECK_THAT(first.out, ContainsSubstring("once more with half the batch"));
  CHECK(assay.trial(0)["state"] == "waiting");
  const auto again = assay.ask();
  CHECK(again["trial"] == 0);
  CHECK(again["accumulate"] == 2);
  CHECK(again["point"]["params.training.lr"] == 0.1);
  CHECK(assay({"tell", "runs/c", "0", "--failed", "oom"}).out == "trial 0 is failed\n");
  CHECK(assay.trial(0)["rungs"][0]["failure"] == "oom");
  CHECK(assay.ask()["trial"] == 1);
  assay.check_sound();
}

TEST_CASE("a result is told though the log of the worker that asked was packed meanwhile") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 6\n[study]\npack_from = 1\n");
  const auto logs = [&] { return os::list_folder(assay.scratch / "runs/c/search/study/log"); };
  CHECK(assay.ask()["trial"] == 0);
  const auto asked = logs();
  REQUIRE(asked.size() == 1);
  CHECK(assay.ask()["trial"] == 1);  // packs what it finds; trial 0 stays with who asked for it
  const auto later = logs();
  CHECK(std::find(later.begin(), later.end(), asked.front()) == later.end());
  CHECK_THAT(assay({"status", "runs/c"}).out, ContainsSubstring("trial 0: asked for"));
  CHECK(assay({"tell", "runs/c", "0", "--step", "1", "score=0.25"}).out == "go on\n");
  CHECK(assay.ask()["trial"] == 2);
  CHECK(assay({"tell", "runs/c", "0", "score=0.75"}).out == "trial 0 is done\n");
  CHECK(assay.ask()["trial"] == 3);
  const auto told = assay.trial(0);
  CHECK(told["state"] == "done");
  CHECK(told["params"]["params.training.lr"] == 0.1);
  REQUIRE(told["rungs"][0]["reports"].size() == 1);
  CHECK(assay.trial(1)["state"] == "running");
  assay.check_sound();
}

TEST_CASE("what a trial printed is shown also after it was packed") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "--failed", "exit code 1"}).code == 0);
  const study::Layout layout{assay.scratch / "runs/c/search"};
  const auto attempt = layout.attempt({0, 0}, assay.trial(0)["rungs"][0]["attempt"].get<int>());
  os::make_folders(attempt);
  os::publish(attempt / "output.log", "loading\nno such module\n");
  std::set<trial::TrialId> refused;
  const auto ended = [](trial::TrialId) { return true; };
  const auto gone = [](const std::string&) { return false; };
  REQUIRE(study::pack_outputs(layout, "packer", 1, ended, gone, refused) == 1);
  REQUIRE_FALSE(os::file_size(attempt / "output.log"));
  CHECK_THAT(assay({"trial", "runs/c", "0"}).out,
             ContainsSubstring("last lines of output.log:\n    loading\n    no such module\n"));
  assay.check_sound();
}

TEST_CASE("what was dropped is not told any more") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  assay.ask();
  const auto asked = assay.trial(0)["rungs"][0];
  CHECK_THAT(assay({"drop", "runs/c", "0"}).out, ContainsSubstring("trial 0 is dropped"));
  const auto dropped = assay.trial(0)["rungs"][0];
  for (const auto* name : {"attempt", "worker", "host", "started"}) CHECK(dropped[name] == asked[name]);
  const double held = dropped["ended"].get<double>() - dropped["started"].get<double>();
  CHECK(held > 0.01);
  CHECK(dropped["device_seconds"].get<double>() == held);
  CHECK(assay({"tell", "runs/c", "0", "--step", "3", "score=0.5"}).out == "stop\n");
  CHECK(assay({"tell", "runs/c", "0", "score=0.5"}).code == 64);
  const auto again = assay({"drop", "runs/c", "0"});
  CHECK(again.code == 64);
  CHECK_THAT(again.error, ContainsSubstring("has ended already (stopped)"));
  CHECK(assay({"drop", "runs/c", "first"}).code == 64);
  CHECK_THAT(assay({"trial", "runs/c", "0"}).out,
             ContainsSubstring("dropped by hand") && !ContainsSubstring("reproduce"));
  CHECK(assay({"reproduce", "runs/c", "0"}).code == 64);  // nothing here can train
  CHECK(assay.ask()["trial"] == 1);
  assay.check_sound();
}

TEST_CASE("early stopping and derived objectives by hand") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay(
      "max_trials = 6\nearly_stop = \"median\"\nearly_stop_from = 2\nearly_stop_curves = 1\n[objectives.worth]\ngoal "
      "= \"max\"\nof = \"score\"\n[[reward]]\nmetric = \"ms\"\ntarget = 2\n");
  assay.ask();
  assay.ask();
  for (const auto* step : {"1", "2", "3"}) {
    CHECK(assay({"tell", "runs/c", "0", "--step", step, "score=0.5", "ms=1"}).out == "go on\n");
  }
  const auto lacking = assay({"tell", "runs/c", "0", "score=0.5"});
  CHECK(lacking.code == 64);
  CHECK_THAT(lacking.error, ContainsSubstring("a result needs ms"));
  CHECK(assay({"tell", "runs/c", "0", "score=0.5", "ms=4"}).code == 0);
  CHECK(assay.trial(0)["rungs"][0]["metrics"]["worth"] == 0.25);

  CHECK(assay({"tell", "runs/c", "1", "--step", "1", "score=0.1", "ms=1"}).out == "go on\n");
  const auto told = assay({"tell", "runs/c", "1", "--step", "2", "score=0.2", "ms=1"});
  CHECK(told.out == "stop\n");
  CHECK_THAT(told.error, ContainsSubstring("median rule: the best score so far, 0.2 at step 2, is below 0.5"));
  CHECK(assay({"tell", "runs/c", "1", "--stopped", "score=0.2"}).out == "trial 1 is stopped\n");
  const auto stopped = assay.trial(1);
  CHECK(stopped["state"] == "stopped");
  CHECK(stopped["rungs"][0]["metrics"]["score"] == 0.2);
  assay.check_sound();
}

TEST_CASE("given parameters are added as words, JSON and CSV, and measured next") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  CHECK_THAT(assay({"add", "c.toml", "lr=0.5"}).out, ContainsSubstring("added trial 0"));
  assay.scratch.write("points.json", R"([{"training": {"lr": 0.25}}, {"training.optimizer": "adam"}])");
  CHECK_THAT(assay({"add", "runs/c", "points.json"}).out, ContainsSubstring("added 2 trials (1, 2)"));
  assay.scratch.write("points.csv", "optimizer,params.training.lr\nadam,0.125\n");
  CHECK_THAT(assay({"add", "runs/c", "points.csv"}).out, ContainsSubstring("added trial 3"));

  const auto unknown = assay({"add", "runs/c", "rl=0.5"});
  CHECK(unknown.code == 64);
  CHECK_THAT(unknown.error, ContainsSubstring("no parameter rl"));
  const auto outside = assay({"add", "runs/c", "lr=7"});
  CHECK(outside.code == 64);
  CHECK_THAT(outside.error, ContainsSubstring("training.lr") && ContainsSubstring("7 is outside of"));
  CHECK_THAT(assay({"add", "runs/c", "lr=hello"}).error, ContainsSubstring("training.lr: \"hello\" is no number"));
  CHECK_THAT(assay({"add", "runs/c", "lr="}).error, ContainsSubstring("training.lr: \"\" is no number"));
  CHECK(assay({"add", "runs/c", "lr=0.1", "lr=0.9"}).code == 64);
  for (const auto* nothing : {"lr\n", "[]", "\"text\""}) {
    assay.scratch.write("nothing", nothing);
    const auto said = assay({"add", "runs/c", "nothing"});
    CHECK(said.code == 64);
    CHECK_THAT(said.error, ContainsSubstring("nothing to add"));
  }
  assay.scratch.write("torn.json", "[{");
  CHECK(assay({"add", "runs/c", "torn.json"}).code == 65);
  CHECK(assay({"add", "runs/c", "nowhere.json"}).code == 64);
  assay.scratch.write("many.csv", "lr\n0.1\n0.2\n0.3\n");
  const auto many = assay({"add", "runs/c", "many.csv"});
  CHECK(many.code == 64);
  CHECK_THAT(many.error,
             ContainsSubstring("2 of 6 numbers are free, 3 are wanted") && ContainsSubstring("search.max_trials=7"));
  CHECK(assay({"trial", "runs/c", "4"}).code == 64);  // nothing of what was refused is there

  for (const double lr : {0.5, 0.25, 0.1, 0.125}) CHECK(assay.ask()["point"]["params.training.lr"] == lr);
  CHECK(assay.trial(3)["params"]["params.training.optimizer"] == "adam");
  CHECK(assay.ask()["trial"] == 4);
  assay.check_sound();
}

TEST_CASE("failed trials get another try in an open search") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 6\nmax_failed = 5\n");
  const auto first = assay.ask();
  CHECK(assay({"retry", "runs/c", "0"}).code == 64);
  CHECK(assay({"tell", "runs/c", "0", "--failed", "the disk was full"}).code == 0);
  CHECK_THAT(assay({"trial", "runs/c", "0"}).out, ContainsSubstring("the disk was full"));
  CHECK(assay({"retry", "runs/c"}).code == 64);
  CHECK_THAT(assay({"retry", "runs/c", "--failed"}).out, ContainsSubstring("trial 0 is tried again as trial 1"));
  CHECK_THAT(assay({"retry", "runs/c", "--failed"}).out, ContainsSubstring("no trial of search failed"));
  const auto again = assay.ask();
  CHECK(again["trial"] == 1);
  CHECK(again["params"] == first["params"]);
  const auto record = assay.trial(1);
  CHECK_THAT(record["note"].get<std::string>(), ContainsSubstring("retry of trial 0"));
  CHECK(record["tags"]["retry_of"] == "0");
  assay.check_sound();
}

TEST_CASE("a rung with parameters of its own is tried again with those") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  exploit(assay, {.state = trial::State::failed, .failure = trial::Failure::exit, .reason = "no memory"});
  CHECK(assay({"stop", "runs/c", "--close"}).code == 0);
  const auto said = assay({"retry", "runs/c", "0"});
  INFO(said.error);
  CHECK(said.code == 0);
  const auto record = assay.trial(0);
  CHECK(record["params"]["params.training.lr"] == 0.1);
  REQUIRE(record["rungs"].size() == 2);
  CHECK(record["rungs"][0]["state"] == "done");
  CHECK(record["rungs"][1]["state"] == "waiting");
  CHECK(record["rungs"][1]["params"]["params.training.lr"] == 0.75);
  assay.check_sound();
}

TEST_CASE("stop leaves a request that is withdrawn, close ends the study") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  CHECK(assay({"stop", "c.toml"}).code == 64);
  assay.ask();
  assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "score=1"}).code == 0);
  CHECK_THAT(assay({"stop", "runs/c"}).out, ContainsSubstring("hands out no trial") &&
                                                ContainsSubstring("--lift` lets it continue") &&
                                                !ContainsSubstring("assay run") && !ContainsSubstring("workers"));
  CHECK(os::file_size(assay.scratch / "runs/c/search/study/stop"));
  CHECK_THAT(assay({"status", "runs/c"}).out, ContainsSubstring("asked to stop") && !ContainsSubstring("assay run"));
  const auto refused = assay({"ask", "runs/c"});
  CHECK(refused.code == 75);
  CHECK_THAT(refused.error, ContainsSubstring("asked to stop") && ContainsSubstring("--lift` lets it continue"));
  CHECK(assay({"tell", "runs/c", "1", "--step", "1", "score=0.5"}).out == "stop\n");
  CHECK(assay.trial(1)["rungs"][0]["reports"].size() == 1);
  CHECK_THAT(assay({"stop", "runs/c", "--lift"}).out, ContainsSubstring("search continues"));
  CHECK_FALSE(os::file_size(assay.scratch / "runs/c/search/study/stop"));
  CHECK(assay({"tell", "runs/c", "1", "--step", "2", "score=0.5"}).out == "go on\n");

  const auto closed = assay({"stop", "runs/c", "--close"});
  CHECK(closed.code == 0);
  CHECK_THAT(closed.out,
             ContainsSubstring("closed with 1 results") && ContainsSubstring("1 trials that are under way"));
  CHECK_THAT(assay({"stop", "runs/c", "--close"}).out, ContainsSubstring("closed already"));
  CHECK(assay({"tell", "runs/c", "1", "score=0.5"}).code == 0);  // it still counts
  CHECK(assay({"ask", "runs/c"}).code == 3);
  CHECK_THAT(assay({"add", "runs/c", "lr=0.5"}).out, ContainsSubstring("the search is open again, generation 2"));
  CHECK(assay({"stop", "runs/c", "--close", "--stage", "proxy"}).code == 69);
  assay.check_sound();
}

TEST_CASE("fsck names what is broken") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  CHECK(assay({"fsck", "c.toml"}).code == 64);
  assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "score=1"}).code == 0);
  assay.check_sound();
  for (const auto& name : os::list_folder(assay.scratch / "runs/c/search/study/log")) {
    os::remove_all(assay.scratch / ("runs/c/search/study/log/" + name));
  }
  const auto said = assay({"fsck", "runs/c", "--json"});
  CHECK(said.code == 74);
  CHECK(Json::parse(said.out)["sound"] == false);
  CHECK_THAT(assay({"fsck", "runs/c"}).out, ContainsSubstring("broken:") && ContainsSubstring("trial 0 rung 0"));
}

TEST_CASE("a study without its study.json, or of another version, is told by everybody") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  assay.ask();
  const auto file = assay.scratch / "runs/c/search/study/study.json";
  auto definition = Json::parse(os::read_file(file));
  os::remove_all(file);
  const auto broken = assay({"fsck", "runs/c"});
  CHECK(broken.code == 74);
  CHECK_THAT(broken.out, ContainsSubstring("broken: study/study.json is missing"));
  definition["format"] = 99;
  os::publish(file, definition.dump());
  assay.scratch.write("points.csv", "lr\n0.5\n");
  const std::vector<std::vector<std::string>> all = {{"trials", "runs/c"},
                                                     {"status", "runs/c"},
                                                     {"fsck", "runs/c"},
                                                     {"ask", "runs/c"},
                                                     {"add", "runs/c", "points.csv"},
                                                     {"drop", "runs/c", "0"},
                                                     {"tell", "runs/c", "0", "score=1"},
                                                     {"export", "runs/c"}};
  for (const auto& words : all) {
    const auto said = assay(words);
    INFO(words.front());
    CHECK(said.code == 65);
    CHECK_THAT(said.error, ContainsSubstring("another version of Assay (its format is 99, this one reads 1)"));
  }
}

TEST_CASE("stages without a study, or with a fixed list, say what to do") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  assay.ask();
  const auto none = assay({"trial", "runs/c", "0", "--stage", "full"});
  CHECK(none.code == 69);
  CHECK_THAT(none.error, ContainsSubstring("has no full stage") && ContainsSubstring("by hand"));
  for (const auto* stage : {"split", "report"}) {
    CHECK(assay({"trial", "runs/c", "0", "--stage", stage}).code == 64);
    CHECK_THAT(assay({"trials", "runs/c", "--stage", stage}).error, ContainsSubstring("has no trials; baseline"));
  }
  CHECK(assay({"add", "runs/c", "lr=0.1", "--stage", "full"}).code == 64);
  CHECK(assay({"ask", "runs/c", "--stage", "proxy"}).code == 64);
  CHECK(assay({"tell", "runs/c", "0", "score"}).code == 64);
  CHECK(assay({"ask", "runs/c", "--patience", "soon"}).code == 64);
}

TEST_CASE("a search with stages before it is not created without them: what is added is kept for it") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Scratch scratch;
  scratch.write("c.toml", tests::small_run());
  const auto said = run_program(scratch, {"assay", "add", "c.toml", "width=8"});
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("kept 1 point"));
  CHECK_FALSE(os::file_size(scratch / "runs/c/search/study/study.json"));
}
