#include "eval/command/command.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "eval/command/files.hpp"
#include "eval/command/guard.hpp"
#include "eval/command/keep_alive.hpp"
#include "eval/command/metrics_tail.hpp"
#include "os/host.hpp"
#include "os/process.hpp"
#include "os/signal.hpp"
#include "study/names.hpp"

namespace assay::eval {
namespace {

using trial::Failure;
using trial::Outcome;
using trial::State;

enum class Cause { none, judged, leaving, timeout, decided };

constexpr int continue_later = 75;

/// The command without what is told of a trial.
os::Command command_of(const CommandSettings& settings) {
  os::Command result;
  if (!settings.launcher.empty()) {
    auto launcher =
        base::replace_all(settings.launcher, "{nodes}", os::environment("SLURM_JOB_NUM_NODES").value_or("1"));
    launcher = base::replace_all(launcher, "{gpus}", std::to_string(settings.gpus));
    for (auto& word : base::split(launcher, ' ')) {
      if (!word.empty()) result.arguments.push_back(word);
    }
  }
  result.arguments.insert(result.arguments.end(), settings.command.begin(), settings.command.end());
  // A trainer that uses MPI or srun itself must not take itself for a rank of ours.
  result.scrub = {"OMPI_", "PMIX_", "PRTE_", "PMI_", "SLURM_CPU_BIND"};
  result.environment["ASSAY_STAGE"] = settings.stage;
  if (settings.devices) result.environment["CUDA_VISIBLE_DEVICES"] = *settings.devices;
  if (settings.threads > 0) result.environment["OMP_NUM_THREADS"] = std::to_string(settings.threads);
  return result;
}

/// One attempt: starts the command, follows it, stops it if asked, says how it ended.
class Attempt {
 public:
  Attempt(const CommandSettings& settings, const trial::Work& work, trial::Reporter& reporter)
      : settings_(settings),
        work_(work),
        reporter_(reporter),
        timeout_(settings.timeout()),
        files_(prepare_command_files(work, settings.values(work.what.params), settings.rows(work))),
        tail_(files_.metrics()),
        result_(study::Layout::around(work.folder).commit(work.item)) {}

  /// A process for this trial alone.
  Outcome run() {
    started_ = looked_ = base::steady_seconds();
    CommandGuard guard;
    os::Child child(guard.marked(command()));
    guard.watch(child.pid());
    const auto ended = follow(child);
    // What the command left behind in the background ends with it.
    child.signal(SIGKILL);
    return finish(ended);
  }

  /// By a process that lives on, or the next one where it does not; `kept` is empty if it ended with this trial.
  Outcome run(std::unique_ptr<KeptCommand>& kept, const std::function<std::unique_ptr<KeptCommand>()>& start) {
    started_ = looked_ = base::steady_seconds();
    kept_alive_ = true;
    const auto line = proposal().dump();
    auto printed = kept ? kept->printed() : 0;
    if (!kept || kept->child().poll() || !kept->send(line)) {
      kept.reset();
      kept = start();
      printed = 0;
      kept->send(line);  // a process that is gone already is met below
    }
    const auto ended = follow(kept->child());
    os::publish(files_.output(), kept->output(printed), os::Durable::no);
    if (kept->child().poll() || terminated_ || !tail_.complaint().empty()) kept.reset();
    return finish(ended);
  }

 private:
  Outcome finish(const os::Ended& ended) {
    auto outcome = conclude(ended);
    // What was reported stays visible, whatever happened to the process afterwards.
    const auto& line = final_ ? final_ : last_;
    if (outcome.state == State::failed && line) {
      outcome.metrics = line->metrics;
      outcome.attributes = line->attributes;
    }
    outcome.device_seconds = (base::steady_seconds() - started_) * std::max(1, settings_.gpus);
    os::share_tree(files_.checkpoint());  // the next attempt may be a colleague's
    os::sync_tree(files_.checkpoint());
    if (!settings_.keep_output && outcome.state == State::done) os::remove_all(files_.output());
    return outcome;
  }

  os::Command command() const {
    auto result = command_of(settings_);
    result.folder = files_.folder;
    result.standard_output = result.standard_error = files_.output();
    result.environment.insert({{"ASSAY_PARAMS", files_.params().string()},
                               {"ASSAY_TRIAL", std::to_string(work_.item.trial)},
                               {"ASSAY_SEED", std::to_string(seed())},
                               {"ASSAY_FIDELITY", trial::to_json(work_.at).dump()},
                               {"ASSAY_SPLIT", files_.split().string()},
                               {"ASSAY_ACCUMULATE", std::to_string(accumulate())},
                               {"ASSAY_METRICS", files_.metrics().string()},
                               {"ASSAY_STOP", files_.stop().string()},
                               {"ASSAY_CHECKPOINT", files_.checkpoint().string()},
                               {"ASSAY_SH", files_.shell().string()}});
    return result;
  }

  /// Parts that a batch should be computed in: the trial ran out of memory once.
  int accumulate() const { return work_.what.tags.contains(trial::halved_tag) ? 2 : 1; }

