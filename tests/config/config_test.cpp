#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/json.hpp"
#include "config/config.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using config::Config;

namespace {

base::Error error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  try {
    Config::parse(text, "run.toml", overrides);
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    return error;
  }
  FAIL("no error for: " << text);
  std::abort();
}

std::string message(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return error_of(text, overrides).what();
}

const std::vector<std::string> everything = {"run",      "data",    "split",      "model",     "define", "params",
                                             "training", "augment", "objectives", "baseline",  "proxy",  "search",
                                             "full",     "trial",   "study",      "constraint"};

}  // namespace

TEST_CASE("defaults come from the table") {
  const auto config = Config::parse("", "run.toml");
  CHECK(config.integer("run.seed") == 1);
  CHECK(config.number("training.lr") == 2e-3);
  CHECK(config.text("training.optimizer") == "adamw");
  CHECK(config.flag("full.baseline"));
  CHECK(config.seconds("study.lease") == 240);
  CHECK(config.seconds("search.max_duration") == 0);
  CHECK(config.texts("trial.command").empty());
  CHECK_FALSE(config.has("training.lr"));
  CHECK_THROWS_WITH(config.text("data.format"), ContainsSubstring("data.format is missing"));
  CHECK_THROWS_AS(config.integer("no.such"), base::Error);
}

TEST_CASE("an unknown key names its place and the nearest valid key") {
  const auto error = error_of("[search]\nmax_trails = 3\n");
  CHECK_THAT(error.what(),
             ContainsSubstring("run.toml:2:1: search.max_trails: unknown key; did you mean search.max_trials?"));
  CHECK(error.nearest() == "search.max_trials");
  CHECK(error_of("[serach]\nmax_trials = 3\n").nearest() == "search");
  CHECK(error_of("[run]\nepochs = 3\n").nearest() == "training.epochs");
  CHECK(error_of("[full.trainng]\nlr = 3\n").nearest() == "full.training");
  CHECK(error_of("[full.training]\nler = 3\n").nearest() == "full.training.lr");
  CHECK(error_of("[objectives]\naccuracy = { gaol = \"max\" }\n").nearest() == "objectives.accuracy.goal");
  CHECK(error_of("[[proxy.candidate]]\nepoch = 1\n").nearest() == "proxy.candidate[0].epochs");
  CHECK(error_of("[params.modle]\nx = 1\n").nearest() == "params.model");
}

TEST_CASE("wrong types and ranges are refused with the remedy") {
  CHECK_THAT(
      message("[training]\nepochs = \"30\"\n"),
      ContainsSubstring(
          "run.toml:2:1: training.epochs: expected an integer, found the string \"30\"; write 30 without quotes"));
  CHECK_THAT(message("[training]\nepochs = 3.5\n"), ContainsSubstring("expected an integer, found the float 3.5"));
  CHECK_THAT(message("[training]\nepochs = 0\n"), ContainsSubstring("must be at least 1"));
  CHECK_THAT(message("[training]\nlr = 0\n"), ContainsSubstring("must be above 0, not 0"));
  CHECK_THAT(message("[training]\nlr = nan\n"), ContainsSubstring("finite"));
  CHECK_THAT(message("[training]\nlabel_smoothing = 1\n"), ContainsSubstring("must be at least 0 and below 1"));
  CHECK_THAT(message("[split]\nshare = 0.7\n"), ContainsSubstring("must be above 0 and at most 0.5, not 0.7"));
  CHECK_THAT(message("[training]\noptimizer = \"adamv\"\n"),
             ContainsSubstring("must be one of sgd, adamw, not \"adamv\"; did you mean \"adamw\"?"));
  CHECK_THAT(message("[study]\nlease = \"4 weeks\"\n"), ContainsSubstring("no duration"));
  CHECK_THAT(message("[study]\nlease = \"10s\"\n"), ContainsSubstring("at least twice"));
  CHECK_THAT(message("[data]\nshape = []\n"), ContainsSubstring("the list is empty"));
  CHECK_THAT(message("[data]\ntrain = []\n"), ContainsSubstring("the list is empty"));
  CHECK_THAT(message("[data]\ndelimiter = \"ab\"\n"), ContainsSubstring("one character"));
  CHECK_THAT(message("[trial]\ncommand = \"python\"\n"), ContainsSubstring("expected an array"));
  CHECK_THAT(message("training = 3\n"), ContainsSubstring("write [training]"));
  CHECK_THAT(message("[constraint]\nmetric = \"x\"\n"), ContainsSubstring("[[constraint]]"));
  CHECK_THAT(message("[[constraint]]\nmetric = \"x\"\n"), ContainsSubstring("at_most"));
  CHECK_THAT(message("[objectives]\naccuracy = { threshold = 0.9 }\n"), ContainsSubstring("goal is missing"));
  CHECK_THAT(message("[search]\nalgorithm = \"list\"\n"), ContainsSubstring("search.points"));
  CHECK_THAT(message("[proxy]\ncandidate = [ {} ]\n"), ContainsSubstring("full training"));
}

