// What a search begins with: imports and points of its configuration, and what was kept for it before it existed.
#include <algorithm>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <set>

#include "assay/programs.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using tests::run_program;
using tests::Said;
using tests::Scratch;

namespace {

bool missing() { return !tests::built("assay"); }

constexpr const char* space_text =
    "[run]\nname = \"hand\"\n[params.training]\nlr = { float = [0.001, 1.0], log = true, default = 0.1 }\n"
    "optimizer = { choice = [\"sgd\", \"adam\"] }\n[training]\nepochs = 9\n[objectives]\nscore = { goal = \"max\" }\n";

constexpr const char* two_results = "lr,optimizer,score\n0.5,adam,0.9\n0.25,sgd,0.7\n";

/// Imports two results, measures two points first, and two trials of its own.
std::string search_text(const std::string& algorithm) {
  return "[search]\nalgorithm = \"" + algorithm +
         "\"\nmax_trials = 4\nmin_epochs = 9\nimport = [ \"before.csv\", { file = \"more/theirs.csv\", map = { "
         "\"value\" "
         "= \"score\" } } ]\npoints = [ { lr = 0.03, optimizer = \"sgd\" }, { lr = 0.07, optimizer = \"adam\" } ]\n";
}

void write_tables(const Scratch& scratch) {
  scratch.write("before.csv", "lr,optimizer,score\n0.5,adam,0.9\n");
  std::filesystem::create_directories(scratch / "more");
  scratch.write("more/theirs.csv",
                "params_lr,params_optimizer,value,state\n0.25,sgd,0.7,COMPLETE\n0.5,adam,0.9,COMPLETE\n");
}

struct Trials {
  std::int64_t imported = 0, measured = 0;
};

Trials trials_of(const Scratch& scratch, const std::string& run) {
  const auto said = run_program(scratch, {"assay", "export", run, "--json"});
  INFO(said.error);
  REQUIRE(said.code == 0);
  Trials trials;
  for (const auto& trial : Json::parse(said.out)) {
    if (trial["state"] != "done") continue;
    (trial["tags"].value("origin", "") == "import" ? trials.imported : trials.measured) += 1;
  }
  return trials;
}

}  // namespace

TEST_CASE("imports and points of the configuration begin the search of every algorithm") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  for (const std::string algorithm :
       {"random", "grid", "evolution", "tpe", "nsga2", "nsga3", "smac", "sobol", "anneal", "naive_evolution",
        "reinforce", "ppo", "asha", "hyperband", "bohb", "econas", "pbt"}) {
    INFO(algorithm);
    const Scratch scratch;
    // Elsewhere than where the program runs: paths are relative to the configuration.
    std::filesystem::create_directories(scratch / "elsewhere");
    write_tables(scratch);
    scratch.write("c.toml", space_text + search_text(algorithm));
    const auto ask = [&] { return run_program(scratch, {"assay", "ask", "c.toml", "--run", "r", "--json"}); };
    std::set<int> numbers;
    std::vector<double> rates;
    for (int i = 0; i < 80; ++i) {
      const auto said = ask();
      INFO(said.error);
      if (said.code == 3) break;
      REQUIRE(said.code == 0);
      const auto trial = Json::parse(said.out);
      numbers.insert(trial["trial"].get<int>());
      rates.push_back(trial["params"]["training"]["lr"].get<double>());
      const auto told = run_program(scratch, {"assay", "tell", "r", trial["trial"].dump(), "score=0.5"});
      INFO(told.error);
      CHECK(told.code == 0);
    }
    // {0.5, adam, 0.9} stands in both tables and is taken once.
    CHECK(numbers == std::set<int>{2, 3, 4, 5});
    REQUIRE(rates.size() >= 4);
    CHECK(rates[0] == 0.03);
    CHECK(rates[1] == 0.07);
    CHECK(trials_of(scratch, "r").imported == 2);
    CHECK(trials_of(scratch, "r").measured == 4);
    const auto done = Json::parse(os::read_file(scratch / "r/search/done.json"));
    CHECK(done["figures"]["best"] == 0);
  }
}

