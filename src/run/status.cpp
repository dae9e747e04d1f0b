// Who is done, who is stale and why: done.json, begun.json and error.json of the stages. Identity is compared key by
// key, results of earlier stages by the part of them that a stage really uses, so that a proxy stage made again which
// chooses the same proxy leaves a search of thousands of trials valid.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <thread>
#include <utility>

#include "base/command.hpp"
#include "base/hash.hpp"
#include "config/check.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "run/program.hpp"
#include "run/remedy.hpp"
#include "run/run.hpp"
#include "run/stage_files.hpp"
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

/// Keys that judge and count for the figures of a stage.
std::vector<std::string> judged_by(Stage stage) {
  if (stage == Stage::split) return {};
  if (stage == Stage::baseline || stage == Stage::proxy) return {"reward"};
  if (stage == Stage::report) return {"objectives", "reward", "constraint", "search", "report"};
  return {"objectives", "reward", "constraint"};
}

/// What a stage's figures were judged by. Older versions noted it among the identity; of a report they noted nothing.
std::optional<Json> noted_judging(const Json& done, Stage stage) {
  if (done.contains("judging")) return done.at("judging");
  if (stage == Stage::report) return std::nullopt;
  const auto names = judged_by(stage);
  const auto identity = done.value("identity", Json::object());
  auto judging = Json::object();
  for (const auto& [key, value] : identity.items()) {
    const bool counts = std::any_of(names.begin(), names.end(), [&, &key = key](const auto& name) {
      return key.starts_with(name + ".") || key.starts_with(name + "[");
    });
    if (counts && config::key_class(key) == config::KeyClass::judging) judging[key] = value;
  }
  return judging;
}

/// The part of a result that a later stage uses. A search that was judged again is another one for the training of
/// its finalists only if these are others ("result": see finish).
std::string digest(Stage stage, const Json& done, Stage user) {
  const auto figures = done.value("figures", Json::object());
  if (stage == Stage::proxy) return base::short_hash(figures.value("chosen", Json()).dump());
  if (user == Stage::full && done.contains("result")) return done.at("result").get<std::string>();
  return base::short_hash(figures.dump());
}

/// `generation`: of the study whose result the key names.
std::string describe_difference(const std::string& key, const Json& was, const Json& is, int generation) {
  if (key.starts_with("result of ")) {
    const auto stage = key.substr(10);
    if (was.is_null()) return stage + " was done since";
    if (generation > 1) return fmt::format("{} was reopened: generation {}", stage, generation);
    if (is.is_null()) return "the result of " + stage + " is gone";
    if (is.is_string() && is.get<std::string>().starts_with(judged_again))
      return "the " + stage + " has other finalists";
    return stage + " was made again";
  }
  const auto text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
  if (was.is_null()) return fmt::format("{} was not set, is {}", key, text(is));
  if (is.is_null()) return fmt::format("{} was {}, is not set", key, text(was));
  return fmt::format("{} was {}, is {}", key, text(was), text(is));
}

/// A file of the command that has only moved is named as the stage began with it.
void keep_places(const std::optional<Json>& begun, Json& identity) {
  if (!begun || !begun->contains("program")) return;
  const auto noted = begun->value("identity", Json::object());
  const auto program = program_from(begun->at("program").dump());
  for (auto& [key, value] : identity.items()) {
    const auto was = noted.value(key, Json());
    if (key.starts_with("trial.command[") && was.is_string() && was != value &&
        same_argument(was.get<std::string>(), value.get<std::string>(), program))
      value = was;
  }
}