TEST_CASE("syntax errors are told in the user's words") {
  CHECK_THAT(message("[model]\nblocks = [ { op = \"conv\",\n  width = 3 } ]\n"),
             ContainsSubstring("run.toml:2:") && ContainsSubstring("on one line") && ContainsSubstring("dotted keys"));
  CHECK_THAT(message("[run]\nname = digits\n"), ContainsSubstring("run.toml:2:") && ContainsSubstring("quotes"));
  CHECK_THAT(message("[run]\nseed = 1\nseed = 2\n"), ContainsSubstring("run.toml:3:") && ContainsSubstring("once"));
  CHECK_THAT(message("[run\n"), ContainsSubstring("run.toml:1:"));
  for (const char* header : {"[]", "[=]", "[.a]", "[[]]", "[a.]", "[ ]"}) {
    CHECK_THAT(message(header), ContainsSubstring("run.toml:1:"));
  }
  for (const char* letters :
       {"25\u02a7\n", "\u02a7 = 1\n", "a = \u00a3 1\n", "a = 1 \u2fff\n", "\u1681", "\ufeff\ufefe"}) {
    CHECK_THAT(message(letters), ContainsSubstring("run.toml:1:"));
  }
  CHECK(Config::parse("[run]\nname = \"\"\"\\\n\u02a7\"\"\"\n", "run.toml").text("run.name") == "\u02a7");
  CHECK_THROWS_WITH(Config::load("/no/such.toml"), ContainsSubstring("no such configuration file"));
}

TEST_CASE("domains are accepted where a key may be searched") {
  const auto config = Config::parse(
      "[training]\nlr = { float = [1e-4, 1e-2], log = true }\nbatch_size.choice = [32, 64]\n", "run.toml");
  const auto training = config.section("training");
  CHECK(training.at("lr").at("log") == true);
  CHECK(training.at("batch_size").at("choice").size() == 2);
  CHECK(training.at("epochs") == 30);
  CHECK_THROWS_WITH(config.number("training.lr"), ContainsSubstring("search domain"));
  CHECK_THAT(message("[run]\nseed = { int = [1, 2] }\n"), ContainsSubstring("expected an integer, found a table"));
  CHECK_THAT(message("[training]\nlr = { floot = [1, 2] }\n"), ContainsSubstring("must be a search domain"));
  CHECK_THAT(message("[training]\noptimizer.choice = [\"sgd\", \"adam\"]\n"),
             ContainsSubstring("training.optimizer.choice[1]"));
  CHECK_THAT(message("[training]\nlr.choice = []\n"), ContainsSubstring("the choice is empty"));
  CHECK_THAT(message("[training]\nlr.float = [0, 1]\n"), ContainsSubstring("above 0"));
  CHECK_THAT(message("[training]\nepochs.float = [1, 4]\n"), ContainsSubstring("whole numbers"));
}

TEST_CASE("overrides are TOML, bare words are text, later ones win") {
  const auto config =
      Config::parse("[training]\nlr = 0.1\noptimizer = \"sgd\"\n", "run.toml",
                    {"training.lr=0.5", "training.optimizer=adamw", "search.max_trials=7", "run.name=2026",
                     "study.lease=10m", "training.lr=0.25", "data.train=a b.csv", "data.group="});
  CHECK(config.number("training.lr") == 0.25);
  CHECK(config.text("training.optimizer") == "adamw");
  CHECK(config.integer("search.max_trials") == 7);
  CHECK(config.text("run.name") == "2026");
  CHECK(config.seconds("study.lease") == 600);
  CHECK(config.texts("data.train") == std::vector<std::string>{"a b.csv"});
  CHECK(base::to_string(config.node("search.max_trials").where()) == "--set search.max_trials=7");
  CHECK(base::to_string(config.node("training.lr").where()) == "--set training.lr=0.25");
  CHECK(config.with({"training.lr=1"}).number("training.lr") == 1);
  CHECK(config.with({"training.lr=1"}).integer("search.max_trials") == 7);
  CHECK_THAT(message("", {"search.max_trails=3"}),
             ContainsSubstring("--set search.max_trails=3: search.max_trails: unknown key"));
  CHECK_THAT(message("", {"search.max_trials=many"}), ContainsSubstring("--set search.max_trials=many"));
  CHECK_THAT(message("", {"search.max_trials"}), ContainsSubstring("key=value"));
  CHECK_THAT(message("", {"data.shape=[1, 8"}), ContainsSubstring("--set data.shape=[1, 8"));
}

