// Creating and opening a run, and the typed values that the stages take from its configuration.
#include "run/run.hpp"

#include <sys/statfs.h>

#include <algorithm>
#include <limits>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "config/check.hpp"
#include "config/document.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "run/changes.hpp"
#include "run/differences.hpp"
#include "run/program.hpp"
#include "run/refound.hpp"
#include "run/source_places.hpp"
#include "space/space.hpp"

namespace assay::run {
namespace {

namespace fs = std::filesystem;
using base::Exit;

std::vector<std::string> with_seed(std::vector<std::string> overrides, std::optional<std::uint64_t> seed) {
  if (seed) overrides.push_back("run.seed=" + std::to_string(*seed));
  return overrides;
}

/// One line of origin; resolved() brings its own head.
std::string founding_text(const config::Config& config, const fs::path& source) {
  return origin_line(source) + config.resolved();
}

/// The file system must be asked about the nearest folder that exists.
fs::path nearest_existing(fs::path folder) {
  while (!fs::exists(folder) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  return folder;
}

fs::path absolute_folder(const fs::path& folder) {
  const auto path = fs::absolute(folder).lexically_normal();
  return path.filename().empty() ? path.parent_path() : path;
}

/// A file of the command that is not where the run looks for it, but elsewhere: another machine, a moved project.
bool moved(const config::Config& mine, const config::Config& given) {
  const auto was = mine.texts("trial.command"), is = given.texts("trial.command");
  for (std::size_t i = 0; i < std::min(was.size(), is.size()); ++i) {
    if (was[i] != is[i] && !fs::exists(was[i])) return true;
  }
  return false;
}

}  // namespace

std::string to_string(Stage stage) {
  static const char* names[] = {"split", "baseline", "proxy", "search", "full", "report"};
  return names[static_cast<int>(stage)];
}

std::string executable(Stage stage) {
  static const char* names[] = {"split-data",    "baseline-train",  "proxy-select",
                                "search-driver", "full-train-topk", "analyze"};
  return names[static_cast<int>(stage)];
}

Stage stage_from(const std::string& text) {
  std::vector<std::string> names;
  for (const Stage stage : all_stages) {
    if (text == to_string(stage) || text == executable(stage)) return stage;
    names.push_back(to_string(stage));
  }
  const auto near = base::nearest_word(text, names);
  throw base::Error(Exit::config,
                    fmt::format("there is no stage \"{}\"{}; the stages are {}", text,
                                near.empty() ? "" : " (did you mean " + near + "?)", base::join(names, ", ")))
      .with_nearest(near);
}

bool node_local(const fs::path& folder) {
  const auto path = fs::weakly_canonical(fs::absolute(folder));
  for (const char* top : {"/tmp", "/var/tmp", "/dev/shm"}) {
    if (os::is_below(path, top)) return true;
  }
  const auto temporary = os::environment("TMPDIR");
  if (temporary && os::is_below(path, fs::weakly_canonical(*temporary))) return true;
  struct statfs info {};
  constexpr auto tmpfs = 0x01021994, ramfs = static_cast<int>(0x858458f6);
  if (::statfs(nearest_existing(path).c_str(), &info) != 0) return false;
  return info.f_type == tmpfs || static_cast<int>(info.f_type) == ramfs;
}

std::optional<fs::path> Run::origin() const { return origin_of(text_); }

/// As it would be read back from run.toml.
Run Run::found(const fs::path& folder, const fs::path& source, const config::Config& given) {
  Run run;
  run.folder_ = absolute_folder(folder);
  run.text_ = founding_text(given, source);
  run.config_ = parse_run(run.text_, run.folder_ / "run.toml");
  return run;
}

Run Run::open(const fs::path& folder, const std::optional<fs::path>& config_file,
              const std::vector<std::string>& overrides, std::optional<std::uint64_t> seed) {
  Run run;
  run.folder_ = absolute_folder(folder);
  const auto file = run.folder_ / "run.toml";
  const auto changes = with_seed(overrides, seed);

  std::optional<config::Config> given;
  if (config_file) given = config::Config::load(*config_file, changes);
  auto now = current(run.folder_);
  if (!now && !given) {
    base::fail(
        Exit::config,
        "{} is no run folder (there is no run.toml in it): name the configuration to create it from, --config FILE",
        folder.string());
  }
  if (!now) {
    space::Space::load(*given, "search");  // a faulty space is told now, with its place in the user's own file
    os::make_folders(run.folder_, os::Rights::by_umask);  // what is made in it is shared as it is
    if (os::publish_once(file, founding_text(*given, *config_file))) {
      base::log_detail("created {} from {}", run.folder_.string(), config_file->string());
      if (os::job_id() && node_local(run.folder_)) {
        base::log_warning(
            "{} is on this node only: workers on other nodes cannot see it. Use a folder on the shared file system.",
            run.folder_.string());
      }
    }
    now = current(run.folder_);  // somebody else may have been first
    if (!now) base::fail(Exit::io, "{} is gone", file.string());
  }
  run.text_ = now->text;
  run.config_ = parse_run(run.text_, file);
  if (!given && changes.empty()) return run;
  const auto wanted = given ? *given : run.config_.with(changes);
  run.check_same_run(wanted, config_file.value_or(file), changes);
  if (moved(run.config_, wanted)) {
    const auto command = base::Json(wanted.texts("trial.command"));
    set_keys(run.folder_, {"trial.command=" + config::to_toml(command)});
    base::log_info("trial.command is now {}: the same program at its new place", command.dump());
    return open(folder);
  }
  return run;
}

Run Run::preview(const fs::path& folder, const std::optional<fs::path>& config_file,
                 const std::vector<std::string>& overrides, std::optional<std::uint64_t> seed) {
  const auto file = folder / "run.toml";
  const auto changes = with_seed(overrides, seed);
  if (!config_file) {
    auto run = open(folder);
    if (!changes.empty()) run.config_ = run.config_.with(changes);
    return run;
  }
  const auto given = config::Config::load(*config_file, changes);
  if (!os::file_size(file)) return found(folder, *config_file, given);
  const auto other = free_name(folder);
  try {
    const auto there = open(folder);
    const auto keys = differences(there.config_, given, noted_program(folder));
    const auto count = std::count_if(keys.begin(), keys.end(), is_identity);
    if (count == 0 && !keys.empty()) base::log_warning("{}", stays(there.folder_, keys));
    if (count == 0) return there;
    if (!used(folder)) return found(folder, *config_file, given);
    base::log_warning("{} holds a run of another configuration ({} key{}): this looks at {} as a run of its own, {}",
                      folder.string(), count, count == 1 ? " differs" : "s differ", config_file->string(),
                      other.string());
  } catch (const base::Error& error) {
    base::log_warning("{} cannot be read as a run ({}): this looks at {} as a run of its own, {}", folder.string(),
                      error.what(), config_file->string(), other.string());
  }
  return found(other, *config_file, given);
}

/// Error(config) unless identity keys agree. Other keys may differ: those of the run stay in force, and a line says so.
void Run::check_same_run(const config::Config& given, const fs::path& source,
                         const std::vector<std::string>& changes) const {
  const auto keys = differences(config_, given, noted_program(folder_));
  if (std::any_of(keys.begin(), keys.end(), is_identity)) {
    const Given from{.file = shown_path(source), .overrides = changes, .by_hand = config::by_hand(given)};
    throw base::Error(Exit::config, other_run(folder_, from, keys));
  }
  if (!keys.empty()) base::log_warning("{}", stays(folder_, keys));
}

std::uint64_t Run::seed() const { return static_cast<std::uint64_t>(config_.integer("run.seed")); }
std::string Run::name() const { return config_.text("run.name"); }

std::vector<trial::Objective> Run::objectives() const {
  std::vector<trial::Objective> objectives;
  for (const auto& [metric, node] : config_.node("objectives").items()) {
    trial::Objective objective{.metric = metric};
    if (const auto goal = node.at("goal")) objective.maximise = goal.string() == "max";
    if (const auto threshold = node.at("threshold")) objective.threshold = threshold.number();
    objectives.push_back(objective);
  }
  if (!objectives.empty()) return objectives;
  // "auto" becomes known when split-data has read the data.
  auto task = config_.text("data.task");
  if (const auto split = figures(Stage::split)) task = split->value("task", task);
  if (task == "regression") return {{.metric = "rmse", .maximise = false}};
  return {{.metric = "accuracy", .maximise = true}};
}

double Run::trial_timeout() const {
  return config_.text("trial.timeout").empty() ? 0 : config_.seconds("trial.timeout");
}

trial::Judge Run::judge() const { return trial::judge_of(objectives(), config_); }

study::Reader Run::reader(Stage stage) const { return study::Reader(folder(stage), judge()); }

study::Limits Run::limits(Stage stage) const {
  study::Limits limits;
  limits.max_attempts = static_cast<int>(config_.integer("trial.max_attempts"));
  limits.lease_seconds = config_.seconds("study.lease");
  limits.heartbeat_seconds = config_.seconds("study.heartbeat");
  limits.collector_from = static_cast<int>(config_.integer("study.collector_from"));
  limits.pack_from = static_cast<int>(config_.integer("study.pack_from"));
  limits.pack_outputs_from = static_cast<int>(config_.integer("study.pack_outputs_from"));
  limits.pack_outputs_seconds = config_.seconds("study.pack_outputs_after");
  const auto failed = config_.integer(to_string(stage) + ".max_failed");
  if (stage == Stage::search) {
    limits.max_trials = config_.integer("search.max_trials");
    limits.max_seconds = config_.seconds("search.max_duration");
    limits.max_device_seconds = 3600 * config_.number("search.max_device_hours");
    limits.max_failed = failed > 0 ? failed : std::max<std::int64_t>(1, (limits.max_trials + 2) / 3);
  } else {
    // The planner's list ends these studies; every failed item is reported by the stage itself.
    limits.max_trials = std::numeric_limits<std::int32_t>::max();
    limits.max_failed = failed > 0 ? failed : std::numeric_limits<std::int32_t>::max();
  }
  return limits;
}

}  // namespace assay::run