/// The first key that differs, in words; empty if none does.
std::string difference(
    const Json& noted, const Json& now,
    const std::function<int(const std::string&)>& generation = [](const auto&) { return 1; }) {
  std::set<std::string> keys;
  for (const auto& [key, value] : noted.items()) keys.insert(key);
  for (const auto& [key, value] : now.items()) keys.insert(key);
  for (const auto& key : keys) {
    const auto was = noted.value(key, Json()), is = now.value(key, Json());
    if (was != is) return describe_difference(key, was, is, generation(key));
  }
  return "";
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
  if (by_hand()) return "its trials are asked for by hand (" + asking_command(*this) + ")";
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
  keep_places(read_json(folder(stage) / "begun.json"), identity);
  for (const Stage input : inputs(stage)) {
    if (const auto done = read_done(folder(input))) identity[input_key(input)] = digest(input, *done, stage);
  }
  return identity;
}

Json Run::judging(Stage stage) const {
  Json judging = Json::object();
  for (const auto& [key, value] : config_.values(config::KeyClass::judging, judged_by(stage))) {
    // A target only ends a search that is not ended yet.
    if (stage == Stage::report || !(key.starts_with("objectives.") && key.ends_with(".target"))) judging[key] = value;
  }
  return judging;
}

/// Empty if `noted` (the identity in done.json or begun.json) is what the run asks for now.
std::string Run::stale_reason(const Json& written, Stage stage) const {
  return difference(config::identity_only(written), identity(stage), [&](const std::string& key) {
    for (const Stage input : inputs(stage)) {
      if (key == input_key(input)) return study::generation_number(study::Layout{folder(input)});
    }
    return 1;
  });
}

Status Run::status(Stage stage) const {
  Status status;
  status.mark = mark_of(folder(stage));
  const auto done = read_done(folder(stage));
  const auto begun = done ? done : read_json(folder(stage) / "begun.json");
  if (begun) {
    if (done) status.done = *done;
    const auto noted = done ? noted_judging(*done, stage) : std::nullopt;
    if (noted) status.judged = difference(*noted, judging(stage));
    // A report is not derived again, it is written again.
    if (stage == Stage::report) status.reason = std::exchange(status.judged, "");
    if (status.reason.empty()) status.reason = stale_reason(begun->value("identity", Json::object()), stage);
    for (const Stage input : inputs(stage)) {
      // A report of what is there is no less true for a stage that is to be made again; a finished one is of another
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
    if (const auto again = status.kind == Status::Kind::partial ? fixable(*this, stage) : Fixable();
        !again.trials.empty()) {
      status.kind = Status::Kind::failed;
      status.reason = fixable_text(again);
    }
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
  for (int i = 0; i < tries && !now.has_result() && now.kind != Status::Kind::stale; ++i) {
    if (now.kind == Status::Kind::waiting && !os::job_id()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    os::list_folder(folder(stage));
    now = status(stage);
  }
  const auto command = making_command(*this, stage);
  if (now.has_result()) {
    if (now.judged.empty()) return now.done.at("figures");
    base::fail(Exit::upstream,
               "the {} stage was judged otherwise ({}): {} derives its result again, without measuring anything",
               to_string(stage), now.judged, command);
  }
  switch (now.kind) {
    case Status::Kind::stale:
      base::fail(Exit::upstream, "the {} stage is stale ({}): make it again with {} first", to_string(stage),
                 now.reason, command);
    case Status::Kind::failed:
      base::fail(Exit::upstream, "the {} stage is not done, it failed ({}): fix that, then run {}", to_string(stage),
                 now.reason, command);
    case Status::Kind::running:
      base::fail(Exit::upstream, "the {} stage is begun but not done: let it end, or continue with {}",
                 to_string(stage), command);
    default:
      const auto all = base::proposal({"assay", "run", folder_.string()});
      base::fail(Exit::upstream, "the {} stage is not done: run {} first{}", to_string(stage), command,
                 command == all ? "" : " (or " + all + " for all stages in order)");
  }
}

bool Run::asked_to_stop(Stage stage) const {
  return os::file_size(stop_file()) || os::file_size(study::Layout{folder(stage)}.stop());
}

std::optional<Json> Run::figures(Stage stage) const {
  const auto done = read_done(folder(stage));
  if (!done || !done->contains("figures")) return std::nullopt;
  return done->at("figures");
}

}  // namespace assay::run
