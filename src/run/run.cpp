// Founding and opening a run, and the typed values that the stages take from its configuration.
#include "run/run.hpp"

#include <sys/statfs.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "run/changes.hpp"
#include "run/places.hpp"
#include "space/space.hpp"

namespace assay::run {
namespace {

namespace fs = std::filesystem;
using base::Exit;

/// Everything that a result can depend on.
const std::vector<std::string> all_sections = {
    "run",        "data",  "split",  "model", "define",   "params", "space", "training", "augment", "objectives",
    "constraint", "proxy", "search", "full",  "baseline", "trial",  "study", "report",   "reward"};

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

bool below(const fs::path& folder, const fs::path& top) {
  const auto relative = folder.lexically_relative(top);
  return !relative.empty() && *relative.begin() != "..";
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
    if (below(path, top)) return true;
  }
  const auto temporary = os::environment("TMPDIR");
  if (temporary && below(path, fs::weakly_canonical(*temporary))) return true;
  struct statfs info {};
  constexpr auto tmpfs = 0x01021994, ramfs = static_cast<int>(0x858458f6);
  if (::statfs(nearest_existing(path).c_str(), &info) != 0) return false;
  return info.f_type == tmpfs || static_cast<int>(info.f_type) == ramfs;
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
        "{} is no run folder (there is no run.toml in it): name the configuration to found it from, --config FILE",
        folder.string());
  }
  if (!now) {
    space::Space::load(*given, "search");  // a faulty space is told now, with its place in the user's own file
    os::make_folders(run.folder_, os::Rights::by_umask);  // what is made in it is shared as it is
    if (os::publish_once(file, founding_text(*given, *config_file))) {
      base::log_detail("founded {} from {}", run.folder_.string(), config_file->string());
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
  if (given) {
    run.check_same_run(*given, config_file->string());
  } else if (!changes.empty()) {
    run.check_same_run(run.config_.with(changes), "the command line");
  }
  return run;
}

Run Run::preview(const fs::path& folder, const std::optional<fs::path>& config_file,
                 const std::vector<std::string>& overrides, std::optional<std::uint64_t> seed) {
  if (!config_file || os::file_size(folder / "run.toml")) return open(folder, config_file, overrides, seed);
  Run run;
  run.folder_ = absolute_folder(folder);
  run.text_ = founding_text(config::Config::load(*config_file, with_seed(overrides, seed)), *config_file);
  run.config_ = parse_run(run.text_, run.folder_ / "run.toml");
  return run;
}

/// Identity keys must agree. Limits and sites may differ: those of the run stay in force, and a line says so.
void Run::check_same_run(const config::Config& given, const std::string& source) const {
  const auto mine = config_.identity(all_sections);
  const auto theirs = given.identity(all_sections);
  std::set<std::string> keys;
  for (const auto& [key, value] : mine) keys.insert(key);
  for (const auto& [key, value] : theirs) keys.insert(key);
  for (const auto& key : keys) {
    const auto a = mine.find(key), b = theirs.find(key);
    if (a != mine.end() && b != theirs.end() && a->second == b->second) continue;
    const auto was = a == mine.end() ? "not set" : a->second, is = b == theirs.end() ? "not set" : b->second;
    throw base::Error(
        Exit::config,
        fmt::format(
            "{} was founded from another configuration: {} is {} there and {} in {}. Use another run folder, or change "
            "this one with `assay set {} {}={}`, which says what must be made anew.",
            folder_.string(), key, was, is, source, folder_.string(), key, b == theirs.end() ? "..." : b->second));
  }
  for (const auto& change : config_.taken_up(config::Config::parse(given.resolved(), source))) {
    const auto key = change.substr(0, change.find('='));
    const auto there = config_.node(key);
    base::log_warning("{} stays {} as in {}; `assay set {} {}` changes it.", key,
                      there ? there.json().dump() : "not set", (folder_ / "run.toml").string(), folder_.string(),
                      change);
  }
}

std::uint64_t Run::seed() const { return static_cast<std::uint64_t>(config_.integer("run.seed")); }
std::string Run::name() const { return config_.text("run.name"); }

std::vector<study::Objective> Run::objectives() const {
  std::vector<study::Objective> objectives;
  for (const auto& [metric, node] : config_.node("objectives").items()) {
    study::Objective objective{.metric = metric};
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

study::Judge Run::judge() const { return study::judge_of(objectives(), config_); }

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
