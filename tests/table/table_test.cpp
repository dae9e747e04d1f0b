// Trials looked up in a CSV.
#include "eval/table/table.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "base/error.hpp"
#include "base/time.hpp"
#include "config/check.hpp"
#include "os/file.hpp"
#include "os/signal.hpp"
#include "temp_folder.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using trial::State;

namespace {

const char* const small_space = R"(
[params.model]
hidden = { choice = [16, 32], default = 16 }
[params.training]
lr = { float = [0.001, 0.1], log = true, default = 0.01 }
[objectives]
accuracy = { goal = "max" }
)";

class Recorder : public trial::Reporter {
 public:
  trial::Verdict report(std::int64_t step, const trial::Metrics& metrics) override {
    reports.push_back({step, 0, metrics});
    return step >= stop_at ? trial::Verdict::stop : trial::Verdict::go_on;
  }
  std::vector<trial::Report> reports;
  std::int64_t stop_at = 1 << 30;
};

struct Bench {
  tests::TempFolder folder;
  Recorder recorder;
  double timeout = 0;
  std::shared_ptr<const space::Space> space;

  config::Config config(const std::string& table, const std::string& keys,
                        const std::string& rest = small_space) const {
    os::publish(folder / "t.csv", table);
    os::publish(folder / "run.toml", "[trial.table]\nfile = \"t.csv\"\n" + keys + "\n" + rest);
    return config::Config::load(folder / "run.toml");
  }
  eval::Table table(const std::string& text, const std::string& keys = "", const std::string& rest = small_space) {
    const auto loaded = config(text, keys, rest);
    space = std::make_shared<const space::Space>(space::Space::load(loaded));
    return {loaded, space};
  }
  trial::Outcome run(const std::string& text, const std::string& keys, const trial::Work& work) {
    const auto loaded = config(text, keys);
    space = std::make_shared<const space::Space>(space::Space::load(loaded));
    return eval::make_table_evaluator(loaded, space, [this] { return timeout; })->run(work, recorder);
  }
};

/// A point by the last parts of its parameters' names.
space::Params point(const space::Space& space, std::int64_t hidden, double lr) {
  auto params = space.defaults();
  for (auto& [name, value] : params) {
    if (name.ends_with("hidden")) value = hidden;
    if (name.ends_with("lr")) value = lr;
  }
  return params;
}

trial::Work work(int epochs, space::Params params) {
  trial::Work result;
  result.item = {3, 0};
  result.what.params = std::move(params);
  result.at = {epochs, 1, 1, 1};
  return result;
}

std::string refusal(const std::function<void()>& body, base::Exit code) {
  try {
    body();
  } catch (const base::Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  FAIL("no error");
  return "";
}

const std::string plain =
    "hidden,lr,accuracy,parameters,arch\n"
    "16,0.01,0.8,1000,a\n32,0.010,0.9,2000,b\n32,1e-3,0.7,2000,c\n64,0.01,0.99,9000,outside\n";

const std::string curves =
    "h,rate,epoch,test_acc,seconds\n"
    "16,0.01,2,0.6,0.4\n16,0.01,1,0.5,0.2\n16,0.01,3,0.7,0.6\n32,0.01,1,0.4,1\n";
const std::string curve_keys =
    "epoch = \"epoch\"\ncost = \"seconds\"\nparams = { hidden = \"h\", \"training.lr\" = \"rate\" }\n"
    "metrics = { accuracy = \"test_acc\" }";

}  // namespace

TEST_CASE("a row per network: columns by name, numbers are metrics, texts attributes") {
  Bench bench;
  const auto table = bench.table(plain);
  CHECK(table.size() == 3);  // 64 is outside the space
  CHECK_FALSE(table.has_epochs());
  const auto found = table.look_up(point(*bench.space, 32, 0.01), {30, 1, 1, 1});
  CHECK(found.outcome.state == State::done);
  CHECK(found.outcome.metrics == trial::Metrics{{"accuracy", 0.9}, {"parameters", 2000}});
  CHECK(found.outcome.attributes.at("arch") == "b");
  CHECK(found.reports.empty());
}

