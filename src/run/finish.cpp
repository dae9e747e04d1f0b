// How a stage begins and ends: begun.json, done.json, error.json, and the folder of a stale one that is set aside.
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "base/version.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "run/program.hpp"
#include "run/run.hpp"
#include "run/stage_files.hpp"
#include "study/liveness.hpp"
#include "study/names.hpp"

namespace assay::run {
namespace {

using base::Exit;
using base::Json;

/// The trials that are trained in full, by number.
std::string finalists_text(const Json& figures) {
  std::vector<std::int64_t> numbers;
  for (const auto& one : figures.value("finalists", Json::array())) {
    const auto number = one.is_object() ? one.value("trial", std::int64_t{-1}) : one.get<std::int64_t>();
    if (number >= 0) numbers.push_back(number);  // not the baseline
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers.empty() ? "" : fmt::format("{}", fmt::join(numbers, " "));
}

/// A worker that may still write: no goodbye in its log, not proved dead, and a sign of life within the lease.
bool at_work(const trial::WorkerInfo& worker, double lease) {
  if (worker.ended || base::unix_seconds() - worker.last_record > lease) return false;
  return !study::Liveness(study::greet("")).process_gone(worker);
}

/// When the first worker of the study said hello, since it was last reopened; or `otherwise`. Jobs come and go, the
/// stage is older than its last.
double begin_of(const std::filesystem::path& stage, double otherwise) {
  study::Reader reader(stage);
  if (!reader.founded()) return otherwise;
  const double opened = study::read_generation(study::Layout{stage}).opened;
  double first = otherwise;
  const auto view = reader.refresh();
  for (const auto& worker : view.workers()) {
    if (worker.first_seen > 0 && worker.last_record >= opened)
      first = std::min(first, std::max(worker.first_seen, opened));
  }
  return first;
}

}  // namespace

void Run::begin(Stage stage) const {
  os::make_folders(folder(stage));
  const Json begun = {{"stage", to_string(stage)},
                      {"identity", identity(stage)},
                      {"program", program_of(*this)},
                      {"host", os::host_name()},
                      {"time", base::utc_text(base::unix_seconds())}};
  os::publish_once(folder(stage) / "begun.json", begun.dump(2) + "\n");
  os::remove_all(folder(stage) / "error.json");
}

/// What stands for a result that was derived again, by finalists: as long as these are the same ones, later stages see
/// the same result.
Json Run::results_again(const Json& before, const Json& figures) const {
  const auto& old = before.at("figures");
  auto results = before.value("results", Json::object());
  if (results.empty()) {
    auto trained = finalists_text(old);
    // An older version noted the finalists only where they were trained.
    if (const auto full = this->figures(Stage::full); trained.empty() && full) trained = finalists_text(*full);
    results[trained] = before.value("result", base::short_hash(old.dump()));
  }
  const auto now = finalists_text(figures);
  if (!results.contains(now)) results[now] = judged_again + base::short_hash(figures.dump());
  return results;
}

double Run::finish(Stage stage, const Json& figures, double started, bool partial, int generation) const {
  if (generation == 0) generation = study::generation_number(study::Layout{folder(stage)});
  // What the stage began with counts, even if somebody changed the run meanwhile.
  auto noted = identity(stage);
  if (const auto begun = read_json(folder(stage) / "begun.json")) noted = begun->at("identity");
  started = begin_of(folder(stage), started);
  const double now = base::unix_seconds();
  const auto before = status(stage);
  const bool again = before.has_result() && !before.is_current();
  const auto results =
      again ? results_again(before.done, figures) : Json{{finalists_text(figures), base::short_hash(figures.dump())}};
  Json done = {{"stage", to_string(stage)},
               {"state", partial ? "partial" : "done"},
               {"generation", generation},
               {"identity", noted},
               {"judging", judging(stage)},
               {"result", results.at(finalists_text(figures))},
               {"results", results},
               {"hash", base::short_hash(noted.dump())},
               {"version", base::version()},
               {"revision", base::revision()},
               {"host", os::host_name()},
               {"job", os::job_id().value_or("")},
               {"started", base::utc_text(started)},
               {"ended", base::utc_text(now)},
               {"seconds", now - started},
               {"figures", figures}};
  // The work is as old as it was.
  for (const char* key : {"started", "ended", "seconds"}) {
    if (again && before.done.contains(key)) done[key] = before.done.at(key);
  }
  os::make_folders(folder(stage));
  const auto file = study::Layout{folder(stage)}.done(generation);
  const auto text = done.dump(2) + "\n";
  if (again) {
    os::publish(file, text);
  } else {
    os::publish_once(file, text);
  }
  os::remove_all(folder(stage) / "error.json");
  os::sync_folder(folder(stage));
  return now - started;
}

void Run::fail(Stage stage, const Json& error) const {
  os::make_folders(folder(stage));
  os::publish(folder(stage) / "error.json", error.dump(2) + "\n");
}

void Run::set_aside(Stage stage) const {
  set_aside(stage, Status{.reason = "", .judged = "", .mark = mark_of(folder(stage))});
}

void Run::set_aside(Stage stage, const Status& looked) const {
  const auto place = folder(stage);
  const auto token = [&] { return mark_of(place); };
  const auto& seen = looked.mark;
  // Set aside by somebody else just now: what is there, if anything, is only being made.
  if (seen.empty() || token() != seen) return;
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
