#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/text.hpp"
#include "base/time.hpp"
#include "command/bench.hpp"
#include "study/names.hpp"

using namespace assay::command_tests;
using namespace assay;
using Catch::Matchers::ContainsSubstring;
using trial::Failure;
using trial::State;

namespace {

/// A kept process in sh: $metrics, $stop and $trial are set in each round of `body`.
CommandSettings kept(const Folder& folder, const std::string& body) {
  const std::string field = "field() { printf '%s' \"$line\" | sed 's/.*\"'$1'\":\"*\\([^,\"]*\\).*/\\1/'; }\n";
  auto result = settings({"sh", "-c",
                          "echo $$ >> " + (folder.path() / "starts").string() + "\n" + field +
                              "while read -r line; do\nmetrics=$(field metrics); stop=$(field stop); "
                              "trial=$(field trial)\n" +
                              body + "\ndone"});
  result.keep_alive = true;
  return result;
}

/// One evaluator, many trials.
struct KeptBench : Bench {
  std::unique_ptr<trial::Evaluator> evaluator;
  Outcome trial(int number) {
    work.item.trial = number;
    work.folder = folder.path() / "trials" / std::to_string(number) / "0.1";
    return evaluator->run(work, recorder);
  }
  std::vector<std::string> starts() const {
    return base::split(base::trim(os::try_read_file(folder.path() / "starts").value_or("")), '\n');
  }
};

const std::string kept_line = "echo measuring $trial; echo '{\"final\": true, \"accuracy\": 0.5}' >> \"$metrics\"";

}  // namespace

TEST_CASE("a command that is kept alive measures trial after trial in one process") {
  KeptBench bench;
  bench.evaluator = make_command_evaluator(
      kept(bench.folder, "echo '{\"step\": 1, \"accuracy\": 0.25}' >> \"$metrics\"; " + kept_line));
  for (int n = 0; n < 5; ++n) {
    const auto outcome = bench.trial(n);
    CHECK(outcome.state == State::done);
    CHECK(outcome.metrics.at("accuracy") == 0.5);
  }
  CHECK(bench.recorder.reports.size() == 5);
  CHECK(bench.starts().size() == 1);
  CHECK(os::read_file(bench.work.folder / "output.log") == "measuring 4\n");
  bench.evaluator.reset();
  CHECK_FALSE(alive(bench.folder.path() / "starts"));
}

TEST_CASE("the end of a kept process fails its trial only") {
  KeptBench bench;
  bench.evaluator = make_command_evaluator(
      kept(bench.folder,
           "if [ $trial = 1 ]; then echo no memory; exit 3; fi\nif [ $trial = 2 ]; then\n  echo '{\"final\": "
           "true, \"failed\": \"no such layer\"}' >> \"$metrics\"; continue\nfi\n" +
               kept_line));
  CHECK(bench.trial(0).state == State::done);
  const auto crashed = bench.trial(1);
  CHECK(crashed.state == State::failed);
  CHECK_THAT(crashed.reason, ContainsSubstring("exit code 3") && ContainsSubstring("no memory"));
  const auto said = bench.trial(2);
  CHECK(said.state == State::failed);
  CHECK_THAT(said.reason, ContainsSubstring("no such layer"));
  CHECK(bench.trial(3).state == State::done);
  CHECK(bench.starts().size() == 2);
}

TEST_CASE("timeout, drop and a bad line end a kept process; the next trial has a new one") {
  KeptBench bench;
  auto with = kept(bench.folder,
                   "if [ $trial = 1 ]; then echo not json >> \"$metrics\"; sleep 60; fi\n"
                   "if [ $trial = 2 ] || [ $trial = 3 ]; then sleep 60; fi\n" +
                       kept_line);
  with.timeout = [] { return 1; };
  with.look_seconds = 0.05;
  bench.evaluator = make_command_evaluator(with);
  CHECK(bench.trial(0).state == State::done);
  CHECK_THAT(bench.trial(1).reason, ContainsSubstring("no JSON object"));
  CHECK(bench.trial(2).failure == Failure::timeout);
  const auto commit = study::Layout{bench.folder.path()}.commit({3, 0});
  os::make_folders(commit.parent_path());
  os::publish(commit, "another worker");
  const double start = base::steady_seconds();
  CHECK(bench.trial(3).state == State::stopped);
  CHECK(base::steady_seconds() - start < 0.9);
  CHECK(bench.trial(4).state == State::done);
  CHECK(bench.starts().size() == 4);
}
