// `assay set`: several at once, some of which die; what judges makes no study stale.
#include "run/change.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <set>
#include <thread>

#include "config/settings.hpp"
#include "os/file.hpp"
#include "run/changes.hpp"
#include "run/scratch.hpp"
#include "study/definition.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using run::Run;
using run::Stage;
using Kind = run::Status::Kind;

namespace {

const char* const configuration = R"([params.training]
lr = { float = [0.0, 1.0] }
[objectives]
accuracy = { goal = "max", threshold = 0.5 }
[[constraint]]
metric = "latency_ms"
at_most = 5
[trial]
command = ["true"]
[search]
max_trials = 60
)";

struct Fixture {
  tests::Scratch scratch;
  std::filesystem::path file = scratch.write("c.toml", configuration);
  std::filesystem::path folder = scratch / "run";
  Run run = Run::open(folder, file);

  Run again() const { return Run::open(folder); }
  void finish(Stage stage, const base::Json& figures = base::Json::object()) const {
    const auto now = again();
    now.begin(stage);
    now.finish(stage, figures, 0);
  }
  Kind kind(Stage stage) const { return again().status(stage).kind; }
};

/// A process that sets one key, and may be killed at any moment.
pid_t start_set(const std::filesystem::path& folder, const std::string& change) {
  const auto child = ::fork();
  if (child != 0) return child;
  try {
    run::set_keys(folder, {change});
    ::_exit(0);
  } catch (...) {
    ::_exit(1);
  }
}

}  // namespace

