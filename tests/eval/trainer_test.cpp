// The built-in trainer as an evaluator: from a run folder and a proposal to an outcome.
// LibTorch first: it has a CHECK of its own, which Catch2 replaces.
#include "nn/torch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "base/error.hpp"
#include "base/json.hpp"
#include "data/dataset.hpp"
#include "data/split.hpp"
#include "eval/evaluators.hpp"
#include "nn/weights.hpp"
#include "os/host.hpp"
#include "os/signal.hpp"
#include "train/throughput.hpp"

using namespace assay;
namespace fs = std::filesystem;
using trial::Failure;
using trial::State;

namespace {

/// A run folder on the embedded digits with its search split, as split-data leaves it.
struct TestRun {
  explicit TestRun(const std::string& model_and_more, const std::string& data = digits()) {
    folder = fs::temp_directory_path() / ("assay-eval-" + os::random_name());
    fs::create_directories(folder);
    std::ofstream(folder / "test.toml") << data << model_and_more;
    run.emplace(run::Run::open(folder / "run", folder / "test.toml"));
    space = std::make_shared<const space::Space>(space::Space::load(run->config(), "search"));
  }
  ~TestRun() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }

  static std::string digits() {
    const std::string sets = std::string(ASSAY_SOURCE_DIR) + "/datasets/optdigits/";
    return "[data]\nformat = \"csv\"\nshape = [1, 8, 8]\ntrain = \"" + sets + "train.csv.gz\"\nvalid = \"" + sets +
           "valid.csv.gz\"\n";
  }
  void split() const {
    const auto dataset = data::read(run->config(), data::Part::train);
    const auto split = data::make_split(dataset, 0.1, 1);
    const auto stage = run->folder(run::Stage::split);
    fs::create_directories(stage);
    data::write_indices(stage / "train.idx", split.train, dataset.sha256);
    data::write_indices(stage / "valid.idx", split.valid, dataset.sha256);
  }
  eval::Context context() const {
    return {.run = *run, .stage = run::Stage::search, .space = space, .device = "cpu", .threads = 1};
  }
  trial::Work work(trial::Fidelity at) const {
    trial::Work work;
    work.what.params = space->defaults();
    work.at = at;
    work.seed = 11;
    work.folder = folder / "attempt";
    return work;
  }

  fs::path folder;
  std::optional<run::Run> run;
  std::shared_ptr<const space::Space> space;
};

struct Reports : trial::Reporter {
  trial::Verdict report(std::int64_t step, const trial::Metrics& metrics) override {
    steps.push_back(step);
    last = metrics;
    return step >= stop_at ? trial::Verdict::stop : trial::Verdict::go_on;
  }
  std::vector<std::int64_t> steps;
  trial::Metrics last;
  std::int64_t stop_at = 1'000'000;
};

const std::string small_cnn = R"(
[model]
input = [1, 8, 8]
blocks = [
  { op = "conv", name = "stem", kernel = 3, width = { choice = [8, 16], default = 16 } },
  { op = "conv", kernel = 3, width = 32 },
  { op = "conv", kernel = 3, width = 32, stride = 2 },
  { op = "pool", kind = "global-avg" },
  { op = "linear", width = "classes" },
]
[training]
epochs = 6
batch_size = 64
lr = 1e-2
[augment]
crop = 1
[objectives]
accuracy = { goal = "max" }
latency_ms = { goal = "min" }
)";

}  // namespace

