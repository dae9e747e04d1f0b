#include "launch/local.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "base/command.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "launch/display.hpp"
#include "launch/slurm.hpp"
#include "launch/summary.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "os/process.hpp"
#include "os/signal.hpp"
#include "run/line.hpp"
#include "run/remedy.hpp"
#include "study/names.hpp"

namespace assay::launch {
namespace {

namespace fs = std::filesystem;
using base::Exit;
using run::Stage;
using Kind = run::Status::Kind;

/// Before anything starts: more ranks than this machine has devices would fail hours later.
void check_ranks(const run::Run& run, const LocalOptions& options) {
  const auto ranks = run.config().integer("full.gpus_per_trial");
  if (ranks <= 1) return;
  const auto gpus = options.device == "cpu" ? 0 : static_cast<std::int64_t>(os::visible_gpus().size());
  if (gpus > 0 ? ranks > gpus : ranks > os::usable_cores()) {
    base::fail(Exit::config, "full.gpus_per_trial = {}, but this machine has {}: lower it {}", ranks,
               gpus > 0 ? fmt::format("{} GPUs", gpus) : fmt::format("no GPU and {} cores", os::usable_cores()),
               run::setting_text(run, "full.gpus_per_trial", "1"));
  }
  if (os::capture({"mpirun", "--version"}).ended.code == 127) {
    base::fail(Exit::config,
               "full.gpus_per_trial = {} needs mpirun, which is not in PATH: install an MPI or set it to 1", ranks);
  }
}

/// As on a cluster, but never more workers than cores: [search] parallel may be meant for many nodes.
StageJob local_job(const run::Run& run, Stage stage, const LocalOptions& options) {
  auto job = stage_job(run, stage, Site{});
  const int cores = options.threads > 0 ? options.threads : os::usable_cores();
  job.workers = std::clamp(job.workers, 1, std::max(1, cores / job.ranks));
  return job;
}

/// One stage with its workers.
class StageRun {
 public:
  StageRun(run::Run& run, Stage stage, const LocalOptions& options, Display& display)
      : run_(run),
        stage_(stage),
        options_(options),
        display_(display),
        job_(local_job(run, stage, options)),
        started_(base::steady_seconds()) {}

  Exit go();

 private:
  struct Worker {
    std::unique_ptr<os::Child> child;  ///< null once it ended for good
    fs::path log;
    bool dismissed = false;  ///< asked to leave: there are more than [<stage>] parallel wants
  };

  os::Command command(int index) const;
  void start(Worker& worker, int index);
  void add_worker();
  void follow_limits();
  void look(Worker& worker, int index);
  void ended(Worker& worker, int index, const os::Ended& how);
  void ask_to_stop();
  void show();
  void show_or_warn();
  void show_warnings() const;
  Exit conclude();
  int alive() const {
    return static_cast<int>(
        std::count_if(workers_.begin(), workers_.end(), [](const Worker& w) { return w.child != nullptr; }));
  }

