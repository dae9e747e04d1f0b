// configs/examples/assay.py: trial codes written for NNI, through the command evaluator.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "eval/command/command.hpp"
#include "os/file.hpp"
#include "os/process.hpp"
#include "study/lab.hpp"

using namespace lab;
using namespace assay::eval;
using Catch::Matchers::ContainsSubstring;
using trial::State;

namespace {

const std::filesystem::path examples = std::filesystem::path(ASSAY_SOURCE_DIR) / "configs/examples";

class Reports : public trial::Reporter {
 public:
  trial::Verdict report(std::int64_t step, const trial::Metrics& metrics) override {
    seen.push_back({step, 0, metrics});
    return step >= stop_at ? trial::Verdict::stop : trial::Verdict::go_on;
  }
  std::vector<trial::Report> seen;
  std::int64_t stop_at = 1 << 30;
};

struct Trial {
  Folder folder;
  Reports reports;
  base::Json rows = base::Json::parse(R"({"train": {}, "valid": {}})");

  Outcome run(std::vector<std::string> command) {
    CommandSettings settings;
    settings.command = std::move(command);
    settings.stage = "search";
    settings.required = {"default"};
    settings.values = [](const space::Params&) {
      return base::Json::parse(R"({"model": {"depth": 3}, "training": {"margin": 1.0, "decay": 0.9}, "augment": {}})");
    };
    settings.rows = [this](const trial::Work&) { return rows; };
    settings.stop_grace = 5;
    trial::Work work;
    work.item = {4, 0};
    work.at = {3, 1, 1, 1};
    work.folder = folder.path() / "trials/4/0.1";
    return make_command_evaluator(std::move(settings))->run(work, reports);
  }
  Outcome python(const std::string& code) {
    return run({ASSAY_PYTHON, "-c", "import sys; sys.path.append('" + examples.string() + "')\nimport assay\n" + code});
  }
};

}  // namespace

TEST_CASE("assay.py: parameters in one dict, a number is the metric \"default\"") {
  Trial trial;
  const auto outcome = trial.python(R"(
params = assay.params()
assert params == {"depth": 3, "margin": 1.0, "decay": 0.9}, params
assert not assay.should_stop()
class Float32:
    def __float__(self): return 0.5
assay.report(0.25)
assay.report(Float32(), loss=2)
assay.report({"default": 0.75, "loss": 1.5}, step=7)
assay.report(0.8)
assay.final(0.9, parameters=1200, note="done")
)");
  CHECK(outcome.reason.empty());
  CHECK(outcome.state == State::done);
  CHECK(outcome.metrics == trial::Metrics{{"default", 0.9}, {"parameters", 1200}});
  CHECK(outcome.attributes.at("note") == "done");
  REQUIRE(trial.reports.seen.size() == 4);
  CHECK(trial.reports.seen[0].step == 1);
  CHECK(trial.reports.seen[1].metrics == trial::Metrics{{"default", 0.5}, {"loss", 2}});
  CHECK(trial.reports.seen[2].step == 7);
  CHECK(trial.reports.seen[3].step == 8);
}

TEST_CASE("assay.py: a trial that has been judged sees it and ends with its result") {
  Trial trial;
  trial.reports.stop_at = 3;
  const auto outcome = trial.python(R"(
import time
step = 0
while not assay.should_stop():
    step += 1
    assay.report(step / 100)
    time.sleep(0.05)
assay.final({"default": 0.5})
)");
  CHECK(outcome.state == State::stopped);
  CHECK(outcome.metrics.at("default") == 0.5);
}

TEST_CASE("assay.py without Assay: no parameters, results are printed") {
  Folder folder;
  const auto out = folder.path() / "out";
  os::Child child({.arguments = {ASSAY_PYTHON, "-c",
                                 "import assay; assert assay.params() == {}; assay.report(0.5); assay.final(0.9); "
                                 "assert not assay.should_stop()"},
                   .environment = {{"PYTHONPATH", examples.string()}},
                   .standard_output = out});
  CHECK(child.wait().code == 0);
  CHECK(os::read_file(out) == "assay: {\"step\": 1, \"default\": 0.5}\nassay: {\"final\": true, \"default\": 0.9}\n");
}

TEST_CASE("the trainer written for NNI learns the digits") {
  Trial trial;
  const auto data = std::filesystem::path(ASSAY_SOURCE_DIR) / "datasets/optdigits/train.csv.gz";
  const auto rows = [&](const char* name, int first, int last) {
    std::string text = "# rows\n";
    for (int row = first; row < last; ++row) text += std::to_string(row) + "\n";
    os::publish(trial.folder.path() / name, text);
    return base::Json{{"items", {data.string()}}, {"rows", (trial.folder.path() / name).string()}};
  };
  trial.rows["train"] = rows("train.idx", 0, 800);
  trial.rows["valid"] = rows("valid.idx", 800, 1000);
  const auto outcome = trial.run({ASSAY_PYTHON, (examples / "nni_trainer/train.py").string()});
  CHECK(outcome.reason.empty());
  CHECK(outcome.state == State::done);
  CHECK(trial.reports.seen.size() == 3);
  CHECK(outcome.metrics.at("default") > 0.85);
}
