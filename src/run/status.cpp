// Who is done, who is stale and why: done.json, begun.json and error.json of the stages. Identity is compared key by
// key, results of earlier stages by the part of them that a stage really uses, so that a proxy stage made anew which
// chooses the same proxy leaves a search of thousands of trials valid.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "base/version.hpp"
#include "config/check.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "run/run.hpp"
#include "study/liveness.hpp"
#include "study/names.hpp"

namespace assay::run {
namespace {

using base::Exit;
using base::Json;

std::string input_key(Stage stage) { return "result of " + to_string(stage); }

/// Configuration keys that a stage depends on itself; what it takes from earlier stages comes in by their results.
std::vector<std::string> own_keys(Stage stage) {
  std::vector<std::string> keys = {"run.seed"};
  const auto add = [&](std::initializer_list<const char*> more) { keys.insert(keys.end(), more.begin(), more.end()); };
  if (stage == Stage::split) {
    add({"data", "split"});
    return keys;
  }
  if (stage == Stage::report) return keys;
  add({"model", "define", "params", "space", "training", "augment", "trial", "objectives", "reward"});
  keys.push_back(to_string(stage));
  if (stage == Stage::search || stage == Stage::full) add({"constraint"});
  return keys;
}

std::optional<Json> read_json(const std::filesystem::path& path) {
  const auto text = os::try_read_file(path);
  if (!text) return std::nullopt;
  auto json = Json::parse(*text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    base::fail(Exit::io, "{} is damaged (no JSON object): it was not written by this program, or the disk lost a part",
               path.string());
  }
  return json;
}

/// The result of a stage: of the highest generation of its study, nothing while that one has none.
std::optional<Json> read_done(const std::filesystem::path& stage) {
  const study::Layout layout{stage};
  return read_json(layout.done(study::generation_number(layout)));
}

/// The part of a result that later stages use.
std::string digest(Stage stage, const Json& done) {
  const auto figures = done.value("figures", Json::object());
  if (stage == Stage::proxy) return base::short_hash(figures.value("chosen", Json()).dump());
  return base::short_hash(figures.dump());
}

/// `generation`: of the study whose result the key names.
std::string describe_difference(const std::string& key, const Json& was, const Json& is, int generation) {
  if (key.starts_with("result of ")) {
    const auto stage = key.substr(10);
    if (was.is_null()) return stage + " was done since";
    if (generation > 1) return fmt::format("{} was reopened: generation {}", stage, generation);
    if (is.is_null()) return "the result of " + stage + " is gone";
    return stage + " was made anew";
  }
  const auto text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
  if (was.is_null()) return fmt::format("{} was not set, is {}", key, text(is));
  if (is.is_null()) return fmt::format("{} was {}, is not set", key, text(was));
  return fmt::format("{} was {}, is {}", key, text(was), text(is));
}

bool is_done(Status::Kind kind) { return kind == Status::Kind::done || kind == Status::Kind::partial; }

/// A worker that may still write: no goodbye in its log, not proved dead, and a sign of life within the lease.
bool at_work(const study::WorkerInfo& worker, double lease) {
  if (worker.ended || base::unix_seconds() - worker.last_record > lease) return false;
  return !study::Liveness(study::greet("")).process_gone(worker);
}

/// When the first worker of the study said hello, or `otherwise`. Jobs come and go, the stage is older than its last.
double begin_of(const std::filesystem::path& stage, double otherwise) {
  study::Reader reader(stage);
  if (!reader.founded()) return otherwise;
  double first = otherwise;
  const auto view = reader.refresh();
  for (const auto& worker : view.workers()) {
    if (worker.first_seen > 0) first = std::min(first, worker.first_seen);
  }
  return first;
}

std::vector<Stage> inputs_of(Stage stage) {
  switch (stage) {
    case Stage::split:
      return {};
    case Stage::baseline:
    case Stage::proxy:
      return {Stage::split};
    case Stage::search:
      return {Stage::split, Stage::proxy};
    case Stage::full:
      return {Stage::split, Stage::search};
    case Stage::report:
      return {Stage::split, Stage::baseline, Stage::proxy, Stage::search, Stage::full};
  }
  return {};
}

}  // namespace

bool Run::by_hand() const { return config::by_hand(config_); }

std::string Run::lacks(Stage stage) const {
  if (stage == Stage::search || stage == Stage::report) return "";
  if (by_hand()) return "its trials are asked for by hand (`assay ask`)";
  if (stage == Stage::full && config_.has("trial.table")) return "a table holds nothing to train in full";
  return "";
}

std::vector<Stage> Run::stages() const {
  std::vector<Stage> stages;
  for (const Stage stage : all_stages) {
    if (lacks(stage).empty()) stages.push_back(stage);
  }
  return stages;
}

std::vector<Stage> Run::inputs(Stage stage) const {
  auto inputs = inputs_of(stage);
  std::erase_if(inputs, [&](Stage input) { return !lacks(input).empty(); });
  return inputs;
}

Json Run::identity(Stage stage) const {
  Json identity = Json::object();
  for (const auto& [key, value] : config_.identity(own_keys(stage))) identity[key] = value;
  for (const Stage input : inputs(stage)) {
    if (const auto done = read_done(folder(input))) identity[input_key(input)] = digest(input, *done);
  }
  return identity;
}

/// Empty if `noted` (the identity in done.json or begun.json) is what the run asks for now.
std::string Run::stale_reason(const Json& noted, Stage stage) const {
  const auto now = identity(stage);
  std::set<std::string> keys;
  for (const auto& [key, value] : noted.items()) keys.insert(key);
  for (const auto& [key, value] : now.items()) keys.insert(key);
  for (const auto& key : keys) {
    const auto was = noted.value(key, Json()), is = now.value(key, Json());
    if (was == is) continue;
    int generation = 1;
    for (const Stage input : inputs(stage)) {
      if (key == input_key(input)) generation = study::generation_number(study::Layout{folder(input)});
    }
    return describe_difference(key, was, is, generation);
  }
  return "";
}

Status Run::status(Stage stage) const {
  Status status;
  const auto done = read_done(folder(stage));
  const auto begun = done ? done : read_json(folder(stage) / "begun.json");
  if (begun) {
    if (done) status.done = *done;
    status.reason = stale_reason(begun->value("identity", Json::object()), stage);
    for (const Stage input : inputs(stage)) {
      // A report of what is there is no less true for a stage that is to be made anew; a finished one is of another
      // run.
      if (!status.reason.empty() || (stage == Stage::report && !done)) break;
      const auto upstream = this->status(input);
      if (upstream.kind == Status::Kind::stale) status.reason = to_string(input) + " is stale: " + upstream.reason;
    }
    if (!status.reason.empty()) {
      status.kind = Status::Kind::stale;
      return status;
    }
  }
  if (done) {
    status.kind = done->value("state", "done") == "partial" ? Status::Kind::partial : Status::Kind::done;
  } else if (const auto error = read_json(folder(stage) / "error.json")) {
    status.kind = Status::Kind::failed;
    status.reason = error->value("message", "");
  } else if (begun) {
    status.kind = Status::Kind::running;
    const int generation = study::generation_number(study::Layout{folder(stage)});
    if (generation > 1) status.reason = fmt::format("reopened: generation {}", generation);
  }
  return status;
}

Json Run::need(Stage stage) const {
  if (const auto why = lacks(stage); !why.empty()) {
    base::fail(Exit::upstream, "{} has no {} stage: {}", folder_.string(), to_string(stage), why);
  }
  // On a network file system a name made on another node may show late; a listing of its folder refreshes it.
  const int tries = os::job_id() ? 60 : 4;
  auto now = status(stage);
  for (int i = 0; i < tries && !is_done(now.kind) && now.kind != Status::Kind::stale; ++i) {
    if (now.kind == Status::Kind::waiting && !os::job_id()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    os::list_folder(folder(stage));
    now = status(stage);
  }
  if (is_done(now.kind)) return now.done.at("figures");

  const auto command = executable(stage) + " " + folder_.string();
  switch (now.kind) {
    case Status::Kind::stale:
      base::fail(Exit::upstream, "the {} stage is stale ({}): make it anew with `{}` first", to_string(stage),
                 now.reason, command);
    case Status::Kind::failed:
      base::fail(Exit::upstream, "the {} stage is not done, it failed ({}): mend that, then run `{}`", to_string(stage),
                 now.reason, command);
    case Status::Kind::running:
      base::fail(Exit::upstream, "the {} stage is begun but not done: let it end, or go on with `{}`", to_string(stage),
                 command);
    default:
      base::fail(Exit::upstream, "the {} stage is not done: run `{}` first (or `assay run {}` for all stages in order)",
                 to_string(stage), command, folder_.string());
  }
}

std::optional<Json> Run::figures(Stage stage) const {
  const auto done = read_done(folder(stage));
  if (!done || !done->contains("figures")) return std::nullopt;
  return done->at("figures");
}

void Run::begin(Stage stage) const {
  os::make_folders(folder(stage));
  const Json begun = {{"stage", to_string(stage)},
                      {"identity", identity(stage)},
                      {"host", os::host_name()},
                      {"time", base::utc_text(base::unix_seconds())}};
  os::publish_once(folder(stage) / "begun.json", begun.dump(2) + "\n");
  os::remove_all(folder(stage) / "error.json");
}

double Run::finish(Stage stage, const Json& figures, double started, bool partial, int generation) const {
  // What the stage began with counts, even if somebody changed the run meanwhile.
  auto noted = identity(stage);
  if (const auto begun = read_json(folder(stage) / "begun.json")) noted = begun->at("identity");
  started = begin_of(folder(stage), started);
  const double now = base::unix_seconds();
  const Json done = {{"stage", to_string(stage)},
                     {"state", partial ? "partial" : "done"},
                     {"generation", generation},
                     {"identity", noted},
                     {"hash", base::short_hash(noted.dump())},
                     {"version", base::version()},
                     {"revision", base::revision()},
                     {"host", os::host_name()},
                     {"job", os::job_id().value_or("")},
                     {"started", base::utc_text(started)},
                     {"ended", base::utc_text(now)},
                     {"seconds", now - started},
                     {"figures", figures}};
  os::make_folders(folder(stage));
  os::publish_once(study::Layout{folder(stage)}.done(generation), done.dump(2) + "\n");
  os::remove_all(folder(stage) / "error.json");
  os::sync_folder(folder(stage));
  return now - started;
}

void Run::fail(Stage stage, const Json& error) const {
  os::make_folders(folder(stage));
  os::publish(folder(stage) / "error.json", error.dump(2) + "\n");
}

void Run::set_aside(Stage stage) const {
  const auto place = folder(stage);
  const auto token = [&] {
    const auto done = os::try_read_file(place / "done.json");
    return done ? done : os::try_read_file(place / "begun.json");
  };
  const auto seen = token();
  study::Reader reader(place);
  if (reader.founded()) {
    const auto view = reader.refresh();
    for (const auto& worker : view.workers()) {
      if (view.closed() || !at_work(worker, limits(stage).lease_seconds)) continue;
      base::fail(Exit::config, "worker {} on {} (pid {}) is still at work on {}: stop it first, then start again",
                 worker.id, worker.host, worker.pid, place.string());
    }
  }
  const Json claim = {{"name", os::random_name()},
                      {"host", os::host_name()},
                      {"pid", getpid()},
                      {"time", base::utc_text(base::unix_seconds())}};
  const auto name = place / "set-aside.json";
  for (int i = 0; i < 400; ++i) {
    if (!std::filesystem::exists(place) || token() != seen) return;  // somebody else has done it
    bool mine = false;
    try {
      mine = os::publish_once(name, claim.dump() + "\n");
    } catch (const base::Error&) {
      if (!std::filesystem::exists(place) || token() != seen) return;  // renamed by somebody else just now
      throw;
    }
    if (mine) {
      // Between the look and the claim the folder may have become the new one: only the folder that was seen may go.
      if (token() != seen) {
        os::remove_all(name);
        return;
      }
      const auto aside = os::rename_aside(place);
      os::remove_all(aside / "set-aside.json");
      base::log_info("{} is now {}", place.string(), aside.filename().string());
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  base::fail(Exit::io,
             "{} was left behind by a process that died while it set the stage aside: remove that file and start again",
             name.string());
}

}  // namespace assay::run