TEST_CASE("a small network learns the digits in a few epochs") {
  TestRun test(small_cnn);
  test.split();
  auto context = test.context();
  context.keep_weights = true;
  const auto evaluator = eval::make_evaluator(context);
  Reports reports;
  const auto outcome = evaluator->run(test.work({.epochs = 6}), reports);
  REQUIRE(outcome.state == State::done);
  CHECK(reports.steps == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6});
  CHECK(reports.last.at("accuracy") == outcome.metrics.at("accuracy"));
  CHECK(outcome.metrics.at("accuracy") > 0.95);
  CHECK(outcome.metrics.at("parameters") > 4000);
  CHECK(outcome.metrics.at("multiply_adds") > outcome.metrics.at("parameters"));
  CHECK(outcome.metrics.at("train_seconds") > 0);
  CHECK(outcome.metrics.at("latency_ms") > 0);
  // The configuration's check knows all of them.
  for (const auto& [metric, value] : outcome.metrics) {
    const auto text =
        "[data]\nformat = \"csv\"\ntrain = \"a\"\nvalid = \"b\"\n[model]\nblocks = [{ op = \"skip\" "
        "}]\n[objectives]\n" +
        metric + ".goal = \"max\"\n";
    CHECK_NOTHROW(config::Config::parse(text, "t").check_run());
  }
  CHECK(outcome.device_seconds >= outcome.metrics.at("train_seconds"));
  CHECK(fs::exists(test.folder / "attempt" / "network.json"));
  const auto weights = nn::load_tensors(test.folder / "attempt" / "weights.safetensors");
  CHECK(weights.metadata.contains("mean"));
  CHECK_FALSE(fs::exists(test.folder / "attempt" / "checkpoint.safetensors"));

  SECTION("a narrower, coarser proxy on half the data counts the full network") {
    Reports proxy_reports;
    auto narrow = test.work({.epochs = 3, .data = 0.5, .width = 0.5, .resolution = 0.5});
    const auto proxy = evaluator->run(narrow, proxy_reports);
    REQUIRE(proxy.state == State::done);
    CHECK(proxy_reports.steps.size() == 3);
    CHECK(proxy.metrics.at("parameters") == outcome.metrics.at("parameters"));
    CHECK(proxy.metrics.at("multiply_adds") == outcome.metrics.at("multiply_adds"));
    CHECK(proxy.metrics.at("accuracy") > 0.3);
  }
  SECTION("the verdict stop ends it after that epoch") {
    Reports stopping;
    stopping.stop_at = 2;
    const auto stopped = evaluator->run(test.work({.epochs = 6}), stopping);
    CHECK(stopped.state == State::stopped);
    CHECK(stopping.steps.size() == 2);
    CHECK(stopped.metrics.contains("accuracy"));
  }
  SECTION("a signal leaves a checkpoint, and the next attempt ends where an undisturbed one does") {
    struct Signalling : Reports {
      trial::Verdict report(std::int64_t step, const trial::Metrics& metrics) override {
        if (step == 3) os::request_stop(SIGUSR2);
        return Reports::report(step, metrics);
      }
    } signalling;
    auto first = test.work({.epochs = 6});
    first.folder = test.folder / "0.1";
    const auto left = evaluator->run(first, signalling);
    os::request_stop(0);
    CHECK(left.again);
    REQUIRE(fs::exists(first.folder / "checkpoint.safetensors"));
    auto second = test.work({.epochs = 6});
    second.folder = test.folder / "0.2";
    second.previous = first.folder;
    Reports rest;
    const auto resumed = evaluator->run(second, rest);
    CHECK(rest.steps == std::vector<std::int64_t>{4, 5, 6});
    CHECK_FALSE(fs::exists(first.folder / "checkpoint.safetensors"));
    CHECK(resumed.metrics.at("accuracy") == outcome.metrics.at("accuracy"));
    CHECK(resumed.metrics.at("loss") == outcome.metrics.at("loss"));
    const auto again = nn::load_tensors(second.folder / "weights.safetensors");
    REQUIRE(again.tensors.size() == weights.tensors.size());
    for (const auto& [name, tensor] : weights.tensors) CHECK(torch::equal(tensor, *again.find(name)));
  }
  SECTION("a lower rung's checkpoint stays, also for a trial that fails") {
    context.keep_checkpoint = true;
    const auto rungs = eval::make_evaluator(context);
    auto low = test.work({.epochs = 2});
    low.folder = test.folder / "0.1";
    CHECK(rungs->run(low, reports).state == State::done);
    REQUIRE(fs::exists(low.folder / "checkpoint.safetensors"));
    auto high = test.work({.epochs = 3});
    high.folder = test.folder / "1.1";
    high.previous = low.folder;
    Reports rest;
    CHECK(rungs->run(high, rest).state == State::done);
    CHECK(rest.steps == std::vector<std::int64_t>{3});
    CHECK(fs::exists(low.folder / "checkpoint.safetensors"));
    CHECK(fs::exists(high.folder / "checkpoint.safetensors"));
  }
  SECTION("final rows are scored on the validation set") {
    context.rows = eval::Rows::final;
    const auto last = eval::make_evaluator(context)->run(test.work({.epochs = 4}), reports);
    CHECK(last.state == State::done);
    const auto score = last.metrics.at("accuracy") * 1797;
    CHECK(std::abs(score - std::round(score)) < 1e-6);
  }
}

TEST_CASE("a trial that ran out of memory is trained in halves of the batch, to the same end") {
  const auto both = [](const std::string& blocks) {
    TestRun test("[model]\ninput = [1, 8, 8]\nblocks = [\n" + blocks +
                 "  { op = \"linear\", width = \"classes\" },\n]\n[training]\nepochs = 3\nbatch_size = 64\noptimizer = "
                 "\"sgd\"\nlr = 5e-2\n");
    test.split();
    auto context = test.context();
    context.keep_weights = true;
    const auto evaluator = eval::make_evaluator(context);
    Reports reports;
    auto whole = test.work({.epochs = 3}), halved = whole;
    halved.folder = test.folder / "halved";
    halved.what.tags[trial::halved_tag] = "1";
    const auto first = evaluator->run(whole, reports), second = evaluator->run(halved, reports);
    REQUIRE(first.state == State::done);
    REQUIRE(second.state == State::done);
    CHECK_FALSE(first.attributes.contains("accumulate"));
    CHECK(second.attributes.at("accumulate") == "2");
    const auto a = nn::load_tensors(whole.folder / "weights.safetensors"),
               b = nn::load_tensors(halved.folder / "weights.safetensors");
    double furthest = 0;
    for (const auto& [name, tensor] : a.tensors) {
      furthest = std::max(furthest, (tensor - *b.find(name)).abs().max().item<double>());
    }
    return std::tuple(first.metrics.at("loss"), second.metrics.at("loss"), furthest);
  };
  SECTION("without batch norm the gradient is the same sum") {
    const auto [whole, halved, furthest] =
        both("  { op = \"flatten\" },\n  { op = \"linear\", width = 32, act = \"relu\" },\n");
    CHECK(std::abs(whole - halved) < 1e-4);
    CHECK(furthest < 1e-3);
    CHECK(furthest > 0);
  }
  SECTION("batch norm sees each half by itself") {
    const auto [whole, halved, furthest] =
        both("  { op = \"conv\", kernel = 3, width = 16 },\n  { op = \"pool\", kind = \"global-avg\" },\n");
    CHECK(furthest > 1e-3);
    CHECK(std::abs(whole - halved) < 0.2);
  }
}

