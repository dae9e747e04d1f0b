// --set reaches every key: tables, arrays, blocks, domains; what it cannot reach it names with its place.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>

#include "base/json.hpp"
#include "config/config.hpp"
#include "config/document.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"
#include "temp_folder.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using config::Config;
using config::KeyClass;

namespace {

const char* const text = R"([data]
train = ["a.csv", "b.csv"]
[model]
input = [1, 8, 8]
blocks = [
  { op = "conv", name = "stem", kernel = 3, width = { choice = [8, 16], default = 16 } },
  { op = "linear", width = "classes" },
]
[define."my block"]
op = "conv"
[training]
lr = 0.1
[objectives]
accuracy = { goal = "max", threshold = 0.9 }
"top-1/acc" = { goal = "max" }
[[constraint]]
metric = "latency_ms"
at_most = 5
[[constraint]]
require = "a <= b"
[search]
points = [ { lr = 0.1 }, { lr = 0.2 } ]
rungs = [1, 3]
)";

Config with(const std::vector<std::string>& overrides) { return Config::parse(text, "run.toml", overrides); }

std::string message(const std::vector<std::string>& overrides) {
  try {
    with(overrides);
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    return error.what();
  }
  FAIL("no error for " << overrides.front());
  std::abort();
}

const std::vector<std::string>& sections() {
  static const std::vector<std::string> all = {
      "run",        "data",     "split", "model", "define", "params", "space",      "search", "training", "augment",
      "objectives", "baseline", "proxy", "full",  "trial",  "study",  "constraint", "reward", "report"};
  return all;
}

}  // namespace

TEST_CASE("a path leads through tables and arrays") {
  const auto value = [](const std::string& override) {
    return with({override}).node(override.substr(0, override.find('='))).json().dump();
  };
  CHECK(value("model.blocks[0].width.choice=[8, 12]") == "[8,12]");
  CHECK(value("model.blocks[0].kernel.choice=[3, 5]") == "[3,5]");  // a value becomes a domain
  CHECK(value("model.blocks[1]={op=\"flatten\"}") == R"({"op":"flatten"})");
  CHECK(value("model.input[1]=16") == "16");
  CHECK(value("constraint[0].at_most=3") == "3");
  CHECK(value("search.points[1].lr=0.4") == "0.4");
  CHECK(value("search.rungs[0]=2") == "2");
  CHECK(value("data.train[1]=c.csv") == "\"c.csv\"");
  CHECK(value("define.\"my block\".op=pool") == "\"pool\"");
  CHECK(value("define.ir.repeat.choice=[1, 2]") == "[1,2]");
  CHECK(value("objectives.\"top-1/acc\".threshold=0.5") == "0.5");
  CHECK(value("training.lr.float=[0.1, 1]") == "[0.1,1]");
  const auto config = with({"model.blocks[0].width.choice=[8, 12]"});
  CHECK(config.node("model.blocks[0].width.default").integer() == 16);
  CHECK(config.node("model.blocks[1].op").string() == "linear");
  CHECK(config.node("model.blocks").size() == 2);
  CHECK(base::to_string(config.node("model.blocks[0].width.choice").where()) ==
        "--set model.blocks[0].width.choice=[8, 12]");
}

TEST_CASE("the place after the last adds an entry, of whatever comes first") {
  const auto config =
      with({"constraint[2].at_least=1", "constraint[2].metric=f1", "search.points[2]={lr=0.3}",
            "reward[0].metric=latency_ms", "reward[0].target=2", "objectives.r={goal=\"max\",of=\"accuracy\"}"});
  CHECK(config.node("constraint").size() == 3);
  CHECK(config.node("constraint[2].metric").string() == "f1");
  CHECK(config.node("search.points").size() == 3);
  CHECK(config.node("reward[0].target").number() == 2);
  const auto again = Config::parse(config.resolved(), "again.toml");
  CHECK(again.identity(sections()) == config.identity(sections()));
  CHECK(again.values(KeyClass::judging, sections()) == config.values(KeyClass::judging, sections()));
}

