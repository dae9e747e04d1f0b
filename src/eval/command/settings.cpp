// The settings of the command evaluator from a run.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "config/check.hpp"
#include "data/dataset.hpp"
#include "data/split.hpp"
#include "eval/command/command.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "run/results.hpp"
#include "space/outside.hpp"
#include "trial/reward.hpp"

namespace assay::eval {
namespace {

namespace fs = std::filesystem;
using base::Exit;
using base::Json;

bool found_in_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return ::access(program.c_str(), X_OK) == 0;
  for (const auto& folder : base::split(os::environment("PATH").value_or("/usr/bin:/bin"), ':')) {
    if (::access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

void check_command(const CommandSettings& settings) {
  const auto words = base::split(settings.launcher, ' ');
  const auto& program = settings.launcher.empty() ? settings.command.front() : words.front();
  if (!found_in_path(program)) {
    base::fail(Exit::config,
               "{}: \"{}\" is no program in PATH and no executable file; name it in full or load its module",
               settings.launcher.empty() ? "trial.command" : "trial.launcher", program);
  }
}

/// This worker's place among those of the node.
int worker_index(const comm::Group& group) {
  for (const auto* name : {"ASSAY_WORKER_INDEX", "SLURM_LOCALID"}) {
    if (const auto text = os::environment(name)) return std::atoi(text->c_str());
  }
  return group.local_rank();
}

/// The GPUs of this worker out of those visible; workers beyond the last share them.
std::optional<std::string> devices_of(const Context& context, int gpus) {
  if (context.device == "cpu") return "";
  // With a launcher the command's steps get their GPUs from it.
  if (gpus == 0 || !context.run.config().text("trial.launcher").empty()) return std::nullopt;
  const auto visible = os::visible_gpus();
  if (visible.size() < static_cast<std::size_t>(gpus)) {
    base::fail(Exit::config,
               "trial.gpus = {}, but {} GPU{} visible to this worker; ask the job for more or lower the key", gpus,
               visible.size(), visible.size() == 1 ? " is" : "s are");
  }
  return base::join(os::share_of_gpus(visible, worker_index(context.group), gpus), ",");
}

/// Which rows a trial trains on and is scored on, as index files: the split's own, a nested subset for data fidelities
/// below 1, all rows for the final trainings. Nothing where no data are named: the command knows its own.
class RowFiles {
 public:
  explicit RowFiles(const Context& context)
      : run_(context.run), stage_(context.stage), final_(context.rows == Rows::final) {
    const auto& config = run_.config();
    if (config::without_data(config)) return;
    const bool external = data::is_external(config);
    items_ = config.texts(external ? "data.items" : "data.train");
    valid_items_ = config.has("data.valid") ? config.texts("data.valid") : std::vector<std::string>();
    if (final_ && valid_items_.empty()) {
      base::fail(Exit::config, "data.valid is missing: the final trainings are scored on validation data of their own");
    }
  }

  Json operator()(const trial::Work& work) const {
    if (config::without_data(run_.config())) return Json::object();
    const auto split = run_.folder(run::Stage::split);
    Json json;
    json["train"] = {{"items", items_}, {"rows", train_rows(work.at.data).string()}};
    json["valid"] =
        final_ ? Json{{"items", valid_items_}, {"rows", all_rows("all-valid.idx", counts().untouched).string()}}
               : Json{{"items", items_}, {"rows", (split / "valid.idx").string()}};
    return json;
  }

 private:
  run::SplitFigures counts() const { return run::split_figures(run_.need(run::Stage::split)); }

  fs::path all_rows(const std::string& name, std::int64_t count) const {
    const auto file = run_.folder(stage_) / "rows" / name;
    if (os::file_size(file)) return file;
    std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
    std::iota(rows.begin(), rows.end(), 0);
    os::make_folders(file.parent_path());
    data::write_indices(file, rows, counts().data_hash);
    return file;
  }

  fs::path train_rows(double share) const {
    const auto figures = counts();
    const auto whole = final_ ? all_rows("all-train.idx", figures.train + figures.valid)
                              : run_.folder(run::Stage::split) / "train.idx";
    if (share >= 1) return whole;
    const auto file = run_.folder(stage_) / "rows" / fmt::format("train-{:.6g}.idx", share);
    if (os::file_size(file)) return file;
    const auto dataset = data::read(run_.config(), data::Part::train);
    const auto rows = data::subset(dataset, data::read_indices(whole, figures.data_hash), share, run_.seed());
    os::make_folders(file.parent_path());
    data::write_indices(file, rows, figures.data_hash);
    return file;
  }

  const run::Run& run_;
  run::Stage stage_;
  bool final_;
  std::vector<std::string> items_, valid_items_;
};

/// The command brings its own processes: the other ranks of a group have nothing to do.
class IdleEvaluator : public trial::Evaluator {
 public:
  trial::Outcome run(const trial::Work&, trial::Reporter&) override { return {}; }
};

}  // namespace

std::unique_ptr<trial::Evaluator> make_command_evaluator(const Context& context) {
  if (context.group.rank() != 0) return std::make_unique<IdleEvaluator>();
  const auto& config = context.run.config();
  CommandSettings settings;
  settings.command = config.texts("trial.command");
  settings.launcher = std::string(base::trim(config.text("trial.launcher")));
  if (settings.command.empty())
    base::fail(Exit::config, "trial.command is empty: name the program that trains, e.g. [\"python3\", \"train.py\"]");
  check_command(settings);
  run::check_script(config);
  settings.stage = run::to_string(context.stage);
  settings.timeout = [&run = context.run] { return run.trial_timeout(); };
  settings.gpus = static_cast<int>(config.integer("trial.gpus"));
  const auto final_gpus = static_cast<int>(config.integer("full.gpus_per_trial"));
  if (context.rows == Rows::final && final_gpus > 1) settings.gpus = final_gpus;
  settings.devices = devices_of(context, settings.gpus);
  settings.threads = context.threads;
  settings.look_seconds = context.run.limits(context.stage).heartbeat_seconds / 2;
  settings.keep_alive = config.flag("trial.keep_alive");
  settings.keep_output = config.flag("trial.keep_output");
  const auto judge = context.run.judge();
  for (const auto& objective : judge.objectives()) {
    if (!judge.reward().derives(objective.metric)) settings.required.push_back(objective.metric);
  }
  settings.values = [&config, space = context.space](const space::Params& params) {
    return space::outside_values(config, *space, params);
  };
  settings.rows = RowFiles(context);
  settings.program.emplace(context.run);
  return make_command_evaluator(std::move(settings));
}

}  // namespace assay::eval
