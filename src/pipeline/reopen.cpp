#include "pipeline/reopen.hpp"

#include <algorithm>
#include <array>

#include "base/command.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "pipeline/steering.hpp"
#include "run/remedy.hpp"
#include "study/names.hpp"

namespace assay::pipeline {
namespace {

using run::Stage;

/// A key of [search], and how the reason of a study begins that its value ended.
struct Ending {
  std::string_view key, reason;
};
constexpr std::array<Ending, 8> endings = {{{"search.max_duration", "max_duration"},
                                            {"search.max_device_hours", "max_device_hours"},
                                            {"search.stop", "converged"},
                                            {"search.stop", "target"},
                                            {"search.stop", "no progress"},
                                            {"search.stop", "gain"},
                                            {"search.stop", "invalid"},
                                            {"search.stop", "no-progress"}}};

bool ended_by_failures(const std::string& reason) { return reason.find(" trials failed") != std::string::npos; }

/// The key whose value ended the study; empty: the numbers were given away, or somebody closed it.
std::string_view ended_by(const std::string& reason) {
  if (ended_by_failures(reason)) return "search.max_failed";
  const auto found =
      std::find_if(endings.begin(), endings.end(), [&](const Ending& one) { return reason.starts_with(one.reason); });
  return found == endings.end() ? "" : found->key;
}

/// What ends a search that `reason` had ended, now that it is open again.
std::string next_end(const run::Run& run, const std::string& reason) {
  const auto key = ended_by(reason);
  const auto text = fmt::format("It ends at search.max_trials = {}", run.limits(Stage::search).max_trials);
  if (key == "search.max_failed")
    return text + fmt::format(", or when {} trials have failed from now on", run.limits(Stage::search).max_failed);
  if (key == "search.stop") return text + ", or by [search] stop, which looks at the trials from now on";
  if (key == "search.max_duration")
    return text + ", or after search.max_duration, which counts from its next worker on";
  if (key == "search.max_device_hours") return text + ", or by search.max_device_hours, which counts all trials";
  return text + ", or by what else the configuration says";
}

std::string how_it_continues(const run::Run& run) {
  return run::measuring_command(run, Stage::search) + (run.by_hand() ? " hands out the next trial" : " continues it");
}

}  // namespace

bool is_stop_rule(const std::string& key) {
  return key.starts_with("search.stop") || key == "search.noise" || key.ends_with(".target");
}

bool ended_by_number(const std::string& reason) {
  return reason.starts_with("all ") && (reason.ends_with(" trials are taken") || reason == "all trials are claimed" ||
                                        reason == "all trials are done");
}

std::optional<std::string> reopen_search(const run::Run& run, const std::string& why) {
  const study::Layout layout{run.folder(Stage::search)};
  const auto closed = study::read_generation(layout);
  if (!closed.closed()) return std::nullopt;
  std::vector<Stage> stale;
  for (const auto stage : {Stage::full, Stage::report}) {
    if (run.status(stage).has_result()) stale.push_back(stage);
  }
  const auto open = study::reopen(layout, os::random_name(), why);
  os::remove_all(layout.stage / "error.json");
  const auto& ended = closed.members->reason;
  auto line = fmt::format("the search is open again, generation {} (it had ended: {}): {}. {}", open.number, ended,
                          how_it_continues(run), next_end(run, ended));
  if (!stale.empty()) {
    line += fmt::format("; {} stale: {} makes {} again",
                        stale.size() == 1 ? to_string(stale.front()) + " is" : "full and report are",
                        run::making_command(run, stale.front()), stale.size() == 1 ? "it" : "them");
  }
  return line;
}

std::optional<std::string> reopen_after(const run::Run& run, const std::vector<std::string>& changes) {
  const study::Layout layout{run.folder(Stage::search)};
  const auto generation = study::read_generation(layout);
  if (!generation.closed() || run.status(Stage::search).kind == run::Status::Kind::stale) return std::nullopt;
  const auto concerns = [&](std::string_view key) {
    return std::any_of(changes.begin(), changes.end(), [&](const std::string& change) {
      const auto changed = change.substr(0, change.find('='));
      if (key == "search.stop") return is_stop_rule(changed);
      return !key.empty() && changed == key;
    });
  };
  const auto& reason = generation.members->reason;
  const auto key = ended_by(reason);
  if (!concerns("search.max_trials") && !concerns(key)) return std::nullopt;
  const auto limits = run.limits(Stage::search);
  if (free_numbers(run, look_at(run, Stage::search)) == 0) {
    return fmt::format("the search has ended ({}) and stays so: it has all of search.max_trials = {} already", reason,
                       limits.max_trials);
  }
  if (key == "search.max_device_hours" && !concerns(key)) {
    return fmt::format("the search has ended ({}) and stays so, as device hours count all trials: {} opens it again",
                       reason, base::proposal({"assay", "set", run.folder().string(), "search.max_device_hours=..."}));
  }
  std::vector<std::string> why;
  for (const auto& change : changes) why.push_back(change);
  return reopen_search(run, "assay set " + base::join(why, " "));
}

}  // namespace assay::pipeline