TEST_CASE("a point that the table lacks is infeasible, and the reason names it") {
  Bench bench;
  const auto table = bench.table(plain);
  const auto found = table.look_up(point(*bench.space, 16, 0.05), {30, 1, 1, 1});
  CHECK(found.outcome.state == State::infeasible);
  CHECK_THAT(found.outcome.reason, ContainsSubstring("t.csv has no row for") && ContainsSubstring("hidden = 16") &&
                                       ContainsSubstring("lr = 0.05"));
  CHECK(table.look_up(point(*bench.space, 16, 0.01), {30, 0.5, 1, 1}).outcome.state == State::infeasible);
}

TEST_CASE("a missing objective is a failed trial") {
  Bench bench;
  const auto table = bench.table("hidden,lr,accuracy\n16,0.01,nan\n32,0.01,0.9\n");
  const auto outcome = table.look_up(point(*bench.space, 16, 0.01), {}).outcome;
  CHECK(outcome.state == State::failed);
  CHECK(outcome.failure == trial::Failure::nan);
  CHECK_THAT(outcome.reason, ContainsSubstring("accuracy"));
}

TEST_CASE("a row per epoch: reports up to the fidelity, metrics and cost of its last epoch") {
  Bench bench;
  const auto space_of = bench.table(curves, curve_keys);
  const auto here = point(*bench.space, 16, 0.01);
  const auto outcome = bench.run(curves, curve_keys, work(2, here));
  CHECK(outcome.state == State::done);
  CHECK(outcome.metrics == trial::Metrics{{"accuracy", 0.6}});
  CHECK(outcome.device_seconds == 0.4);
  REQUIRE(bench.recorder.reports.size() == 2);
  CHECK(bench.recorder.reports[0].step == 1);
  CHECK(bench.recorder.reports[1].metrics.at("accuracy") == 0.6);

  const auto beyond = bench.run(curves, curve_keys, work(3, point(*bench.space, 32, 0.01)));
  CHECK(beyond.state == State::infeasible);
  CHECK_THAT(beyond.reason, ContainsSubstring("no epoch 3") && ContainsSubstring("its last is 1"));
}

TEST_CASE("what a training goes on from is neither reported nor paid for again") {
  Bench bench;
  bench.table(curves, curve_keys);
  auto further = work(3, point(*bench.space, 16, 0.01));
  further.made = trial::Fidelity{.epochs = 1};
  const auto outcome = bench.run(curves, curve_keys, further);
  CHECK(outcome.metrics.at("accuracy") == 0.7);
  CHECK(outcome.device_seconds == 0.6 - 0.2);
  REQUIRE(bench.recorder.reports.size() == 2);
  CHECK(bench.recorder.reports[0].step == 2);
}

TEST_CASE("wait: no longer than a training may take") {
  Bench bench;
  bench.table(curves, curve_keys);
  const auto here = work(3, point(*bench.space, 16, 0.01));
  bench.timeout = 0.1;
  const auto start = base::steady_seconds();
  const auto outcome = bench.run(curves, curve_keys + "\nwait = 100", here);
  CHECK(outcome.failure == trial::Failure::timeout);
  CHECK_THAT(outcome.reason, ContainsSubstring("longer than 0.1 s"));
  CHECK(base::steady_seconds() - start < 5);
  CHECK(bench.run(curves, curve_keys, here).state == State::done);
}

TEST_CASE("a judged trial ends at that epoch") {
  Bench bench;
  bench.table(curves, curve_keys);
  bench.recorder.stop_at = 2;
  const auto outcome = bench.run(curves, curve_keys, work(3, point(*bench.space, 16, 0.01)));
  CHECK(outcome.state == State::stopped);
  CHECK(outcome.metrics.at("accuracy") == 0.6);
  CHECK(outcome.device_seconds == 0.4);
  CHECK(bench.recorder.reports.size() == 2);
}

TEST_CASE("wait: really waited, and left when a stop is asked for") {
  Bench bench;
  bench.table(curves, curve_keys);
  const auto here = work(3, point(*bench.space, 16, 0.01));
  const double start = base::steady_seconds();
  CHECK(bench.run(curves, curve_keys + "\nwait = 0.5", here).state == State::done);
  CHECK(base::steady_seconds() - start >= 0.3);

  std::thread stopper([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    os::request_stop(SIGUSR2);
  });
  const double second = base::steady_seconds();
  const auto left = bench.run(curves, curve_keys + "\nwait = 100", here);
  stopper.join();
  os::request_stop(0);
  CHECK(left.again);
  CHECK(base::steady_seconds() - second < 5);
}

