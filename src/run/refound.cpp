#include "run/refound.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "config/config.hpp"
#include "os/file.hpp"
#include "run/run.hpp"
#include "space/space.hpp"
#include "study/study.hpp"

namespace assay::run {
namespace {

namespace fs = std::filesystem;

/// A study without a claim and without a worker is no more than its founding.
bool study_used(const fs::path& stage) {
  study::Reader reader(stage);
  const auto view = reader.refresh();
  return view.trials().size() > 0 || std::any_of(view.workers().begin(), view.workers().end(),
                                                 [](const trial::WorkerInfo& worker) { return !worker.ended; });
}

bool stage_used(const fs::path& stage) {
  if (os::file_size(stage / "done.json")) return true;
  if (study::Reader(stage).founded()) return study_used(stage);
  return os::file_size(stage / "begun.json") && !os::file_size(stage / "error.json");
}

}  // namespace

bool used(const fs::path& folder) {
  if (os::file_size(folder / "changes.log") || fs::exists(folder / "changes")) return true;
  for (const auto& name : os::list_folder(folder / "jobs")) {
    if (name.ends_with(".json")) return true;
  }
  return std::any_of(std::begin(all_stages), std::end(all_stages), [&](Stage stage) {
    return fs::exists(folder / (to_string(stage) + ".1")) || stage_used(folder / to_string(stage));
  });
}

void clear_unused(const fs::path& folder, const fs::path& config_file, const std::vector<std::string>& overrides,
                  std::optional<std::uint64_t> seed) {
  const auto founded = os::try_read_file(folder / "run.toml");
  if (!founded) return;
  auto changes = overrides;
  if (seed) changes.push_back("run.seed=" + std::to_string(*seed));
  const auto given = config::Config::load(config_file, changes);
  if (founded->ends_with("\n" + given.resolved()) || used(folder)) return;
  space::Space::load(given, "search");
  for (const Stage stage : all_stages) os::remove_all(folder / to_string(stage));
  os::remove_all(folder / "run.toml");
  base::log_detail("nothing was measured in {} yet: it is created again", folder.string());
}

}  // namespace assay::run