TEST_CASE("divergence is a failed trial, a network that cannot be built an infeasible one") {
  TestRun test(R"(
[model]
input = [1, 8, 8]
blocks = [
  { op = "conv", kernel = 3, width = 6 },
  { op = "conv", kernel = 3, width = 6, groups = { choice = [1, 4], default = 1, name = "groups" } },
  { op = "linear", width = "classes" },
]
[training]
optimizer = "sgd"
lr = { choice = [1e-2, 1e30], default = 1e30, name = "lr" }
)",
               TestRun::digits());
  test.split();
  const auto evaluator = eval::make_evaluator(test.context());
  Reports reports;
  auto work = test.work({.epochs = 2});
  const auto nan = evaluator->run(work, reports);
  CHECK(nan.state == State::failed);
  CHECK(nan.failure == Failure::nan);
  CHECK(reports.steps.empty());
  work.what.params["groups"] = std::int64_t{4};
  const auto invalid = evaluator->run(work, reports);
  CHECK(invalid.state == State::infeasible);
  CHECK(invalid.failure == Failure::invalid);
  CHECK_FALSE(invalid.reason.empty());
  work.what.params["groups"] = std::int64_t{1};
  work.what.params["lr"] = 1e-2;
  CHECK(evaluator->run(work, reports).state == State::done);
}

TEST_CASE("a model that does not take the data's rows ends the worker with one sentence") {
  TestRun test(
      "[model]\ninput = [3, 8, 8]\nblocks = [ { op = \"flatten\" }, { op = \"linear\", width = \"classes\" } ]\n");
  test.split();
  const auto evaluator = eval::make_evaluator(test.context());
  Reports reports;
  try {
    evaluator->run(test.work({.epochs = 1}), reports);
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    CHECK(std::string(error.what()).find("[1,8,8]") != std::string::npos);
  }
}

TEST_CASE("a regression is scored in the user's units") {
  const auto file = fs::temp_directory_path() / ("assay-regression-" + os::random_name() + ".csv");
  {
    std::ofstream csv(file);
    csv << "a,b,y\n";
    for (int i = 0; i < 400; ++i) {
      const double a = (i * 37 % 101) / 10.0, b = (i * 53 % 97) / 10.0;
      csv << a << ',' << b << ',' << 1000 + 30 * a - 20 * b << '\n';
    }
  }
  TestRun test(R"(
[model]
input = [2]
blocks = [ { op = "linear", width = 32, act = "relu" }, { op = "linear", width = "classes" } ]
[training]
epochs = 40
batch_size = 32
lr = 1e-2
)",
               "[data]\nformat = \"csv\"\ntask = \"regression\"\ntarget = \"y\"\ntrain = \"" + file.string() +
                   "\"\nvalid = \"" + file.string() + "\"\n");
  test.split();
  Reports reports;
  const auto outcome = eval::make_evaluator(test.context())->run(test.work({.epochs = 40}), reports);
  REQUIRE(outcome.state == State::done);
  CHECK(outcome.metrics.at("r2") > 0.98);
  CHECK(outcome.metrics.at("rmse") < 20);  // the targets' deviation is about 105
  CHECK(outcome.metrics.at("rmse") > 1e-3);
  fs::remove(file);
}

TEST_CASE("the batch sweep measures powers of two") {
  TestRun test(small_cnn + "[baseline]\nlargest_batch = 32\n");
  test.split();
  const auto sweep = train::sweep_batches(*test.run, *test.space, "cpu", 1);
  REQUIRE_FALSE(sweep.empty());
  std::int64_t batch = 8;
  for (const auto& point : sweep) {
    CHECK(point.batch == batch);
    CHECK(point.examples_per_second > 0);
    CHECK(std::abs(point.examples_per_second * point.seconds_per_step - static_cast<double>(batch)) < 1e-6);
    batch *= 2;
  }
  CHECK(batch <= 64);
  CHECK(train::best_batch(sweep) >= 8);
  CHECK(train::best_batch({{8, 100, 0.1, false}, {16, 150, 0.1, false}, {32, 152, 0.1, false}, {64, 0, 0, true}}) ==
        16);
}
