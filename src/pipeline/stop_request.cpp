#include "pipeline/stop_request.hpp"

#include "base/command.hpp"
#include "os/file.hpp"
#include "run/remedy.hpp"
#include "study/names.hpp"

namespace assay::pipeline {

using run::Stage;

std::string how_to_resume(const run::Run& run) {
  const auto folder = run.folder().string();
  const auto lift = base::proposal({"assay", "stop", folder, "--lift"});
  if (run.by_hand()) return lift + " lets it continue";
  return fmt::format("{} or {} continues; {} withdraws the request", base::proposal({"assay", "run", folder}),
                     base::proposal({"assay", "submit", folder}), lift);
}

std::vector<std::string> withdraw_stop(const run::Run& run) {
  std::vector<std::string> lines;
  for (const auto stage : run::all_stages) {
    const auto file = study::Layout{run.folder(stage)}.stop();
    if (!os::file_size(file)) continue;
    os::remove_all(file);
    lines.push_back(fmt::format("the request to stop is withdrawn: {} continues", to_string(stage)));
  }
  if (os::file_size(run.stop_file())) {
    os::remove_all(run.stop_file());
    if (lines.empty()) lines.push_back("the request to stop is withdrawn");
  }
  return lines;
}

}  // namespace assay::pipeline