TEST_CASE("many sets at once lose nothing") {
  Fixture f;
  std::vector<std::pair<std::string, int>> keys;
  for (const char* key : {"search.max_trials", "search.max_failed", "search.parallel", "search.population",
                          "search.eta", "full.top_k", "full.seeds", "full.parallel", "full.gpu_quota", "proxy.parallel",
                          "baseline.max_failed", "search.stop_window", "study.pack_from", "trial.max_attempts"}) {
    keys.emplace_back(key, 20 + static_cast<int>(keys.size()));
  }
  std::vector<pid_t> children;
  for (const auto& [key, value] : keys) children.push_back(start_set(f.folder, key + "=" + std::to_string(value)));
  std::set<int> seen;
  for (const auto child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const auto log = os::read_file(f.folder / "changes.log");
  const auto written = config::Config::parse(os::read_file(f.folder / "run.toml"), "run.toml");
  for (const auto& [key, value] : keys) {
    INFO(key);
    CHECK(f.again().config().integer(key) == value);
    CHECK(written.integer(key) == value);
    CHECK_THAT(log, ContainsSubstring(key + ": "));
  }
  CHECK(run::current(f.folder)->number == static_cast<std::int64_t>(keys.size()));
}

TEST_CASE("sets that are killed leave a run that can be read and changed") {
  Fixture f;
  int value = 100, before = 60, whole = 0;
  for (int round = 0; round < 40; ++round) {
    const auto child = start_set(f.folder, "search.max_trials=" + std::to_string(++value));
    ::usleep(static_cast<useconds_t>(150 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    const auto now = f.again().config().integer("search.max_trials");
    CHECK((now == value || now == before));  // all of it or nothing
    before = static_cast<int>(now);
    if (now == value) ++whole;
    run::set_keys(f.folder, {"search.parallel=" + std::to_string(round + 1)});
    CHECK(f.again().config().integer("search.parallel") == round + 1);
    CHECK(f.again().config().integer("search.max_trials") == now);
    CHECK(os::read_file(f.folder / "run.toml") == run::current(f.folder)->text);
  }
  CHECK(whole < 40);  // else none was killed in time, and nothing is tested
  CHECK(os::file_size(f.folder / "changes.log"));
}

TEST_CASE("a change whose process died before run.toml was replaced counts") {
  Fixture f;
  const auto first = os::read_file(f.folder / "run.toml");
  run::set_keys(f.folder, {"search.max_trials=70"});
  os::publish(f.folder / "run.toml", first);  // as if it had died, or somebody slower had put an older one there
  CHECK(f.again().config().integer("search.max_trials") == 70);
  f.run.reload();
  CHECK(f.run.config().integer("search.max_trials") == 70);
  os::publish(f.folder / "changes/.tmp.x", "{");  // a name that was never linked
  run::set_keys(f.folder, {"search.parallel=3"});
  const auto written = config::Config::parse(os::read_file(f.folder / "run.toml"), "run.toml");
  CHECK(written.integer("search.max_trials") == 70);
  CHECK(written.integer("search.parallel") == 3);
}

TEST_CASE("run.toml may be edited by hand between changes, and older logs stay") {
  Fixture f;
  os::publish(f.folder / "changes.log", "2026-01-01 here search.parallel: 2 -> 3\n");
  run::set_keys(f.folder, {"search.max_trials=70"});
  auto text = os::read_file(f.folder / "run.toml");
  text.replace(text.find("max_trials = 70"), 15, "max_trials = 71");
  os::publish(f.folder / "run.toml", text);
  CHECK(f.again().config().integer("search.max_trials") == 71);
  run::set_keys(f.folder, {"search.parallel=4"});
  CHECK(f.again().config().integer("search.max_trials") == 71);
  CHECK(f.again().config().integer("search.parallel") == 4);
  const auto log = os::read_file(f.folder / "changes.log");
  CHECK(log.starts_with("2026-01-01 here"));
  CHECK_THAT(log, ContainsSubstring("search.max_trials: 60 -> 70") && ContainsSubstring("search.parallel: 2 -> 4"));
}

TEST_CASE("a faulty change of the space is refused, and nothing is written") {
  Fixture f;
  const auto before = os::read_file(f.folder / "run.toml");
  for (const char* change :
       {"params.training.lr.float[1]=-3", "constraint[1].require=nothing <= lr", "constraint[7].at_most=3"}) {
    INFO(change);
    CHECK_THROWS_AS(run::set_keys(f.folder, {change}), base::Error);
  }
  CHECK(os::read_file(f.folder / "run.toml") == before);
  CHECK_FALSE(std::filesystem::exists(f.folder / "changes"));
}

TEST_CASE("keys of every class do what their class says, to all stages") {
  Fixture f;
  const Stage studies[] = {Stage::split, Stage::baseline, Stage::proxy, Stage::search, Stage::full};
  f.finish(Stage::split, {{"train", 5}});
  f.finish(Stage::baseline);
  f.finish(Stage::proxy, {{"chosen", {{"epochs", 4}}}});
  f.finish(Stage::search, {{"best", 3}, {"finalists", {3, 1}}});
  f.finish(Stage::full, {{"finalists", base::Json::array()}});
  f.finish(Stage::report);
  // By hand, so that each change stands alone.
  const auto restore = [&](const std::string& text) {
    os::publish(f.folder / "run.toml", fmt::format("# Change {} by hand\n{}", run::current(f.folder)->number, text));
  };
  struct Case {
    std::string change;
    config::KeyClass key_class;
  };
  using enum config::KeyClass;
  const Case cases[] = {{"constraint[0].at_most=3", judging},
                        {"constraint[0].weight=0.5", judging},
                        {"constraint[0].metric=memory", judging},
                        {"constraint[0].at_least=1", judging},
                        {"constraint[1]={metric=\"f1\",at_least=0.5}", judging},
                        {"constraint[0]=", judging},
                        {"objectives.accuracy.threshold=0.7", judging},
                        {"objectives.accuracy.target=0.9", judging},
                        {"search.stop=[]", judging},
                        {"search.stop_window=50", judging},
                        {"search.noise=0.1", judging},
                        {"search.stop_tolerance=0.1", judging},
                        {"report.title=x", judging},
                        {"search.max_trials=99", limit},
                        {"study.lease=600s", limit},
                        {"run.name=y", site},
                        {"full.gpus_per_trial=2", site}};
  for (const auto& [change, key_class] : cases) {
    INFO(change);
    const auto before = os::read_file(f.folder / "run.toml");
    const auto changed = run::change_keys(f.folder, {change});
    CHECK(changed.keys.front().key_class == key_class);
    for (const Stage stage : studies) CHECK(f.kind(stage) == Kind::done);
    CHECK(f.kind(Stage::report) == (key_class == judging ? Kind::stale : Kind::done));
    const bool stop = change.starts_with("search.stop") || change.starts_with("search.noise") ||
                      change.starts_with("report") || change.find("target") != std::string::npos;
    CHECK(f.again().status(Stage::search).judged.empty() == (key_class != judging || stop));
    CHECK(run::change_keys(f.folder, {change.ends_with("=") ? "search.eta=3" : change}).keys.front().key_class ==
          std::nullopt);
    restore(before);
  }
  for (const char* change : {"objectives.accuracy.goal=min", "constraint[1].require=\"lr <= 0.5\"",
                             "params.training.lr.float[1]=2.0", "search.population=5"}) {
    INFO(change);
    const auto before = os::read_file(f.folder / "run.toml");
    const auto changed = run::change_keys(f.folder, {change});
    CHECK(changed.keys.front().key_class == identity);
    CHECK(f.kind(Stage::search) == Kind::stale);
    CHECK_FALSE(changed.stale.empty());
    restore(before);
  }
}

TEST_CASE("a result that was judged otherwise is derived again, and makes later stages stale only where they use it") {
  Fixture f;
  f.finish(Stage::split, {{"train", 5}});
  f.finish(Stage::proxy, {{"chosen", {{"epochs", 4}}}});
  f.finish(Stage::search, {{"best", 3}, {"finalists", {3, 1}}});
  f.finish(Stage::full, {{"finalists", base::Json::array()}});
  run::set_keys(f.folder, {"constraint[0].at_most=3"});
  CHECK_THAT(f.again().status(Stage::search).judged, ContainsSubstring("constraint[0].at_most was 5, is 3"));
  CHECK_THROWS_WITH(f.again().need(Stage::search),
                    ContainsSubstring("judged otherwise") && ContainsSubstring("search-driver"));
  const auto seconds = f.again().status(Stage::search).done.at("seconds");
  f.again().finish(Stage::search, {{"best", 1}, {"finalists", {1, 3}}}, 0);
  CHECK(f.again().status(Stage::search).judged.empty());
  CHECK(f.again().need(Stage::search).at("best") == 1);
  CHECK(f.again().status(Stage::search).done.at("seconds") == seconds);
  CHECK(f.kind(Stage::full) == Kind::done);  // the same finalists, another order
  CHECK_FALSE(f.again().status(Stage::full).judged.empty());
  run::set_keys(f.folder, {"constraint[0].at_most=2"});
  f.again().finish(Stage::search, {{"best", 7}, {"finalists", {7, 3}}}, 0);
  CHECK(f.kind(Stage::full) == Kind::stale);
  CHECK_THAT(f.again().status(Stage::full).reason, ContainsSubstring("the search has other finalists"));
  run::set_keys(f.folder, {"constraint[0].at_most=3"});
  // A second publication with the same values changes nothing: the first counts.
  f.again().finish(Stage::search, {{"best", 1}, {"finalists", {3, 1}}}, 0);
  f.again().finish(Stage::search, {{"best", 9}, {"finalists", {9, 1}}}, 0);
  CHECK(f.again().need(Stage::search).at("best") == 1);
  CHECK(f.kind(Stage::full) == Kind::done);  // it has the finalists of this bound
}

TEST_CASE("done.json of older versions holds judging keys as identity") {
  Fixture f;
  f.finish(Stage::split, {{"train", 5}});
  f.finish(Stage::proxy, {{"chosen", {{"epochs", 4}}}});
  f.finish(Stage::search, {{"best", 3}});
  const auto file = f.folder / "search/done.json";
  auto done = base::Json::parse(os::read_file(file));
  done.erase("judging");
  done.erase("result");
  const auto judging = f.run.judging(Stage::search);
  for (const auto& [key, value] : judging.items()) done["identity"][key] = value;
  os::publish(file, done.dump());
  CHECK(f.kind(Stage::search) == Kind::done);
  CHECK(f.again().status(Stage::search).judged.empty());
  run::set_keys(f.folder, {"constraint[0].at_most=3"});
  CHECK(f.kind(Stage::search) == Kind::done);
  CHECK_THAT(f.again().status(Stage::search).judged, ContainsSubstring("constraint[0].at_most was 5, is 3"));
}

TEST_CASE("a study is joined whatever it was judged by when it was founded") {
  tests::Scratch scratch;
  study::Definition definition{.stage = "search",
                               .seed = 1,
                               .identity = {{"configuration",
                                             {{"training.lr", "0.1"},
                                              {"constraint[0].at_most", "5"},
                                              {"constraint[0].metric", "m"},
                                              {"constraint[1].require", "a <= b"}}}},
                               .objectives = {{"score", true, 0.5}},
                               .fidelities = {{}}};
  const study::Limits limits;
  study::Study(scratch / "s", definition, limits).leave("done");
  definition.objectives = {{"score", true, {}}};
  definition.identity["configuration"] = {{"training.lr", "0.1"}, {"constraint[0].require", "a <= b"}};
  CHECK_NOTHROW(study::Study(scratch / "s", definition, limits));
  auto other = definition;
  other.identity["configuration"]["training.lr"] = "0.2";
  CHECK_THROWS_WITH(study::Study(scratch / "s", other, limits), ContainsSubstring("training.lr"));
  other = definition;
  other.objectives = {{"score", false, {}}};
  CHECK_THROWS_WITH(study::Study(scratch / "s", other, limits), ContainsSubstring("objectives"));
}
