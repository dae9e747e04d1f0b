// Studies that begin with the results of others: export, import, and tables of other tools.
#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "assay/bench.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using tests::Bench;
using tests::exploit;

namespace {

bool missing() { return !tests::built("assay"); }

}  // namespace

TEST_CASE("a study is exported and imported as a warm start of another one") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  for (int i = 0; i < 3; ++i) assay.ask();
  CHECK(assay({"tell", "runs/c", "0", "--step", "1", "score=0.1"}).code == 0);
  CHECK(assay({"tell", "runs/c", "0", "score=0.5", "parameters=1000", "device=cpu"}).code == 0);
  CHECK(assay({"tell", "runs/c", "1", "score=0.25"}).code == 0);
  CHECK(assay({"export", "runs/c", "-o", "all.json"}).code == 0);
  CHECK(assay({"export", "runs/c", "-o", "all.csv"}).code == 0);
  const auto csv = os::read_file(assay.scratch / "all.csv");
  CHECK_THAT(csv, ContainsSubstring("params.training.lr") && ContainsSubstring("metrics.score"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);

  for (const std::string file : {"all.json", "all.csv"}) {
    const auto other = "other-" + file;
    const auto said = assay({"import", "c.toml", file, "--run", other});
    INFO(file << ": " << said.error);
    CHECK(said.code == 0);
    CHECK_THAT(said.out, ContainsSubstring("imported 2 trials (0, 1); 6 of 6 trials are left") &&
                             ContainsSubstring("1 rows without a result"));
    const auto record = Json::parse(assay({"trial", other, "0", "--json"}).out);
    const auto original = assay.trial(0);
    CHECK(record["params"] == original["params"]);
    CHECK(record["rungs"][0]["metrics"] == original["rungs"][0]["metrics"]);
    CHECK(record["rungs"][0]["attributes"]["device"] == "cpu");
    CHECK(record["tags"]["origin"] == "import");
    if (file == "all.json") CHECK(record["rungs"][0]["reports"] == original["rungs"][0]["reports"]);
    CHECK(assay({"fsck", other}).code == 0);
    CHECK(Json::parse(assay({"ask", other, "--json"}).out)["trial"] == 2);
  }
}

TEST_CASE("tables of other tools are mapped, and what does not fit is named") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  assay.scratch.write("theirs.csv", "rate;params.opt;score;comment\n0.5;adam;0.9;good\n7;sgd;0.8;too fast\n");
  const auto unknown = assay({"import", "c.toml", "theirs.csv", "--map", "rate=training.lr"});
  CHECK(unknown.code == 64);
  CHECK_THAT(unknown.error,
             ContainsSubstring("theirs.csv") && ContainsSubstring("--map params.opt=params.training.optimizer"));
  const std::vector<std::string> words = {"import",  "c.toml", "theirs.csv",          "--map",
                                          "rate=lr", "--map",  "params.opt=optimizer"};
  const auto outside = assay(words);
  CHECK(outside.code == 64);
  CHECK_THAT(outside.error,
             ContainsSubstring("theirs.csv:3") && ContainsSubstring("training.lr") && ContainsSubstring("--skip"));
  auto skipping = words;
  skipping.emplace_back("--skip");
  const auto said = assay(skipping);
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("imported trial 0"));
  CHECK(assay.trial(0)["params"]["params.training.optimizer"] == "adam");
  CHECK(assay.trial(0)["rungs"][0]["attributes"]["comment"] == "good");

  assay.scratch.write("part.csv", "lr,score\n0.5,0.9\n");
  const auto part = assay({"import", "runs/c", "part.csv"});
  CHECK(part.code == 64);
  CHECK_THAT(part.error,
             ContainsSubstring("no column for params.training.optimizer") && ContainsSubstring("--defaults"));
  const auto meant = assay({"import", "runs/c", "part.csv", "--defaults"});
  CHECK(meant.code == 0);
  CHECK_THAT(meant.error, ContainsSubstring("no params.training.optimizer: its default sgd"));
  CHECK(assay({"import", "runs/c", "part.csv", "--map", "speed=lr"}).code == 64);
}