TEST_CASE("nothing behind = takes a key or an entry out") {
  CHECK(with({"training.lr="}).number("training.lr") == 2e-3);
  CHECK_FALSE(with({"objectives.accuracy.threshold="}).has("objectives.accuracy.threshold"));
  const auto one = with({"constraint[0]="});
  CHECK(one.node("constraint").size() == 1);
  CHECK(one.node("constraint[0].require").string() == "a <= b");
  CHECK_FALSE(with({"constraint[1]=", "constraint[0]="}).has("constraint"));
  CHECK_FALSE(with({"search.points="}).has("search.points"));
  CHECK(with({"search.points[0]="}).node("search.points[0].lr").number() == 0.2);
  CHECK(with({"full.training.lr="}).number("training.lr") == 0.1);  // there was none
  CHECK(with({"run.name=\"\""}).text("run.name").empty());
  CHECK_THAT(message({"training.ler="}), ContainsSubstring("unknown key; did you mean training.lr?"));
  CHECK_THAT(message({"constraint[0].at_mots="}), ContainsSubstring("did you mean constraint[0].at_most?"));
}

TEST_CASE("what cannot be reached is named with its place in the file") {
  CHECK_THAT(message({"model.blocks[2]="}),
             ContainsSubstring("run.toml:5:10: model.blocks: there is no model.blocks[2]") &&
                 ContainsSubstring("its entries are model.blocks[0] to model.blocks[1]"));
  CHECK_THAT(message({"model.blocks[7].op=conv"}), ContainsSubstring("model.blocks[2] adds one"));
  CHECK_THAT(message({"model.blocks.op=conv"}), ContainsSubstring("run.toml:5:10: model.blocks is a list"));
  CHECK_THAT(message({"training.lr[0]=1"}), ContainsSubstring("training.lr is no list"));
  CHECK_THAT(message({"reward[1].target=3"}), ContainsSubstring("it is empty; reward[0] adds one"));
  CHECK_THAT(message({"constraint[0].at_mots=3"}), ContainsSubstring("did you mean constraint[0].at_most?"));
  CHECK_THAT(message({"model.blocks[x].op=3"}), ContainsSubstring("is no key"));
  CHECK_THAT(message({"search.rungs[0]=many"}), ContainsSubstring("expected an integer"));
  CHECK_THAT(message({"training.lr=1\nrun.seed=3"}), ContainsSubstring("training.lr"));
}

TEST_CASE("paths in overrides count from the configuration's folder, as in the file") {
  tests::TempFolder folder;
  std::filesystem::create_directories(folder.path() / "own");
  const auto own = folder.path() / "own";
  for (const char* name : {"trainer.py", "items.csv"}) os::publish(own / name, "x");
  os::publish(own / "c.toml", "[trial]\ncommand = [\"python3\", \"missing.py\"]\n");
  const auto trainer = (own / "trainer.py").string(), items = (own / "items.csv").string();
  const std::vector<std::string> overrides = {"trial.command[1]=trainer.py", "data.items=items.csv"};
  const auto loaded = Config::load(own / "c.toml", overrides);
  CHECK(loaded.texts("trial.command") == std::vector<std::string>{"python3", trainer});
  CHECK(loaded.text("data.items") == items);
  // A run: its values are settled, those of overrides count from where the file was.
  const auto run =
      Config::parse("[trial]\ncommand = [\"python3\", \"missing.py\", \"trainer.py\"]\n", "run.toml", {}, own);
  CHECK(run.texts("trial.command").back() == "trainer.py");
  CHECK(run.with(overrides).texts("trial.command") == std::vector<std::string>{"python3", trainer, "trainer.py"});
  CHECK(run.with(overrides).text("data.items") == items);
  CHECK(Config::parse(run.with(overrides).resolved(), "x").texts("trial.command")[1] == trainer);
}

