#include "run/remedy.hpp"

#include <algorithm>

#include "base/command.hpp"
#include "os/file.hpp"

namespace assay::run {
namespace {

bool created(const Run& run) { return os::file_size(run.folder() / "run.toml").has_value(); }

}  // namespace

std::string making_command(const Run& run, Stage stage) {
  const auto inputs = run.inputs(stage);
  const bool ready =
      std::all_of(inputs.begin(), inputs.end(), [&](Stage input) { return run.status(input).has_result(); });
  const auto folder = run.folder().string();
  if (ready || run.by_hand() || stage == Stage::report) return base::proposal({executable(stage), folder});
  return base::proposal({"assay", "run", folder});
}

std::string asking_command(const Run& run) {
  const auto folder = run.folder().string();
  const auto origin = run.origin();
  if (created(run) || !origin) return base::proposal({"assay", "ask", folder});
  return base::proposal({"assay", "ask", origin->string(), "--run", folder});
}

std::string measuring_command(const Run& run, Stage stage) {
  return run.by_hand() ? asking_command(run) : making_command(run, stage);
}

std::string retry_command(const Run& run, Stage stage) {
  std::vector<std::string> words = {"assay", "retry", run.folder().string(), "--failed"};
  if (stage != Stage::search) words.insert(words.end(), {"--stage", to_string(stage)});
  return base::proposal(words);
}

std::string missing_text(const Run& run, Stage stage) {
  return retry_command(run, stage) + " and a further start measure what failed again, with all other results kept";
}

std::string setting_text(const Run& run, const std::string& key, const std::string& value) {
  if (!created(run)) return key + " = " + value + " in the configuration";
  return "with " + base::proposal({"assay", "set", run.folder().string(), key + "=" + value});
}

}  // namespace assay::run