TEST_CASE("an override replaces a domain and keeps its place in the order") {
  const auto config = Config::parse("[params.model]\nz = 1\na.int = [1, 3]\nk = 2\n", "run.toml",
                                    {"params.model.a={choice=[1, 2]}", "params.model.b=4"});
  std::string order;
  for (const auto& [key, node] : config.node("params.model").items()) order += key;
  CHECK(order == "zakb");
  CHECK(config.node("params.model").json().at("a").dump() == R"({"choice":[1,2]})");
}

TEST_CASE("a stage's section overlays the base section") {
  const auto config = Config::parse(
      "[training]\nepochs = 20\nlr = 0.1\n[full]\ntop_k = 2\n[full.training]\nepochs = 40\n[search.augment]\ncrop = "
      "2\n",
      "run.toml");
  CHECK(config.section("training", "full").at("epochs") == 40);
  CHECK(config.section("training", "full").at("lr") == 0.1);
  CHECK(config.section("training", "search").at("epochs") == 20);
  CHECK(config.section("training").at("epochs") == 20);
  CHECK(config.section("augment", "search").at("crop") == 2);
  CHECK(config.section("augment").at("crop") == 0);
}

TEST_CASE("identity: spellings do not matter, classes do") {
  const auto of = [](const std::string& text) {
    return Config::parse(text, "x").identity({"training", "search", "model"});
  };
  CHECK(of("[training]\nlr = 2e-3\nwarmup = 1.0\n") == of(""));
  CHECK(of("[training]\nlr = 0.0020\n") == of("[training]\nlr = 2e-3\n"));
  CHECK(of("[training]\nlr.float = [1, 2]\n") == of("[training]\nlr = { float = [1.0, 2.0] }\n"));
  CHECK(of("[training]\nlr = 3e-3\n") != of(""));
  CHECK(of("[search]\nmax_trials = 5\nparallel = 7\n") == of(""));
  CHECK(of("[search]\npopulation = 5\n") != of(""));
  CHECK(of("[search.training]\nepochs = 5\n") != of(""));
  CHECK(of("[model]\ninput = [1, 8, 8]\n").at("model.input[2]") == "8");
  CHECK(of("[model]\nx = \"3\"\n") != of("[model]\nx = 3\n"));
  CHECK(of("").at("training.lr") == "0.002");
  CHECK_FALSE(of("").contains("search.max_trials"));
  CHECK(config::key_class("search.max_trials") == config::KeyClass::limit);
  CHECK(config::key_class("model.blocks[0].op") == config::KeyClass::identity);
  CHECK(config::key_class("run.name") == config::KeyClass::site);
}

TEST_CASE("the resolved configuration loads to an equal one, twice") {
  for (const std::string name : {"quickstart.toml", "fashion-mnist.toml"}) {
    const auto config = Config::load(std::string(ASSAY_SOURCE_DIR) + "/configs/" + name,
                                     {"full.training.epochs=40", "run.name=a\"b\\c"});
    config.check_run();
    const auto again = Config::parse(config.resolved(), "run.toml");
    again.check_run();
    CHECK(again.identity(everything) == config.identity(everything));
    CHECK(again.resolved() == config.resolved());
    CHECK(again.text("run.name") == "a\"b\\c");
  }
  const auto odd = Config::parse(
      "[[constraint]]\nrequire = \"a <= b\"\n[[constraint]]\nmetric = \"m\"\nat_most = 2\n[data]\ntarget = "
      "0\nsha256.\"a.csv\" = \"00\"\n"
      "[params.model]\nmixer = { choice = [\"conv\", { name = \"attn\", heads.choice = [2, 4] }], default = \"conv\" "
      "}\n"
      "\"odd key\" = inf\nwhen = 2026-11-21\n[search]\nalgorithm = \"list\"\npoints = [ { x = 1 }, { x = 2 } ]\n"
      "[[proxy.candidate]]\nepochs = 4\n[define.\"my block\"]\nop = \"conv\"\n[objectives.accuracy]\ngoal = \"max\"\n",
      "run.toml");
  const auto again = Config::parse(odd.resolved(), "run.toml");
  CHECK(again.identity(everything) == odd.identity(everything));
  CHECK(again.resolved() == odd.resolved());
}