TEST_CASE("a search that many start at once begins with every row once") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Scratch scratch;
  std::string table = "lr,optimizer,score\n";
  for (int i = 0; i < 60; ++i) table += std::to_string(0.001 * (i + 1)) + ",adam," + std::to_string(0.01 * i) + "\n";
  scratch.write("before.csv", table);
  scratch.write("c.toml", std::string(space_text) +
                              "[search]\nalgorithm = \"random\"\nmax_trials = 8\nimport = [\"before.csv\"]\npoints = "
                              "[ { lr = 0.03 }, { lr = 0.07 } ]\n");
  // Somebody died while he founded it.
  std::filesystem::create_directories(scratch / "r/search/.founding.dead/study/log");
  std::vector<os::Child> children;
  const auto assay = (std::filesystem::path(ASSAY_BIN) / "assay").string();
  for (int i = 0; i < 6; ++i) {
    const auto name = std::to_string(i);
    children.emplace_back(os::Command{.arguments = {assay, "ask", "c.toml", "--run", "r", "--json"},
                                      .folder = scratch.path(),
                                      .standard_output = scratch / (name + ".out"),
                                      .standard_error = scratch / (name + ".err")});
  }
  std::set<int> numbers;
  int points = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    INFO(os::read_file(scratch / (std::to_string(i) + ".err")));
    REQUIRE(children[i].wait().code == 0);
    const auto trial = Json::parse(os::read_file(scratch / (std::to_string(i) + ".out")));
    numbers.insert(trial["trial"].get<int>());
    const auto lr = trial["params"]["training"]["lr"];
    points += lr == 0.03 || lr == 0.07 ? 1 : 0;
  }
  // Whoever lost a race draws from a window of the free numbers.
  CHECK(numbers.size() == 6);
  CHECK(*numbers.begin() >= 60);
  CHECK(*numbers.rbegin() < 68);
  CHECK(points == 2);
  CHECK(trials_of(scratch, "r").imported == 60);
  CHECK(run_program(scratch, {"assay", "fsck", "r"}).code == 0);
}

TEST_CASE("a table that does not fit is told in the words of the configuration") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Scratch scratch;
  const auto refused = [&](const std::string& import, const std::string& words) {
    scratch.write("c.toml", std::string(space_text) + "[search]\nalgorithm = \"random\"\nimport = " + import + "\n");
    const auto said = run_program(scratch, {"assay", "ask", "c.toml", "--run", "r"});
    INFO(import << ": " << said.error);
    CHECK(said.code == 64);
    CHECK_THAT(said.error, ContainsSubstring(words));
    CHECK_FALSE(std::filesystem::exists(scratch / "r/search/study/study.json"));
  };
  scratch.write("t.csv", "learning_rate,optimizer,score\n0.5,adam,0.9\n");
  refused("[\"t.csv\"]", R"(map = { "learning_rate" = "params.training.lr" })");
  refused("[\"gone.csv\"]", "there is no file");
  refused("\"t.csv\"", "an array of files");
  refused("[{ fiel = \"t.csv\" }]", "file is missing");
  refused("[{ file = \"t.csv\", mapp = {} }]", "unknown key mapp");
}

TEST_CASE("what is imported or added before the search exists is kept for it") {
  for (const auto* program : {"assay", "split-data", "baseline-train", "proxy-select", "search-driver"}) {
    if (!tests::built(program)) SKIP("the executables are not built in " ASSAY_BIN);
  }
  const Scratch scratch;
  scratch.write("c.toml",
                std::string(space_text) +
                    "[trial]\ncommand = [\"sh\", \"-c\", \"echo '{\\\"final\\\": true, \\\"score\\\": 0.5}' >> "
                    "$ASSAY_METRICS\"]\n[proxy]\nreference = 0\n[search]\nalgorithm = \"random\"\nmax_trials = 5\n");
  scratch.write("before.csv", two_results);
  scratch.write("theirs.csv", "rate,optimizer,score\n0.125,adam,0.8\n");
  const auto assay = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "assay");
    return run_program(scratch, words);
  };
  const auto first = assay({"import", "c.toml", "before.csv", "--run", "r"});
  INFO(first.error);
  CHECK(first.code == 0);
  CHECK_THAT(first.out, ContainsSubstring("kept 2 results for the search"));
  CHECK(assay({"import", "r", "theirs.csv"}).code == 64);  // said now, not when the search begins
  CHECK(assay({"import", "r", "theirs.csv", "--map", "rate=lr"}).code == 0);
  CHECK_THAT(assay({"add", "r", "lr=0.03"}).out, ContainsSubstring("kept 1 point"));
  CHECK(assay({"add", "r", "lr=7"}).code == 64);
  CHECK_THAT(assay({"add", "r", "lr=0.07", "optimizer=adam"}).out, ContainsSubstring("kept 1 point"));
  CHECK_THAT(assay({"status", "r"}).out, ContainsSubstring("3 results and 2 points are kept for the search"));
  CHECK_THAT(assay({"trials", "r"}).error, ContainsSubstring("3 results and 2 points are kept for the search"));
  for (const auto* stage : {"split-data", "baseline-train", "proxy-select", "search-driver"}) {
    const auto said = run_program(scratch, {stage, "r", "-q"});
    INFO(stage << ": " << said.error);
    REQUIRE(said.code == 0);
  }
  CHECK(trials_of(scratch, "r").imported == 3);
  CHECK(trials_of(scratch, "r").measured == 5);
  const auto lr = [&](int number) {
    return Json::parse(assay({"trial", "r", std::to_string(number), "--json"}).out)["params"]["params.training.lr"];
  };
  CHECK(lr(0) == 0.5);
  CHECK(lr(2) == 0.125);
  CHECK(lr(3) == 0.03);
  CHECK(lr(4) == 0.07);
  CHECK_THAT(assay({"status", "r"}).out, !ContainsSubstring("kept for the search"));
}

