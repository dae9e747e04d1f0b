#include "run/program.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/command.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "study/names.hpp"
#include "study/study.hpp"

namespace assay::run {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t largest = 64 << 20;

/// Changes whenever the file may have changed; empty: no file that counts.
std::string stamp_of(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > largest) return "";
  return fmt::format("{} {} {}.{}", info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

std::string content_hash(const fs::path& path) {
  const auto text = os::try_read_file(path);
  return text ? base::short_hash(*text) : "";
}

std::vector<fs::path> arguments_of(const Run& run) {
  const auto command = run.config().texts("trial.command");
  const auto origin = run.origin();
  std::vector<fs::path> files;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const fs::path path = command[i];
    if (!path.is_absolute() || (i == 0 && (!origin || !os::is_below(path, origin->parent_path())))) continue;
    files.push_back(path);
  }
  return files;
}

/// Stages that failed, and final trainings of which some are missing. Other results were used by now.
bool may_be_fixable(const Run& run, Stage stage) {
  if (stage == Stage::split || stage == Stage::report) return false;
  if (!os::file_size(run.folder(stage) / "done.json"))
    return os::file_size(run.folder(stage) / "error.json").has_value();
  return stage == Stage::full;
}

/// What measured the trial, as far as its record says.
Program program_of(const trial::Trial& trial) {
  const auto& attributes = trial.rungs.back().attributes;
  const auto noted = attributes.find(program_attribute);
  return noted == attributes.end() ? Program() : program_from(noted->second);
}

}  // namespace

std::string to_text(const Program& program) { return base::Json(program).dump(); }

Program program_from(const std::string& text) {
  const auto json = base::Json::parse(text, nullptr, false);
  Program program;
  if (!json.is_object()) return program;
  for (const auto& [name, hash] : json.items()) {
    if (hash.is_string()) program[name] = hash.get<std::string>();
  }
  return program;
}

std::vector<std::string> changed_files(const Program& before, const Program& now) {
  std::vector<std::string> names;
  for (const auto& [name, hash] : before) {
    const auto other = now.find(name);
    if (other != now.end() && other->second != hash) names.push_back(name);
  }
  return names;
}

ProgramFiles::ProgramFiles(const Run& run) {
  for (const auto& path : arguments_of(run)) {
    auto name = path.filename().string();
    for (int i = 2; files_.contains(name); ++i) name = fmt::format("{} ({})", path.filename().string(), i);
    files_[name] = {.path = path, .stamp = "", .hash = ""};
  }
}

const Program& ProgramFiles::now() {
  program_.clear();
  for (auto& [name, file] : files_) {
    if (left_out_.contains(name)) continue;
    const auto stamp = stamp_of(file.path);
    if (stamp.empty()) continue;
    if (stamp != file.stamp) {
      file.hash = content_hash(file.path);
      file.stamp = stamp;
    }
    if (!file.hash.empty()) program_[name] = file.hash;
  }
  return program_;
}

Program ProgramFiles::after_trial(const Program& before) {
  auto kept = before;
  std::set<std::string> touched;
  for (const auto& name : changed_files(before, now())) {
    kept.erase(name);
    touched.insert(name);
    if (touched_.contains(name)) left_out_.insert(name);
  }
  touched_ = std::move(touched);
  return kept;
}

Program program_of(const Run& run) {
  ProgramFiles files(run);
  return files.now();
}

Fixable fixable(const Run& run, Stage stage) {
  Fixable found;
  if (!may_be_fixable(run, stage)) return found;
  const auto now = program_of(run);
  if (now.empty()) return found;
  study::Reader reader(run.folder(stage));
  if (!reader.founded()) return found;
  const auto view = reader.refresh();
  if (!view.closed() || !view.running().empty()) return found;
  if (stage == Stage::search && view.counts().done > 0) return found;  // what failed there is a part of the answer
  std::set<std::string> files;
  for (const auto& trial : view.trials()) {
    if (!trial || trial->rungs.empty() || trial->state() != trial::State::failed) continue;
    const auto changed = changed_files(program_of(*trial), now);
    if (!changed.empty()) found.trials.push_back(trial->id);
    files.insert(changed.begin(), changed.end());
  }
  found.files.assign(files.begin(), files.end());
  return found;
}

std::string fixable_text(const Fixable& fixable) {
  const auto count = fixable.trials.size();
  return fmt::format("{} {} changed since {} failed", base::join(fixable.files, ", "),
                     fixable.files.size() == 1 ? "has" : "have",
                     count == 1 ? fmt::format("trial {}", fixable.trials.front()) : fmt::format("{} trials", count));
}

namespace {

Program noted_in(const fs::path& file) {
  const auto text = os::try_read_file(file);
  const auto json = text ? base::Json::parse(*text, nullptr, false) : base::Json();
  return json.is_object() && json.contains("program") ? program_from(json["program"].dump()) : Program();
}

}  // namespace

std::string other_program(const Run& run, Stage stage) {
  if (stage == Stage::split || !os::file_size(study::Layout{run.folder(stage)}.definition())) return "";
  const auto changed = changed_files(noted_in(run.folder(stage) / "begun.json"), program_of(run));
  if (changed.empty()) return "";
  return fmt::format(
      "{} {} changed since the {} stage began: its results stay, and are of another program; {} measures "
      "it again",
      base::join(changed, ", "), changed.size() == 1 ? "has" : "have", to_string(stage),
      base::proposal({executable(stage), run.folder().string(), "--force"}));
}

void check_script(const config::Config& config) {
  static const std::set<std::string> endings = {".py", ".sh", ".R", ".r", ".jl", ".pl", ".js", ".rb", ".lua"};
  static const std::vector<std::string> interpreters = {"python", "bash", "sh",   "dash", "zsh", "Rscript",
                                                        "julia",  "perl", "node", "ruby", "lua"};
  const auto command = config.texts("trial.command");
  if (command.size() < 2 || !config.text("trial.launcher").empty()) return;
  const auto program = fs::path(command.front()).filename().string();
  const auto known = std::any_of(interpreters.begin(), interpreters.end(), [&](const std::string& name) {
    return program == name || (name == "python" && program.starts_with(name));
  });
  const auto script =
      std::find_if(command.begin() + 1, command.end(), [](const std::string& word) { return !word.starts_with('-'); });
  if (!known || script == command.end()) return;
  const fs::path path = *script;
  std::error_code ignored;
  if (!endings.contains(path.extension().string()) || (path.is_absolute() && fs::exists(path, ignored))) return;
  base::fail(base::Exit::config, "trial.command: there is no file {}{}; put it there or correct the path",
             path.string(), path.is_absolute() ? "" : " beside the configuration");
}

bool same_argument(const std::string& was, const std::string& is, const Program& noted) {
  if (was == is) return true;
  const fs::path before = was, now = is;
  if (!before.is_absolute() || !now.is_absolute() || before.filename() != now.filename()) return false;
  const auto hash = content_hash(now);
  if (hash.empty()) return false;
  if (const auto old = content_hash(before); !old.empty()) return old == hash;
  const auto found = noted.find(now.filename().string());
  return found != noted.end() && found->second == hash;
}

Program noted_program(const fs::path& folder) {
  Program program;
  for (const Stage stage : all_stages) {
    for (const auto& [name, hash] : noted_in(folder / to_string(stage) / "begun.json")) program[name] = hash;
  }
  return program;
}

}  // namespace assay::run
