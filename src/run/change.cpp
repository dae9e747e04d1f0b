// Changes of a founded run: limits while it runs, any key by `assay set`, with a log of who changed what when.
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "run/places.hpp"
#include "run/run.hpp"

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
  return node ? node.json().dump() : "not set";
}

/// The line of origin at the top of run.toml.
std::string head_of(const std::string& text) {
  return text.starts_with("# Founded") ? text.substr(0, text.find('\n') + 1) : "";
}

/// Results that are there, whatever their freshness.
bool has_result(Status::Kind kind) {
  return kind == Status::Kind::done || kind == Status::Kind::partial || kind == Status::Kind::running;
}

}  // namespace

bool only_limits(const std::vector<std::string>& overrides) {
  for (const auto& override : overrides) {
    if (config::key_class(key_of(override)) == config::KeyClass::identity) return false;
  }
  return true;
}

void Run::reload() {
  const auto file = folder_ / "run.toml";
  const auto text = os::try_read_file(file);
  if (!text || *text == text_) return;
  text_ = *text;
  // Identity and site keys keep the values that this process started with: a change of those concerns the next start.
  const auto changes = config_.taken_up(parse_run(*text, file));
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

std::vector<Stage> set_keys(const std::filesystem::path& folder, const std::vector<std::string>& overrides) {
  if (overrides.empty())
    base::fail(Exit::config, "nothing to set: write key=value, for instance search.max_trials=200");
  const auto before = Run::open(folder);
  const auto file = before.folder() / "run.toml";
  const auto old_text = os::read_file(file);
  std::string log;
  for (const auto& override : overrides) key_of(override);
  const auto changed = before.config().with(overrides);
  const auto changed_text = head_of(old_text) + changed.resolved();
  config::Config::parse(changed_text, file.string());  // what is written must be readable
  for (const auto& override : overrides) {
    const auto key = key_of(override);
    log += fmt::format("{} {} {}: {} -> {}\n", base::utc_text(base::unix_seconds()), os::host_name(), key,
                       written(before.config(), key), written(changed, key));
  }
  if (os::read_file(file) != old_text) {
    base::fail(Exit::io, "{} was changed by somebody else just now: look at it and set your keys again", file.string());
  }
  os::publish(file, changed_text);
  const auto log_file = before.folder() / "changes.log";
  os::publish(log_file, os::try_read_file(log_file).value_or("") + log);

  const auto after = Run::open(folder);
  std::vector<Stage> stale;
  for (const Stage stage : all_stages) {
    if (has_result(before.status(stage).kind) && after.status(stage).kind == Status::Kind::stale)
      stale.push_back(stage);
  }
  return stale;
}

}  // namespace assay::run