  /// What a process that is kept alive is told of this trial.
  base::Json proposal() const {
    return {{"trial", work_.item.trial},
            {"accumulate", accumulate()},
            {"params", settings_.values(work_.what.params)},
            {"fidelity", trial::to_json(work_.at)},
            {"split", settings_.rows(work_)},
            {"seed", seed()},
            {"stage", settings_.stage},
            {"folder", files_.folder.string()},
            {"metrics", files_.metrics().string()},
            {"stop", files_.stop().string()},
            {"checkpoint", files_.checkpoint().string()}};
  }

  std::uint64_t seed() const { return work_.seed % (1U << 31); }

  os::Ended follow(os::Child& child) {
    double read = 0;
    for (;;) {
      const auto ended = child.poll();
      const double now = base::steady_seconds();
      // Of a process that lives on, the final line is the end of the trial: it is looked for often in short ones.
      if (ended || now - read > (kept_alive_ ? std::min(0.1, 0.01 * (now - started_)) : 0.1)) {
        read = now;
        read_metrics(ended.has_value());
      }
      if (ended) return *ended;
      if (kept_alive_ && final_) return {};
      if (kept_alive_ && !tail_.complaint().empty()) child.signal(SIGKILL);
      stop_if_wanted(child, now);
      // Short trials are looked at often, long ones seldom.
      std::this_thread::sleep_for(std::chrono::milliseconds(now - started_ < 5 ? 5 : 50));
    }
  }

  void read_metrics(bool ended) {
    for (auto& line : tail_.read(ended)) {
      if (line.final) {
        final_ = std::move(line);
      } else {
        if (reporter_.report(line.step, line.metrics) == trial::Verdict::stop && cause_ == Cause::none)
          ask(Cause::judged);
        last_ = std::move(line);
      }
    }
  }

  void ask(Cause cause) {
    cause_ = cause;
    asked_ = base::steady_seconds();
    os::publish(files_.stop(), cause == Cause::leaving ? "pause\n" : "stop\n", os::Durable::no);
  }

  void stop_if_wanted(const os::Child& child, double now) {
    if (cause_ != Cause::timeout && cause_ != Cause::decided && now - looked_ > settings_.look_seconds) {
      looked_ = now;
      if (os::file_size(result_)) ask(Cause::decided);
    }
    if (cause_ == Cause::none) {
      if (os::stop_signal() != 0) ask(Cause::leaving);
      if (timeout_ > 0 && now - started_ > timeout_) ask(Cause::timeout);
    }
    if (cause_ == Cause::none) return;
    const bool at_once = cause_ == Cause::timeout || cause_ == Cause::decided;
    const double term = at_once ? 0 : settings_.stop_grace;
    if (!terminated_ && now - asked_ >= term) {
      terminated_ = true;
      child.signal(SIGTERM);
    }
    if (!killed_ && now - asked_ >= term + settings_.term_grace) {
      killed_ = true;
      child.signal(SIGKILL);
    }
  }

  Outcome failed(Failure failure, std::string reason) const {
    Outcome outcome;
    outcome.state = State::failed;
    outcome.failure = failure;
    outcome.reason = std::move(reason);
    if (const auto output = last_lines(files_.output()); !output.empty())
      outcome.reason += "; its last lines: " + output;
    return outcome;
  }

  Outcome again(std::string reason) const {
    Outcome outcome;
    outcome.again = true;
    outcome.reason = std::move(reason);
    return outcome;
  }

  Outcome conclude(const os::Ended& ended) const {
    if (!tail_.complaint().empty() && !final_ && cause_ == Cause::none) return failed(Failure::exit, tail_.complaint());
    if (final_ && final_->attributes.contains("failed") && cause_ == Cause::none) return said_failed();
    if (ended.signal == 0 && ended.code == 0 && final_ && cause_ != Cause::judged && cause_ != Cause::decided)
      return finished();
    switch (cause_) {
      case Cause::leaving:
        return again("the worker left (" + os::signal_name(os::stop_signal()) + ")");
      case Cause::timeout:
        return failed(Failure::timeout, "the command ran longer than " + base::format_duration(timeout_));
      case Cause::judged:
        return judged("stopped early");
      case Cause::decided:
        return judged("the trial has its result already: it was dropped, or taken over");
      case Cause::none:
        break;
    }
    const std::string after = final_ ? ", after its final line in ASSAY_METRICS" : "";
    if (ended.signal != 0) {
      return failed(Failure::exit, "the command was ended by " + os::signal_name(ended.signal) +
                                       (ended.signal == SIGKILL ? " (out of memory?)" : "") + after);
    }
    if (ended.code == continue_later) {
      if (!os::list_folder(files_.checkpoint()).empty()) return again("the command asked to be continued later");
      return failed(Failure::exit, "the command ended with 75 (continue later) but left nothing in ASSAY_CHECKPOINT");
    }
    if (ended.code != 0)
      return failed(Failure::exit, fmt::format("the command ended with exit code {}{}", ended.code, after));
    return failed(Failure::exit, "the command ended without a line {\"final\": true, ...} in ASSAY_METRICS");
  }

