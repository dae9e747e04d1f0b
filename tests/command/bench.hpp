// One command trial, run by the evaluator alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "eval/command/command.hpp"
#include "os/file.hpp"
#include "os/process.hpp"
#include "study/lab.hpp"

namespace assay::command_tests {

using namespace lab;
using eval::CommandSettings;
using trial::Verdict;

class Recorder : public trial::Reporter {
 public:
  Verdict report(std::int64_t step, const trial::Metrics& metrics) override {
    reports.push_back({step, 0, metrics});
    return step >= stop_at ? Verdict::stop : Verdict::go_on;
  }
  std::vector<trial::Report> reports;
  std::int64_t stop_at = 1 << 30;
};

inline CommandSettings settings(std::vector<std::string> command) {
  CommandSettings result;
  result.command = std::move(command);
  result.stage = "search";
  result.values = [](const space::Params& params) {
    base::Json json = base::Json::parse(R"({"model": {}, "training": {}, "augment": {}})");
    json["training"]["lr"] = std::get<double>(params.at("training.lr"));
    return json;
  };
  result.rows = [](const trial::Work&) {
    return base::Json::parse(R"({"train": {"items": ["train.csv"], "rows": "/x/train.idx"},
                                 "valid": {"items": ["train.csv"], "rows": "/x/valid.idx"}})");
  };
  result.stop_grace = 0.5;
  result.term_grace = 0.5;
  return result;
}

struct Bench {
  Folder folder;
  trial::Work work;
  Recorder recorder;
  Bench() {
    work.item = {12, 0};
    work.what.params["training.lr"] = 0.25;
    work.at = {4, 0.5, 1, 1};
    work.seed = 99;
    work.folder = folder.path() / "trials/12/0.1";
  }
  Outcome run(CommandSettings with) { return eval::make_command_evaluator(std::move(with))->run(work, recorder); }
  Outcome shell(const std::string& script) { return run(settings({"sh", "-c", script})); }
};

inline const std::string final_line = R"(echo '{"final": true, "accuracy": 0.5}' >> "$ASSAY_METRICS")";

inline bool alive(const std::filesystem::path& pid_file) {
  const auto text = os::try_read_file(pid_file);
  return text && !text->empty() && os::process_start(std::stol(*text)).has_value();
}

}  // namespace assay::command_tests