TEST_CASE("judging keys are no identity; relations between parameters are, wherever they stand in the list") {
  const auto plain = with({});
  for (const char* change : {"constraint[0].at_most=3", "constraint[0]=", "objectives.accuracy.threshold=0.5",
                             "objectives.accuracy.target=1", "search.stop=[]", "search.noise=0.1", "report.title=x"}) {
    INFO(change);
    const auto changed = with({change});
    CHECK(changed.identity(sections()) == plain.identity(sections()));
    CHECK(changed.values(KeyClass::judging, sections()) != plain.values(KeyClass::judging, sections()));
  }
  for (const char* change : {"constraint[1].require=\"a < b\"", "constraint[1]=", "objectives.accuracy.goal=min",
                             "objectives.f1={goal=\"max\"}", "training.lr=1"}) {
    INFO(change);
    CHECK(with({change}).identity(sections()) != plain.identity(sections()));
  }
  // As older versions wrote it.
  const base::Json old = {{"constraint[0].metric", "latency_ms"},   {"constraint[0].at_most", "5.0"},
                          {"constraint[1].require", "a <= b"},      {"objectives.accuracy.goal", "max"},
                          {"objectives.accuracy.threshold", "0.9"}, {"result of split", "00"}};
  const base::Json now = {
      {"constraint[0].require", "a <= b"}, {"objectives.accuracy.goal", "max"}, {"result of split", "00"}};
  CHECK(config::identity_only(old) == now);
  CHECK(config::identity_only(now) == now);
}

TEST_CASE("a process at work takes up limits and what judges, and nothing else") {
  const auto mine = with({});
  const auto fresh = with(
      {"constraint[0].at_most=3", "constraint[2]={metric=\"f1\",at_least=0.5}", "constraint[1].require=\"a < b\"",
       "objectives.accuracy.threshold=", "objectives.accuracy.target=0.99", "objectives.\"top-1/acc\".threshold=0.7",
       "objectives.f1.goal=max", "search.stop=[\"target\"]", "search.max_trials=7", "training.lr=1", "run.name=x"});
  const auto taken = mine.with(mine.taken_up(fresh));
  CHECK(taken.identity(sections()) == mine.identity(sections()));
  CHECK(taken.text("run.name") == mine.text("run.name"));
  CHECK(taken.integer("search.max_trials") == 7);
  CHECK(taken.texts("search.stop") == std::vector<std::string>{"target"});
  CHECK_FALSE(taken.has("objectives.accuracy.threshold"));
  CHECK(taken.node("objectives.accuracy.target").number() == 0.99);
  CHECK(taken.node("objectives.\"top-1/acc\".threshold").number() == 0.7);
  CHECK_FALSE(taken.has("objectives.f1"));
  CHECK(taken.node("constraint").size() == 3);
  CHECK(taken.taken_up(fresh).empty());
  // A whole list that goes, and comes.
  CHECK_FALSE(
      with({"constraint[1]="}).with(with({"constraint[1]="}).taken_up(with({"constraint="}))).has("constraint"));
  CHECK(mine.with(mine.taken_up(with({"constraint="}))).node("constraint").size() == 1);
}

TEST_CASE("every key of the table can be set to the value that it has, which changes nothing") {
  const auto full =
      Config::parse(config::commented_toml(), "new.toml",
                    {"constraint[0]={metric=\"latency_ms\",at_most=2.0,weight=0.1}", "constraint[1].require=a <= b",
                     "reward[0]={metric=\"latency_ms\",target=2.0,kind=\"soft\",exponent=0.1}",
                     "objectives.r={goal=\"max\",of=\"accuracy\",target=0.9}", "proxy.candidate[0].epochs=4",
                     "search.points=[{lr=0.1}]", "search.rungs=[1,2]", "full.training.lr.choice=[0.1,0.2]",
                     "data.sha256.\"a.csv\"=00ff", "search.stop=[]"});
  const auto config = Config::parse(full.resolved(), "run.toml");
  std::size_t leaves = 0;
  const auto visit = [&](auto& self, const config::Node& node) -> void {
    if (!node.path().empty()) {
      ++leaves;
      INFO(node.path());
      const auto set = config.with({node.path() + "=" + config::to_toml(node.json())});
      CHECK(set.resolved() == config.resolved());
      CHECK(config.node(node.path()).json() == node.json());
    }
    for (const auto& [key, child] : node.items()) self(self, child);
  };
  visit(visit, config.root());
  CHECK(leaves > config::settings().size() / 2);
}