  run::Run& run_;
  Stage stage_;
  const LocalOptions& options_;
  Display& display_;
  StageJob job_;
  std::vector<Worker> workers_;
  std::unique_ptr<study::Reader> reader_;
  double started_ = 0, shown_ = 0, first_time_ = 0;
  std::int64_t first_count_ = -1;
  int restarts_ = 0, pauses_ = 0;
  bool stopping_ = false, warned_ = false;
  std::optional<Exit> failed_;
};

os::Command StageRun::command(int index) const {
  const int cores = options_.threads > 0 ? options_.threads : os::usable_cores();
  const int threads = std::max(1, cores / (job_.workers * job_.ranks));
  os::Command command;
  if (job_.ranks > 1) {
    // Bound ranks would share one core with those of the other workers.
    command.arguments = {"mpirun", "--bind-to", "none", "-n", std::to_string(job_.ranks)};
    command.environment = {{"OMPI_ALLOW_RUN_AS_ROOT", "1"}, {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}};
  }
  command.arguments.insert(command.arguments.end(),
                           {(options_.bin / executable(stage_)).string(), run_.folder().string(), "--threads",
                            std::to_string(threads), "--device", options_.device});
  if (const auto gpus = os::visible_gpus(); !gpus.empty() && options_.device != "cpu") {
    command.environment["CUDA_VISIBLE_DEVICES"] = base::join(os::share_of_gpus(gpus, index, job_.ranks), ",");
  }
  command.environment["OMP_NUM_THREADS"] = std::to_string(threads);
  command.standard_output = command.standard_error = workers_[static_cast<std::size_t>(index)].log;
  return command;
}

void StageRun::start(Worker& worker, int index) { worker.child = std::make_unique<os::Child>(command(index)); }

void StageRun::add_worker() {
  const auto index = static_cast<int>(workers_.size());
  workers_.push_back(
      {.child = nullptr,
       .log = run_.folder() / "jobs/logs" /
              fmt::format("{}-local-{}-{}.log", to_string(stage_), base::utc_text(base::unix_seconds()), index + 1)});
  start(workers_.back(), index);
}

/// As many workers as the run wants now (`assay set RUN search.parallel=3`), while none ended for good.
void StageRun::follow_limits() {
  while (workers_.size() > 1 && workers_.back().dismissed && !workers_.back().child) workers_.pop_back();
  if (stopping_ || failed_ || alive() < static_cast<int>(workers_.size())) return;
  job_ = local_job(run_, stage_, options_);
  const auto wanted = static_cast<std::size_t>(job_.workers);
  while (workers_.size() < wanted) add_worker();
  for (auto i = wanted; i < workers_.size(); ++i) {
    if (!workers_[i].dismissed) workers_[i].child->signal(SIGUSR2);
    workers_[i].dismissed = true;
  }
}

/// Lines of a worker's log since this start that say "warning:", each once.
void StageRun::show_warnings() const {
  std::set<std::string> seen;
  for (const auto& worker : workers_) {
    for (const auto& line : base::split(os::try_read_file(worker.log).value_or(""), '\n')) {
      if (line.starts_with("warning: ") && seen.insert(line).second) display_.message(line);
    }
  }
}

void StageRun::ask_to_stop() {
  stopping_ = true;
  for (const auto& worker : workers_) {
    if (worker.child) worker.child->signal(SIGUSR2);
  }
}

void StageRun::ended(Worker& worker, int index, const os::Ended& how) {
  worker.child.reset();
  const auto code = how.signal != 0 ? Exit::defect : static_cast<Exit>(how.code);
  if (code == Exit::done || code == Exit::partial || stopping_) return;
  if (worker.dismissed && code == Exit::again && alive() > 0) return;
  if (code == Exit::again) {
    if (run_.asked_to_stop(stage_)) {
      return ask_to_stop();
    }
    // A worker may be stopped from outside; the run was not.
    if (++pauses_ > 20)
      failed_ = code;
    else
      start(worker, index);
    return;
  }
  const bool lasting = code == Exit::config || code == Exit::data || code == Exit::upstream || code == Exit::io;
  if (!lasting && restarts_ < options_.most_restarts) {
    ++restarts_;
    const auto why = how.signal != 0 ? os::signal_name(how.signal) : fmt::format("exit code {}", how.code);
    display_.message(fmt::format("  worker {} of {} ended with {}; started again ({} of {}), log: {}", index + 1,
                                 to_string(stage_), why, restarts_, options_.most_restarts, worker.log.string()));
    start(worker, index);
    return;
  }
  // The other workers of a study can still end it; a lasting error will meet them as well.
  if (lasting || alive() == 0) {
    failed_ = code;
    ask_to_stop();
  }
}

void StageRun::look(Worker& worker, int index) {
  if (!worker.child) return;
  if (const auto how = worker.child->poll()) ended(worker, index, *how);
}

void StageRun::show() {
  const double now = base::steady_seconds();
  if (now - shown_ < (options_.terminal ? 0.5 : 2)) return;
  shown_ = now;
  const auto planned = planned_trials(run_, stage_);
  if (planned == 0) {
    display_.running(stage_, "at work, " + base::format_duration(now - started_));
    return;
  }
  if (!reader_) reader_ = std::make_unique<study::Reader>(run_.folder(stage_));
  if (!reader_->founded()) {
    display_.running(stage_, "starting");
    return;
  }
  run_.reload();
  follow_limits();
  const auto view = reader_->refresh();
  const auto counts = view.counts();
  const auto ended = counts.done + counts.stopped + counts.failed + counts.infeasible;
  if (first_count_ < 0) first_count_ = ended, first_time_ = started_;
  const double rate = static_cast<double>(ended - first_count_) / std::max(0.1, now - first_time_);
  auto text = progress(view, planned, alive(), rate);
  if (view.closed() && view.running().empty()) text = fmt::format("{}/{} trials, concluding", ended, ended);
  display_.running(stage_, (stopping_ ? "stopping: " : "") + text);
}

/// What cannot be shown (a file system that stumbles, a slip in run.toml) is no reason to end workers.
void StageRun::show_or_warn() {
  try {
    show();
  } catch (const base::Error& error) {
    if (!warned_) display_.message(fmt::format("warning: the progress cannot be shown: {}", error.what()));
    warned_ = true;
  }
}

Exit StageRun::conclude() {
  show_warnings();
  const auto status = run_.status(stage_);
  if (status.is_current()) {
    const auto metric = run_.judge().first().metric;
    display_.ended(
        stage_,
        run::stage_line(stage_, status.kind == Kind::partial ? "partial" : "done",
                        summary(stage_, status.done.at("figures"), metric), base::steady_seconds() - started_),
        status.kind == Kind::partial);
    return status.kind == Kind::partial ? Exit::partial : Exit::done;
  }
  if (stopping_ && !failed_) {
    display_.ended(stage_, run::stage_line(stage_, "stopped", "what is finished is kept"));
    return Exit::again;
  }
  auto why = status.reason;
  if (why.empty()) {
    const auto lines = base::split(base::trim(os::try_read_file(workers_.front().log).value_or("")), '\n');
    why = lines.back().empty() ? "its last words are in " + workers_.front().log.string() : lines.back();
  }
  display_.ended(stage_, run::stage_line(stage_, "failed", why), true);
  return failed_.value_or(Exit::partial);
}

Exit StageRun::go() {
  os::make_folders(run_.folder() / "jobs/logs");
  for (int i = 0; i < job_.workers; ++i) add_worker();
  while (alive() > 0) {
    if (os::stop_signal() != 0 && !stopping_) ask_to_stop();
    for (std::size_t i = 0; i < workers_.size(); ++i) look(workers_[i], static_cast<int>(i));
    if (alive() == 0) break;
    show_or_warn();
    std::this_thread::sleep_for(std::chrono::duration<double>(options_.tick));
  }
  return conclude();
}

}  // namespace

Exit run_locally(run::Run& run, const LocalOptions& options) {
  check_ranks(run, options);
  Display display(options.terminal, options.quiet);
  Exit worst = Exit::done;
  for (const Stage stage : run::all_stages) {
    if (os::stop_signal() != 0) return Exit::again;
    if (const auto why = run.lacks(stage); !why.empty()) {
      if (!run.by_hand()) display.ended(stage, run::stage_line(stage, "skipped", why));
      continue;
    }
    const auto status = run.status(stage);
    if (status.is_current()) {
      display.ended(stage, run::stage_line(stage, status.kind == Kind::partial ? "partial" : "done",
                                           summary(stage, status.done.at("figures"), run.judge().first().metric),
                                           status.done.value("seconds", -1.0)));
      if (status.kind == Kind::partial) worst = Exit::partial;
      if (status.kind == Kind::partial && stage == Stage::full) display.message("  " + run::missing_text(run, stage));
      continue;
    }
    // `assay stop` while the stage before ended, or one that does not look for it.
    if (os::file_size(run.stop_file())) {
      display.ended(stage, run::stage_line(stage, "stopped", "asked to stop before it began"));
      return Exit::again;
    }
    if (status.kind == Kind::stale)
      display.message(fmt::format("  {} is made again: {}", to_string(stage), status.reason), false);
    const auto exit = StageRun(run, stage, options, display).go();
    if (exit == Exit::partial && run.status(stage).is_current())
      worst = Exit::partial;
    else if (exit != Exit::done)
      return exit;
  }
  return worst;
}

}  // namespace assay::launch