  /// What the command says of itself tells more than the exit code that follows.
  Outcome said_failed() const {
    const auto& why = final_->attributes.at("failed");
    return failed(why == "oom" ? Failure::oom : Failure::exit, why);
  }

  /// What the final line has where an objective is missing; a slip of the pen is said once.
  std::string instead_of(const std::string& objective) const {
    std::vector<std::string> there;
    for (const auto& [name, value] : final_->metrics) there.push_back(name);
    if (there.empty()) return "it has no metric";
    const auto near = base::nearest_word(objective, there);
    const auto question = near.empty() ? "" : fmt::format("did you mean {}?", near);
    if (there.size() == 1 && !near.empty()) return question;
    return "it has " + base::join(there, ", ") + (near.empty() ? "" : "; " + question);
  }

  Outcome finished() const {
    if (final_->attributes.contains("failed")) return said_failed();
    for (const auto& name : settings_.required) {
      if (final_->metrics.contains(name)) continue;
      if (const auto text = final_->attributes.find(name); text != final_->attributes.end()) {
        if (text->second.starts_with('[') || text->second.starts_with('{')) {
          return failed(Failure::exit, fmt::format("\"{}\" is a list or an object in the final line of ASSAY_METRICS, "
                                                   "where a number is expected: {:.80}",
                                                   name, text->second));
        }
        return failed(Failure::exit,
                      fmt::format("\"{}\" is the text \"{}\" in the final line of ASSAY_METRICS, where a number is "
                                  "expected: write it without quotation marks",
                                  name, text->second));
      }
      return failed(Failure::exit, "the final line in ASSAY_METRICS lacks \"" + name +
                                       "\", which [objectives] names; " + instead_of(name));
    }
    for (const auto& name : settings_.required) {
      if (!std::isfinite(final_->metrics.at(name))) return failed(Failure::nan, "\"" + name + "\" is not a number");
    }
    Outcome outcome;
    outcome.metrics = final_->metrics;
    outcome.attributes = final_->attributes;
    return outcome;
  }

  Outcome judged(const char* reason) const {
    Outcome outcome;
    outcome.state = State::stopped;
    outcome.reason = reason;
    if (const auto& line = final_ ? final_ : last_) {
      outcome.metrics = line->metrics;
      outcome.attributes = line->attributes;
    }
    return outcome;
  }

  const CommandSettings& settings_;
  const trial::Work& work_;
  trial::Reporter& reporter_;
  double timeout_;
  CommandFiles files_;
  MetricsTail tail_;
  std::optional<MetricsLine> last_, final_;
  Cause cause_ = Cause::none;
  os::Path result_;  ///< the name that says that this trial has its result
  double started_ = 0, asked_ = 0, looked_ = 0;
  bool terminated_ = false, killed_ = false;
  bool kept_alive_ = false;
};

class CommandEvaluator : public trial::Evaluator {
 public:
  explicit CommandEvaluator(CommandSettings settings) : settings_(std::move(settings)) {}
  Outcome run(const trial::Work& work, trial::Reporter& reporter) override {
    const auto program = look_at_program();
    Attempt attempt(settings_, work, reporter);
    auto outcome = settings_.keep_alive ? attempt.run(kept_, [&] { return start(work); }) : attempt.run();
    if (!program.empty()) {
      const auto sure = settings_.program->after_trial(program);
      if (!sure.empty()) outcome.attributes[run::program_attribute] = run::to_text(sure);
    }
    return outcome;
  }

 private:
  /// The contents of the command's files. A process that is kept alive is of the old ones: it ends.
  run::Program look_at_program() {
    if (!settings_.program) return {};
    auto now = settings_.program->now();
    if (const auto changed = run::changed_files(program_, now); !changed.empty()) {
      kept_.reset();
      base::log_warning("{} changed while this stage is at work: results before and after are of two programs",
                        base::join(changed, ", "));
    }
    program_ = now;
    return now;
  }

  /// In RUN/<stage>/processes/<host>-<pid>.<k>: the folders of the trials come and go.
  std::unique_ptr<KeptCommand> start(const trial::Work& work) {
    auto command = command_of(settings_);
    command.environment["ASSAY_KEEP_ALIVE"] = "1";
    command.folder = study::Layout::around(work.folder).stage / "processes" /
                     fmt::format("{}-{}.{}", os::host_name(), ::getpid(), processes_++);
    return std::make_unique<KeptCommand>(std::move(command));
  }

  CommandSettings settings_;
  std::unique_ptr<KeptCommand> kept_;
  run::Program program_;
  int processes_ = 0;
};

}  // namespace

std::unique_ptr<trial::Evaluator> make_command_evaluator(CommandSettings settings) {
  base::require(!settings.command.empty() && settings.values && settings.rows, "a command evaluator without a command");
  return std::make_unique<CommandEvaluator>(std::move(settings));
}

}  // namespace assay::eval
