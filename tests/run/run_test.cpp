#include "run/run.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/time.hpp"
#include "os/file.hpp"
#include "run/scratch.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using run::Run;
using run::Stage;
using Kind = run::Status::Kind;

namespace {

const char* const configuration = R"([run]
name = "trial run"
[training]
lr = 0.002
[objectives]
parameters = { goal = "min", threshold = 1000 }
accuracy = { goal = "max" }
[search]
max_trials = 60
)";

struct Fixture {
  tests::Scratch scratch;
  std::filesystem::path file = scratch.write("c.toml", configuration);
  std::filesystem::path folder = scratch / "run";
  Run run = Run::open(folder, file);

  void finish(Stage stage, const base::Json& figures = base::Json::object()) {
    const auto now = Run::open(folder);
    now.begin(stage);
    now.finish(stage, figures, 0);
  }
  Run again() const { return Run::open(folder); }
};

template <class Body>
base::Error error_of(Body body) {
  try {
    body();
  } catch (const base::Error& error) {
    return error;
  }
  FAIL("no error");
  std::abort();
}

}  // namespace

TEST_CASE("a run is founded once and opened afterwards") {
  Fixture f;
  CHECK(f.run.name() == "trial run");
  CHECK(f.again().config().number("training.lr") == 0.002);
  CHECK(f.run.limits(Stage::search).max_trials == 60);
  CHECK(f.run.limits(Stage::search).max_failed == 20);
  CHECK(f.run.limits(Stage::search).max_seconds == 0);
  const auto objectives = f.run.objectives();
  REQUIRE(objectives.size() == 2);
  CHECK(objectives[0].metric == "parameters");  // the order of the file counts
  CHECK_FALSE(objectives[0].maximise);
  CHECK(objectives[0].threshold == 1000.0);
  CHECK(objectives[1].maximise);
  CHECK_NOTHROW(Run::open(f.folder, f.file));
}

TEST_CASE("no run folder and no configuration is an error of usage") {
  tests::Scratch scratch;
  const auto error = error_of([&] { Run::open(scratch / "nothing"); });
  CHECK(error.code() == base::Exit::config);
  CHECK_THAT(error.what(), ContainsSubstring("--config FILE"));
  CHECK_FALSE(std::filesystem::exists(scratch / "nothing"));
}

TEST_CASE("a run folder of another configuration is refused by the differing key") {
  Fixture f;
  const auto other = f.scratch.write("other.toml",
                                     "[training]\nlr = 0.1\n[objectives]\nparameters = { goal = \"min\", threshold = "
                                     "1000 }\naccuracy = { goal = \"max\" }\n");
  const auto error = error_of([&] { Run::open(f.folder, other); });
  CHECK(error.code() == base::Exit::config);
  CHECK_THAT(error.what(), ContainsSubstring("training.lr is 0.002 in the run folder, 0.1 in"));
  CHECK_THAT(error.what(), ContainsSubstring("assay set"));
  CHECK(error_of([&] { Run::open(f.folder, {}, {"training.lr=0.5"}); }).code() == base::Exit::config);
  CHECK(error_of([&] { Run::open(f.folder, {}, {}, 7); }).code() == base::Exit::config);
  CHECK_NOTHROW(Run::open(f.folder, f.file, {"search.max_trials=70"}));  // a limit: the run's own value stays
  CHECK(f.again().limits(Stage::search).max_trials == 60);
}

TEST_CASE("a missing earlier stage is named with its command") {
  Fixture f;
  const auto error = error_of([&] { f.run.need(Stage::split); });
  CHECK(error.code() == base::Exit::upstream);
  CHECK_THAT(error.what(),
             ContainsSubstring("the split stage is not done: run `split-data " + f.folder.string() + "`"));
  f.run.fail(Stage::split, {{"message", "data.csv is torn"}});
  CHECK(f.run.status(Stage::split).kind == Kind::failed);
  CHECK_THAT(error_of([&] { f.run.need(Stage::split); }).what(), ContainsSubstring("it failed (data.csv is torn)"));
  f.finish(Stage::split, {{"train", 5}});
  CHECK(f.run.need(Stage::split).at("train") == 5);
}

TEST_CASE("an identity key makes the stages that depend on it stale; a limit none") {
  Fixture f;
  f.finish(Stage::split, {{"train", 5}});
  f.finish(Stage::baseline);
  f.finish(Stage::proxy, {{"chosen", {{"epochs", 4}}}});
  f.finish(Stage::search, {{"best", 3}});
  CHECK(run::set_keys(f.folder, {"search.max_trials=80"}).empty());
  CHECK(f.again().status(Stage::search).kind == Kind::done);
  CHECK(f.again().limits(Stage::search).max_trials == 80);

  CHECK(run::set_keys(f.folder, {"search.population=30"}) == std::vector{Stage::search});
  CHECK_THAT(f.again().status(Stage::search).reason, ContainsSubstring("search.population was 16, is 30"));
  run::set_keys(f.folder, {"search.population=16"});

  const auto stale = run::set_keys(f.folder, {"training.lr=0.001"});
  CHECK(stale == std::vector{Stage::baseline, Stage::proxy, Stage::search});
  const auto status = f.again().status(Stage::search);
  CHECK(status.kind == Kind::stale);
  CHECK_THAT(status.reason, ContainsSubstring("training.lr was 0.002, is 0.001"));
  CHECK_THAT(error_of([&] { f.again().need(Stage::proxy); }).what(), ContainsSubstring("stale"));
  CHECK_THAT(os::read_file(f.folder / "changes.log"), ContainsSubstring("training.lr: 0.002 -> 0.001"));
}