TEST_CASE("several trials are asked for at once, planned one after the other") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Scratch scratch;
  scratch.write("c.toml", std::string(space_text) + "[search]\nalgorithm = \"tpe\"\nmax_trials = 5\n");
  const auto ask = [&](const std::string& count, bool json) {
    std::vector<std::string> words = {"assay", "ask", "c.toml", "--run", "r", "--count", count};
    if (json) words.emplace_back("--json");
    return run_program(scratch, words);
  };
  const auto three = Json::parse(ask("3", true).out);
  REQUIRE(three.size() == 3);
  std::set<std::string> points;
  for (int i = 0; i < 3; ++i) {
    CHECK(three[static_cast<std::size_t>(i)]["trial"] == i);
    points.insert(three[static_cast<std::size_t>(i)]["point"].dump());
  }
  CHECK(points.size() == 3);
  const auto rest = ask("9", false);
  CHECK(rest.code == 0);
  CHECK_THAT(rest.out,
             ContainsSubstring("trial 3\n") && ContainsSubstring("trial 4\n") && !ContainsSubstring("trial 5"));
  CHECK(ask("2", true).code == 75);
  CHECK(ask("0", true).code == 64);
  for (int i = 0; i < 5; ++i)
    CHECK(run_program(scratch, {"assay", "tell", "r", std::to_string(i), "score=1"}).code == 0);
  CHECK(ask("2", true).code == 3);
}

TEST_CASE("keys of a bare [params] need no role, and have one shape for whoever measures") {
  for (const auto* program : {"assay", "split-data", "baseline-train", "proxy-select", "search-driver"}) {
    if (!tests::built(program)) SKIP("the executables are not built in " ASSAY_BIN);
  }
  const Scratch scratch;
  const std::string space =
      "[params]\nlr.float = [1e-4, 1e-1]\nheads = 4\n[params.model]\nwidth.int = [2, 9]\n[objectives]\nscore = { goal "
      "= "
      "\"max\" }\n[search]\nalgorithm = \"random\"\nmax_trials = 2\n";
  scratch.write("hand.toml", space);
  const auto asked = Json::parse(run_program(scratch, {"assay", "ask", "hand.toml", "--run", "h", "--json"}).out);
  CHECK(asked["point"].contains("params.lr"));
  const auto& params = asked["params"];
  CHECK(params["lr"] == asked["point"]["params.lr"]);
  CHECK(params["heads"] == 4);
  CHECK(params["model"]["width"] == asked["point"]["params.model.width"]);
  CHECK(params["training"] == Json::object());

  scratch.write("command.toml",
                space +
                    "[trial]\ncommand = [\"sh\", \"-c\", \"cp $ASSAY_PARAMS ../../../asked-$ASSAY_TRIAL."
                    "json; echo '{\\\"final\\\": true, \\\"score\\\": 0.5}' >> $ASSAY_METRICS\"]\n"
                    "[proxy]\nreference = 0\n");
  for (const auto* stage : {"split-data", "baseline-train", "proxy-select", "search-driver"}) {
    const auto said = run_program(scratch, {stage, "r", "--config", "command.toml", "-q"});
    INFO(stage << ": " << said.error);
    REQUIRE(said.code == 0);
  }
  const auto written = Json::parse(os::read_file(scratch / "r/search/asked-0.json"));
  std::set<std::string> mine, theirs;
  for (const auto& [key, value] : written.items()) mine.insert(key);
  for (const auto& [key, value] : params.items()) theirs.insert(key);
  CHECK(mine == theirs);
  CHECK(written["heads"] == 4);
  const auto misspelt =
      run_program(scratch, {"assay", "ask", "hand.toml", "--run", "m", "--set", "params.trainin.lr=3"});
  CHECK(misspelt.code == 64);
}