TEST_CASE("slips in a table are told with file and line") {
  Bench bench;
  const auto told = [&](const std::string& text, const std::string& keys = "") {
    return refusal([&] { bench.table(text, keys); }, base::Exit::data);
  };
  CHECK_THAT(told("hidden,rate,accuracy\n16,0.01,0.8\n32,0.01,0.9\n"),
             ContainsSubstring("t.csv:1: there is no column \"lr\" for"));
  CHECK_THAT(told(plain, "cost = \"secnods\""), ContainsSubstring("t.csv:1: there is no column \"secnods\""));
  CHECK_THAT(told(plain, "metrics = { accuracy = \"acuracy\" }"), ContainsSubstring("did you mean \"accuracy\""));
  CHECK_THAT(told("hidden,lr,acc\n16,0.01,0.8\n32,0.01,0.9\n"), ContainsSubstring("the metric accuracy"));
  CHECK_THAT(told("hidden,lr,accuracy\n16,0.01,0.8\n32,0.01,0.9\n16,0.010,0.7\n"),
             ContainsSubstring("t.csv:4: says again what line 2 says") && ContainsSubstring("hidden = 16"));
  CHECK_THAT(told("hidden,lr,accuracy\n16,0.01,0.8\n"), ContainsSubstring("t.csv:1: no row has") &&
                                                            ContainsSubstring("hidden = 32") &&
                                                            ContainsSubstring("run.toml:"));
  CHECK_THAT(told("hidden,lr,accuracy\n16,fast,0.8\n32,0.01,0.9\n"),
             ContainsSubstring("t.csv:2: \"fast\" is no number"));
  CHECK_THAT(told("hidden,lr,epoch,accuracy\n16,0.01,1.5,0.8\n32,0.01,1,0.9\n", "epoch = \"epoch\""),
             ContainsSubstring("t.csv:2: epochs are counted from 1"));
  CHECK_THAT(told("hidden,lr,epoch,s,accuracy\n16,0.01,1,5,0.8\n16,0.01,2,4,0.8\n32,0.01,1,1,0.9\n",
                  "epoch = \"epoch\"\ncost = \"s\""),
             ContainsSubstring("t.csv:3: the cost at epoch 2 is 4 s"));
  CHECK_THAT(told("hidden,lr,accuracy\n16,5,0.8\n32,5,0.9\n"), ContainsSubstring("no row is a point of the space"));
}

TEST_CASE("slips in [trial.table] are told with their place") {
  Bench bench;
  const auto told = [&](const std::string& keys, const std::string& rest = small_space) {
    return refusal([&] { bench.table(plain, keys, rest); }, base::Exit::config);
  };
  CHECK_THAT(told("params = { hiden = \"hidden\" }"),
             ContainsSubstring("run.toml:3:") && ContainsSubstring("no parameter of this name"));
  CHECK_THAT(told("wait = -1"), ContainsSubstring("trial.table.wait"));
  CHECK_THAT(told("colour = 1"), ContainsSubstring("unknown key"));
  CHECK_THAT(told("", std::string("[trial]\ncommand = [\"sh\"]\n") + small_space),
             ContainsSubstring("contradicts trial.command"));
}

TEST_CASE("conditional parameters: the cells of inactive ones are not read") {
  Bench bench;
  const auto table = bench.table("kind,depth,accuracy\nflat,,0.5\ntree,1,0.6\ntree,2,0.7\n", "", R"(
[params.model]
kind.choice = [ { name = "flat" }, { name = "tree", depth = { choice = [1, 2] } } ]
[objectives]
accuracy = { goal = "max" }
)");
  CHECK(table.size() == 3);
  base::Rng rng(1, "search", 0, "x");
  for (int i = 0; i < 20; ++i) CHECK(table.look_up(bench.space->sample(rng), {}).outcome.state == State::done);
}

TEST_CASE("run.toml keeps the table, and a run without one has none") {
  Bench bench;
  const auto config = bench.config(curves, curve_keys);
  const auto again = config::Config::parse(config.resolved(), "run.toml");
  CHECK(again.text("trial.table.file") == (bench.folder / "t.csv").string());
  CHECK(again.text("trial.table.epoch") == "epoch");
  CHECK(again.identity({"trial"}) == config.identity({"trial"}));
  CHECK(config::without_data(again));
  again.check_run();
  const auto none = config::Config::parse(config::Config::parse("", "x").resolved(), "x");
  CHECK_FALSE(eval::uses_table(none));
  CHECK_FALSE(config::without_data(none));
}