TEST_CASE("an earlier stage made again makes a later one stale only if its result changed") {
  Fixture f;
  f.finish(Stage::split, {{"train", 5}});
  f.finish(Stage::proxy, {{"chosen", {{"epochs", 4}}}, {"full_seconds", 1.0}});
  f.finish(Stage::search, {{"best", 3}});
  f.again().set_aside(Stage::proxy);
  f.finish(Stage::proxy, {{"chosen", {{"epochs", 4}}}, {"full_seconds", 1.1}});
  CHECK(f.again().status(Stage::search).kind == Kind::done);
  f.again().set_aside(Stage::proxy);
  f.finish(Stage::proxy, {{"chosen", {{"epochs", 8}}}});
  CHECK_THAT(f.again().status(Stage::search).reason, ContainsSubstring("proxy was made again"));
  CHECK(std::filesystem::exists(f.folder / "proxy.2"));
}

TEST_CASE("a stage that is begun but not finished can be stale, too") {
  Fixture f;
  f.finish(Stage::split);
  f.again().begin(Stage::baseline);
  CHECK(f.again().status(Stage::baseline).kind == Kind::running);
  CHECK(run::set_keys(f.folder, {"training.epochs=3"}) == std::vector{Stage::baseline});
}

TEST_CASE("the first result of a stage counts, and partial ones are usable") {
  Fixture f;
  f.run.begin(Stage::split);
  f.run.finish(Stage::split, {{"train", 1}}, 0, true);
  f.run.finish(Stage::split, {{"train", 2}}, 0);
  CHECK(f.run.status(Stage::split).kind == Kind::partial);
  CHECK(f.run.need(Stage::split).at("train") == 1);
}

TEST_CASE("a stage began with its first worker, not with the process that ends it") {
  Fixture f;
  f.run.begin(Stage::search);
  const double before = base::unix_seconds();
  {
    study::Definition definition{.stage = "search", .objectives = {{"score", true, {}}}, .fidelities = {{}}};
    study::Study study(f.run.folder(Stage::search), definition, f.run.limits(Stage::search));
    study.refresh();
    study.leave("time is up");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double seconds = f.run.finish(Stage::search, {{"best", 3}}, base::unix_seconds());
  CHECK(seconds > 0.2);
  CHECK(seconds < base::unix_seconds() - before);
  const auto done = f.run.status(Stage::search).done;
  CHECK(done.at("seconds") == seconds);
  // Without a study the process is all there is to go by.
  CHECK(f.run.finish(Stage::split, {{"train", 1}}, base::unix_seconds() - 5) < 6);
}

TEST_CASE("of several workers that find a stage stale one sets it aside") {
  for (int round = 0; round < 10; ++round) {
    Fixture f;
    f.finish(Stage::split, {{"train", 5}});
    run::set_keys(f.folder, {"split.share=0.2"});
    std::vector<std::thread> workers;
    for (int i = 0; i < 8; ++i) {
      workers.emplace_back([&] {
        const auto run = f.again();
        const auto status = run.status(Stage::split);
        if (status.kind == Kind::stale) run.set_aside(Stage::split, status);
        run.begin(Stage::split);
      });
    }
    for (auto& worker : workers) worker.join();
    CHECK(os::file_size(f.folder / "split.1/done.json"));
    CHECK_FALSE(std::filesystem::exists(f.folder / "split.2"));
    CHECK(os::file_size(f.folder / "split/begun.json"));
    CHECK_FALSE(os::file_size(f.folder / "split/set-aside.json"));
  }
}

TEST_CASE("two founders at once agree on one configuration") {
  for (int round = 0; round < 10; ++round) {
    tests::Scratch scratch;
    const auto file = scratch.write("c.toml", configuration);
    std::vector<std::thread> founders;
    std::atomic<int> opened = 0;  // Catch2's checks are for one thread only
    for (int i = 0; i < 4; ++i) {
      founders.emplace_back([&] {
        try {
          Run::open(scratch / "run", file);
          ++opened;
        } catch (const std::exception& error) {
          std::fprintf(stderr, "%s\n", error.what());
        }
      });
    }
    for (auto& founder : founders) founder.join();
    CHECK(opened == 4);
    CHECK(os::list_folder(scratch / "run") == std::vector<std::string>{"run.toml"});
  }
}

TEST_CASE("limits set while a process runs reach it, identity keys do not") {
  Fixture f;
  run::set_keys(f.folder, {"search.max_trials=99", "training.lr=0.5", "study.lease=\"60s\""});
  f.run.reload();
  CHECK(f.run.limits(Stage::search).max_trials == 99);
  CHECK(f.run.limits(Stage::search).lease_seconds == 60);
  CHECK(f.run.config().number("training.lr") == 0.002);
}

TEST_CASE("bad changes are refused and nothing is written") {
  Fixture f;
  const auto before = os::read_file(f.folder / "run.toml");
  for (const auto* change : {"training.lr", "=3", "training.ler=3", "training.lr=-1", "search.max_trials=many"}) {
    CHECK(error_of([&] { run::set_keys(f.folder, {change}); }).code() == base::Exit::config);
  }
  CHECK(os::read_file(f.folder / "run.toml") == before);
}

TEST_CASE("stages have names") {
  CHECK(run::stage_from("search") == Stage::search);
  CHECK(run::stage_from("full-train-topk") == Stage::full);
  CHECK_THAT(error_of([] { run::stage_from("serch"); }).what(), ContainsSubstring("did you mean search?"));
}