TEST_CASE("a column that is a fidelity in an export is the parameter of that name in other tables") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 6\n[params.model]\nwidth = { int = [4, 64], default = 8 }\n");
  const auto width = [&](const std::string& run) {
    const auto record = Json::parse(assay({"trial", run, "0", "--json"}).out);
    CHECK(record["rungs"][0]["fidelity"]["width"] == 1.0);
    return record["params"]["params.model.width"];
  };
  assay.scratch.write("theirs.csv", "lr,optimizer,width,score\n0.5,adam,32,0.9\n");
  CHECK(assay({"import", "c.toml", "theirs.csv"}).code == 0);
  CHECK(width("runs/c") == 32);
  CHECK(assay({"export", "runs/c", "-o", "ours.csv"}).code == 0);
  CHECK(assay({"import", "c.toml", "ours.csv", "--run", "second"}).code == 0);
  CHECK(width("second") == 32);

  const Bench other;
  other.scratch.write("theirs.csv", "lr,optimizer,width,score,reports,rungs\n0.5,adam,32,0.9,3,7\n");
  const auto said = other({"import", "c.toml", "theirs.csv"});
  CHECK(said.code == 64);
  CHECK_THAT(said.error, ContainsSubstring("theirs.csv:2: width = 32 is not") && ContainsSubstring("--map width="));
  CHECK(other({"import", "c.toml", "theirs.csv", "--map", "width=layer_width"}).code == 0);
  CHECK(other.trial(0)["rungs"][0]["metrics"] == Json{{"layer_width", 32}, {"reports", 3}, {"score", 0.9}});
}

TEST_CASE("a table of Optuna's is a warm start") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  // study.trials_dataframe().to_csv()
  assay.scratch.write("optuna.csv",
                      ",number,value,datetime_start,params_lr,params_optimizer,user_attrs_loss,state\n"
                      "0,0,0.5,2024-05-01 10:00:00,0.25,adam,0.75,COMPLETE\n"
                      "1,1,,2024-05-01 10:01:00,0.5,sgd,,FAIL\n"
                      "2,2,0.25,2024-05-01 10:02:00,0.125,sgd,1.5,PRUNED\n");
  const auto unnamed = assay({"import", "c.toml", "optuna.csv"});
  CHECK(unnamed.code == 64);
  CHECK_THAT(unnamed.error, ContainsSubstring("no row with a result of score") && ContainsSubstring("value"));
  const auto said = assay({"import", "c.toml", "optuna.csv", "--map", "value=score", "--map", "number=trial"});
  INFO(said.error);
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("imported trial 0") && ContainsSubstring("2 rows without a result"));
  const auto first = assay.trial(0);
  CHECK(first["params"] == Json{{"params.training.lr", 0.25}, {"params.training.optimizer", "adam"}});
  CHECK(first["rungs"][0]["metrics"] == Json{{"score", 0.5}, {"user_attrs_loss", 0.75}});
  // A column that says something else may stand under our name of the state.
  CHECK(assay({"import", "runs/c", "optuna.csv", "--map", "value=score", "--map", "state="}).code == 0);
  CHECK(assay.trial(1)["rungs"][0]["metrics"]["score"] == 0.25);
  assay.check_sound();
}

TEST_CASE("what a rung measured with parameters of its own is exported and imported with those") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  exploit(assay, {.metrics = {{"score", 0.75}}});
  for (const std::string file : {"own.json", "own.csv"}) {
    INFO(file);
    CHECK(assay({"export", "runs/c", "-o", file}).code == 0);
    CHECK(assay({"import", "c.toml", file, "--run", "other-" + file}).code == 0);
    const auto record = Json::parse(assay({"trial", "other-" + file, "0", "--json"}).out);
    CHECK(record["rungs"][0]["metrics"]["score"] == 0.75);
    CHECK(record["params"]["params.training.lr"] == 0.75);
  }
}

TEST_CASE("a row that leaves out a parameter which others have is no result of its default") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 9\n");
  assay.scratch.write("holes.csv", "lr,optimizer,score\n0.5,adam,0.9\n,adam,0.8\n0.25,sgd,0.7\n");
  const auto holes = assay({"import", "c.toml", "holes.csv"});
  CHECK(holes.code == 64);
  CHECK_THAT(holes.error, ContainsSubstring("holes.csv:3: params.training.lr is empty") && ContainsSubstring("--skip"));
  CHECK(assay({"trial", "runs/c", "0"}).code == 64);  // nothing was imported
  const auto skipped = assay({"import", "c.toml", "holes.csv", "--skip"});
  CHECK(skipped.code == 0);
  CHECK_THAT(skipped.out, ContainsSubstring("imported 2 trials") && ContainsSubstring("1 rows that are no points"));
  assay.scratch.write("holes.json", R"([{"lr": 0.5, "optimizer": "adam", "score": 1}, {"lr": 0.1, "score": 2}])");
  const auto json = assay({"import", "c.toml", "holes.json"});
  CHECK(json.code == 64);
  CHECK_THAT(json.error, ContainsSubstring("holes.json, entry 2: params.training.optimizer is empty"));
}