TEST_CASE("the commented TOML describes a run, with and without its comment marks") {
  const auto text = config::commented_toml();
  const auto config = Config::parse(text, "new.toml");
  config.check_run();
  std::string open;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    auto line = text.substr(at, end - at);
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
    open += line + "\n";
    at = end + 1;
  }
  const auto opened = Config::parse(open, "new.toml");
  CHECK(opened.identity({"training", "augment", "run", "split", "baseline", "full", "data"}) == [&] {
    auto expected = config.identity({"training", "augment", "run", "split", "baseline", "full", "data"});
    expected["full.training.epochs"] = "40";
    return expected;
  }());
  for (const auto& row : config::settings()) {
    INFO(row.key);
    const auto last = std::string(row.key.substr(row.key.rfind('.') + 1));
    CHECK((last == "*" || text.find(last) != std::string::npos));
  }
}

TEST_CASE("what a run needs is said before it starts") {
  const auto check = [](const std::string& text) { Config::parse(text, "run.toml").check_run(); };
  CHECK_THROWS_WITH(check(""), ContainsSubstring("data.format is missing"));
  CHECK_THROWS_WITH(check("[data]\nformat = \"csv\"\ntrain = \"a\"\n"), ContainsSubstring("data.valid is missing"));
  CHECK_THROWS_WITH(check("[data]\nformat = \"idx\"\ntrain = \"a\"\nvalid = \"b\"\n"),
                    ContainsSubstring("train_labels"));
  CHECK_THROWS_WITH(check("[data]\nformat = \"csv\"\ntrain = \"a\"\nvalid = \"b\"\n"),
                    ContainsSubstring("model.blocks is missing"));
  CHECK_THROWS_WITH(check("[data]\nexternal = true\n"), ContainsSubstring("data.items is missing"));
  CHECK_THROWS_WITH(check("[data]\nexternal = true\nitems = \"x\"\n"), ContainsSubstring("trial.command"));
  CHECK_THROWS_WITH(check("[trial]\nkeep_alive = true\n"), ContainsSubstring("run.toml:2:1: trial.keep_alive"));
  CHECK_NOTHROW(check("[data]\nexternal = true\nitems = \"x\"\n[trial]\ncommand = [\"sh\", \"t.sh\"]\n"));
}

TEST_CASE("metrics that the built-in trainer does not measure are told before it starts") {
  const std::string run =
      "[data]\nformat = \"csv\"\ntrain = \"a\"\nvalid = \"b\"\n[model]\nblocks = [{ op = \"skip\" }]\n";
  const auto check = [&](const std::string& text) { Config::parse(run + text, "run.toml").check_run(); };
  CHECK_NOTHROW(check("[objectives]\naccuracy.goal = \"max\"\nparameters.goal = \"min\"\n"));
  CHECK_THROWS_WITH(check("[objectives]\nacuracy.goal = \"max\"\n"),
                    StartsWith("run.toml:8:1: objectives.acuracy") && EndsWith("did you mean accuracy?"));
  CHECK_THROWS_WITH(check("[[constraint]]\nmetric = \"latncy_ms\"\nat_most = 3\n"),
                    EndsWith("did you mean latency_ms?"));
  const std::string reward = "[objectives]\nr = { goal = \"max\", of = \"accuracy\" }\n[[reward]]\ntarget = 2.0\n";
  CHECK_NOTHROW(check(reward + "metric = \"latency_ms\"\n"));
  CHECK_THROWS_WITH(check(reward + "metric = \"latency\"\n"), ContainsSubstring("does not measure latency"));
  // What another program measures nobody knows beforehand.
  CHECK_NOTHROW(check("[objectives]\nacuracy.goal = \"max\"\n[trial]\ncommand = [\"sh\", \"t.sh\"]\n"));
}

TEST_CASE("configs/keys.md is what `assay new --keys` prints") {
  CHECK(os::read_file(std::filesystem::path(ASSAY_SOURCE_DIR) / "configs/keys.md") == config::keys_table());
}
