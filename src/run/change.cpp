// Changes of a founded run: limits while it runs, any key by `assay set`, with a log of who changed what when.
#include "run/change.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "config/document.hpp"
#include "config/settings.hpp"
#include "os/host.hpp"
#include "run/changes.hpp"
#include "run/source_places.hpp"
#include "space/space.hpp"

namespace assay::run {
namespace {

using base::Exit;

std::string key_of(const std::string& override) {
  const auto equals = override.find('=');
  if (equals == std::string::npos || equals == 0) {
    base::fail(Exit::config, "\"{}\" is no change: write key=value, for instance search.max_trials=200", override);
  }
  return std::string(base::trim(override.substr(0, equals)));
}

std::string written(const config::Config& config, const std::string& key) {
  const auto node = config.node(key);
  return node ? config::to_toml(node.json()) : "not set";
}

/// All top-level names.
const std::vector<std::string>& sections() {
  static const auto all = [] {
    auto names = config::setting_names("");
    for (auto& name : names) {
      if (name.ends_with("[]")) name.resize(name.size() - 2);
    }
    return names;
  }();
  return all;
}

/// What of the configuration an override can change: its key and all below, with an entry of a list those after it.
bool concerns(const std::string& override, const std::string& key) {
  auto root = std::string(base::trim(override.substr(0, override.find('='))));
  if (override.ends_with('=') && root.ends_with(']')) root.resize(root.rfind('['));
  return key.starts_with(root) && (key.size() == root.size() || key[root.size()] == '.' || key[root.size()] == '[');
}

KeyChange key_change(const config::Config& was, const config::Config& is, const std::string& override) {
  KeyChange change{.key = key_of(override)};
  change.was = written(was, change.key);
  change.is = written(is, change.key);
  // A table or an entry of a list has keys of several classes: the strongest of those that differ.
  using enum config::KeyClass;
  for (const auto key_class : {identity, judging, limit, site}) {
    const auto a = was.values(key_class, sections()), b = is.values(key_class, sections());
    const auto differs = [&](const auto& one, const auto& other) {
      return std::any_of(one.begin(), one.end(), [&](const auto& pair) {
        const auto there = other.find(pair.first);
        return concerns(override, pair.first) && (there == other.end() || there->second != pair.second);
      });
    };
    if (!differs(a, b) && !differs(b, a)) continue;
    change.key_class = key_class;
    break;
  }
  return change;
}

/// It may become stale.
bool begun(const Status& status) { return status.has_result() || status.kind == Status::Kind::running; }

}  // namespace

void Run::reload() {
  const auto file = folder_ / "run.toml";
  const auto now = current(folder_);
  if (!now || now->text == text_) return;
  text_ = now->text;
  // Identity and site keys keep the values that this process started with: a change of those concerns the next start.
  const auto changes = config_.taken_up(parse_run(text_, file));
  if (changes.empty()) return;
  try {
    config_ = config_.with(changes);
  } catch (const base::Error& error) {
    base::log_warning("a change of {} does not fit what this process started with, it counts from the next start: {}",
                      file.string(), error.what());
    return;
  }
  for (const auto& change : changes) {
    const auto equals = change.find('=');
    const auto value = change.substr(equals + 1);
    base::log_info("{} is now {}", change.substr(0, equals), value.empty() ? "not set" : value);
  }
}

Changed change_keys(const std::filesystem::path& folder, const std::vector<std::string>& overrides) {
  if (overrides.empty())
    base::fail(Exit::config, "nothing to set: write key=value, for instance search.max_trials=200");
  for (const auto& override : overrides) key_of(override);
  const auto before = Run::open(folder);
  const auto file = before.folder() / "run.toml";
  Changed result;
  for (;;) {
    const auto base = current(before.folder());
    if (!base) base::fail(Exit::io, "{} is gone", file.string());
    const auto was = parse_run(base->text, file);
    const auto is = was.with(overrides);
    const auto resolved = is.resolved();
    const auto read = config::Config::parse(resolved, file.string());  // what is written must be readable
    if (read.identity(sections()) != was.identity(sections())) space::Space::load(is, "search");
    result.keys.clear();
    std::string log;
    for (const auto& override : overrides) {
      result.keys.push_back(key_change(was, is, override));
      const auto& [key, old_value, new_value, key_class] = result.keys.back();
      log += fmt::format("{} {} {}: {} -> {}\n", base::utc_text(base::unix_seconds()), os::host_name(), key, old_value,
                         new_value);
    }
    if (publish_change(before.folder(), *base, resolved, log)) break;
  }
  const auto after = Run::open(folder);
  for (const Stage stage : all_stages) {
    if (begun(before.status(stage)) && after.status(stage).kind == Status::Kind::stale) result.stale.push_back(stage);
  }
  return result;
}

std::vector<Stage> set_keys(const std::filesystem::path& folder, const std::vector<std::string>& overrides) {
  return change_keys(folder, overrides).stale;
}

}  // namespace assay::run