TEST_CASE("parameters that do not exist at a point are left empty") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay(
      "max_trials = 9\n[params.model]\nkind = { choice = [ { name = \"plain\" }, { name = \"deep\", depth = { int = "
      "[1, "
      "9] } } ] }\n");
  const auto asked = assay.ask();
  INFO(asked.dump(2));
  std::string kind;
  for (const auto& [name, value] : asked["point"].items()) {
    if (value == "plain") kind = name;
  }
  REQUIRE_FALSE(kind.empty());
  assay.scratch.write("both.csv", "lr,optimizer,score," + kind + ",depth\n0.5,adam,0.9,plain,\n0.25,sgd,0.7,deep,3\n");
  const auto said = assay({"import", "c.toml", "both.csv"});
  INFO(said.error);
  CHECK(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("imported 2 trials"));
  assay.scratch.write("torn.csv", "lr,optimizer,score," + kind + ",depth\n0.5,adam,0.9,deep,\n0.25,sgd,0.7,deep,3\n");
  const auto torn = assay({"import", "c.toml", "torn.csv"});
  CHECK(torn.code == 64);
  CHECK_THAT(torn.error, ContainsSubstring("torn.csv:2") && ContainsSubstring("depth is empty"));
}

TEST_CASE("what was imported before is not imported again") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  assay.scratch.write("theirs.csv", "lr,optimizer,score\n0.5,adam,0.9\n1,sgd,0.8\n");
  CHECK_THAT(assay({"import", "c.toml", "theirs.csv"}).out, ContainsSubstring("imported 2 trials"));
  const auto again = assay({"import", "c.toml", "theirs.csv"});
  CHECK(again.code == 0);
  CHECK_THAT(again.out, ContainsSubstring("2 were imported before") && !ContainsSubstring("imported 2 trials"));
  assay.scratch.write("more.csv", "lr,optimizer,score\n0.5,adam,0.9\n1,sgd,0.85\n");
  CHECK_THAT(assay({"import", "c.toml", "more.csv"}).out,
             ContainsSubstring("1 were imported before") && ContainsSubstring("imported trial 2"));
  CHECK(assay({"export", "runs/c", "-o", "all.json"}).code == 0);
  CHECK_THAT(assay({"import", "runs/c", "all.json"}).out, ContainsSubstring("3 were imported before"));
  CHECK_THAT(assay({"import", "runs/c", "theirs.csv", "--again"}).out, ContainsSubstring("imported 2 trials (3, 4)"));
  assay.check_sound();
}

TEST_CASE("what was imported costs nothing here") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay("max_trials = 1\nmax_device_hours = 1\n");
  assay.scratch.write("before.csv", "lr,optimizer,score,seconds\n0.5,adam,0.9,36000\n0.1,sgd,0.8,36000\n");
  const auto said = assay({"import", "c.toml", "before.csv"});
  INFO(said.error);
  CHECK(said.code == 0);
  CHECK(assay.ask()["trial"] == 2);
  CHECK(assay({"tell", "runs/c", "2", "score=0.5"}).code == 0);
  const auto done = Json::parse(os::read_file(assay.scratch / "runs/c/search/done.json"));
  CHECK(done["figures"]["best"] == 0);
  CHECK(done["figures"]["device_seconds"].get<double>() < 600);
  CHECK(done["figures"]["mean_trial_seconds"] == done["figures"]["device_seconds"]);
  CHECK(Json::parse(assay({"trial", "runs/c", "0", "--json"}).out)["rungs"][0]["device_seconds"] == 36000);
  assay.check_sound();
}

TEST_CASE("an exported trial costs what all its rungs cost, and is imported with that") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  exploit(assay, {.metrics = {{"score", 0.75}}, .device_seconds = 2});
  const auto row = Json::parse(assay({"trials", "runs/c", "--json"}).out).at(0);
  CHECK(row["device_seconds"] == 3.5);
  for (const std::string file : {"all.json", "all.csv"}) {
    CHECK(assay({"export", "runs/c", "-o", file}).code == 0);
    const auto other = "other-" + file;
    CHECK(assay({"import", "c.toml", file, "--run", other}).code == 0);
    const auto record = Json::parse(assay({"trial", other, "0", "--json"}).out);
    CHECK(record["rungs"][0]["device_seconds"] == 3.5);
  }
}

TEST_CASE("a table that says something twice is refused") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Bench assay;
  const auto refused = [&](const std::string& file, const std::string& text, const std::string& words) {
    assay.scratch.write(file, text);
    for (const std::string verb : {"import", "add"}) {
      const auto said = assay({verb, "c.toml", file});
      INFO(verb << ": " << said.error);
      CHECK((said.code == 64 || said.code == 65));
      CHECK_THAT(said.error, ContainsSubstring(file) && ContainsSubstring(words));
    }
    CHECK_FALSE(std::filesystem::exists(assay.scratch / "runs/c/search/study/claims/0"));
  };
  refused("twice.csv", "lr,lr,score\n0.1,0.9,1\n", "twice.csv:1: the column lr is there twice");
  refused("both.csv", "lr,params.training.lr\n0.1,0.9\n", "params.training.lr");
  refused("twice.json", R"([{"lr": 0.1, "lr": 0.9, "score": 1}])", "\"lr\" stands twice");
}
