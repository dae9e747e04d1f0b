#include "eval/command.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "eval/command_files.hpp"
#include "eval/command_guard.hpp"
#include "eval/metrics_tail.hpp"
#include "os/host.hpp"
#include "os/process.hpp"
#include "os/signal.hpp"
#include "study/names.hpp"

namespace assay::eval {
namespace {

using study::Failure;
using study::Outcome;
using study::State;

enum class Cause { none, judged, leaving, timeout, decided };

constexpr int continue_later = 75;

std::string replace_all(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// One attempt: starts the command, follows it, stops it if asked, says how it ended.
class Attempt {
 public:
  Attempt(const CommandSettings& settings, const study::Work& work, study::Reporter& reporter)
      : settings_(settings),
        work_(work),
        reporter_(reporter),
        files_(prepare_command_files(work, settings.values(work.what.params), settings.rows(work))),
        tail_(files_.metrics()),
        result_(study::Layout{work.folder.parent_path().parent_path().parent_path()}.commit(work.item)) {}

  Outcome run() {
    started_ = looked_ = base::steady_seconds();
    CommandGuard guard;
    os::Child child(command());
    guard.watch(child.pid());
    const auto ended = follow(child);
    // What the command left behind in the background ends with it.
    child.signal(SIGKILL);
    auto outcome = conclude(ended);
    outcome.device_seconds = (base::steady_seconds() - started_) * std::max(1, settings_.gpus);
    os::sync_tree(files_.checkpoint());
    if (!settings_.keep_output && outcome.state == State::done) os::remove_all(files_.output());
    return outcome;
  }

 private:
  os::Command command() const {
    os::Command result;
    if (!settings_.launcher.empty()) {
      auto launcher = replace_all(settings_.launcher, "{nodes}", os::environment("SLURM_JOB_NUM_NODES").value_or("1"));
      launcher = replace_all(launcher, "{gpus}", std::to_string(settings_.gpus));
      for (auto& word : base::split(launcher, ' ')) {
        if (!word.empty()) result.arguments.push_back(word);
      }
    }
    result.arguments.insert(result.arguments.end(), settings_.command.begin(), settings_.command.end());
    result.folder = files_.folder;
    result.standard_output = result.standard_error = files_.output();
    // A trainer that uses MPI or srun itself must not take itself for a rank of ours.
    result.scrub = {"OMPI_", "PMIX_", "PRTE_", "PMI_", "SLURM_CPU_BIND"};
    result.environment = {{"ASSAY_PARAMS", files_.params().string()},
                          {"ASSAY_TRIAL", std::to_string(work_.item.trial)},
                          {"ASSAY_SEED", std::to_string(work_.seed % (1U << 31))},
                          {"ASSAY_STAGE", settings_.stage},
                          {"ASSAY_FIDELITY", study::to_json(work_.at).dump()},
                          {"ASSAY_SPLIT", files_.split().string()},
                          {"ASSAY_METRICS", files_.metrics().string()},
                          {"ASSAY_STOP", files_.stop().string()},
                          {"ASSAY_CHECKPOINT", files_.checkpoint().string()},
                          {"ASSAY_SH", files_.shell().string()}};
    if (settings_.devices) result.environment["CUDA_VISIBLE_DEVICES"] = *settings_.devices;
    if (settings_.threads > 0) result.environment["OMP_NUM_THREADS"] = std::to_string(settings_.threads);
    return result;
  }

  os::Ended follow(os::Child& child) {
    double read = 0;
    for (;;) {
      const auto ended = child.poll();
      const double now = base::steady_seconds();
      if (ended || now - read > 0.1) {
        read = now;
        read_metrics(ended.has_value());
      }
      if (ended) return *ended;
      stop_if_wanted(child, now);
      // Short trials are looked at often, long ones seldom.
      std::this_thread::sleep_for(std::chrono::milliseconds(now - started_ < 5 ? 5 : 50));
    }
  }

  void read_metrics(bool ended) {
    if (!complaint_.empty()) return;
    try {
      for (auto& line : tail_.read(ended)) {
        if (line.final) {
          final_ = std::move(line);
        } else {
          if (reporter_.report(line.step, line.metrics) == study::Verdict::stop && cause_ == Cause::none)
            ask(Cause::judged);
          last_ = std::move(line);
        }
      }
    } catch (const base::Error& error) {
      if (error.code() != base::Exit::data) throw;
      complaint_ = error.what();
      if (cause_ == Cause::none) ask(Cause::judged);
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
      if (settings_.timeout > 0 && now - started_ > settings_.timeout) ask(Cause::timeout);
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
    if (!complaint_.empty()) return failed(Failure::exit, complaint_);
    if (ended.signal == 0 && ended.code == 0 && final_ && cause_ != Cause::judged && cause_ != Cause::decided)
      return finished();
    switch (cause_) {
      case Cause::leaving:
        return again("the worker left (" + os::signal_name(os::stop_signal()) + ")");
      case Cause::timeout:
        return failed(Failure::timeout, "the command ran longer than " + base::format_duration(settings_.timeout));
      case Cause::judged:
        return judged("stopped early");
      case Cause::decided:
        return judged("the trial has its result already: it was dropped, or taken over");
      case Cause::none:
        break;
    }
    if (ended.signal != 0) {
      return failed(Failure::exit, "the command was ended by " + os::signal_name(ended.signal) +
                                       (ended.signal == SIGKILL ? " (out of memory?)" : ""));
    }
    if (ended.code == continue_later) {
      if (!os::list_folder(files_.checkpoint()).empty()) return again("the command asked to be continued later");
      return failed(Failure::exit, "the command ended with 75 (continue later) but left nothing in ASSAY_CHECKPOINT");
    }
    if (ended.code != 0) return failed(Failure::exit, fmt::format("the command ended with exit code {}", ended.code));
    return failed(Failure::exit, "the command ended without a line {\"final\": true, ...} in ASSAY_METRICS");
  }

  Outcome finished() const {
    for (const auto& name : settings_.required) {
      if (final_->metrics.contains(name)) continue;
      return failed(Failure::exit,
                    fmt::format("the final line in ASSAY_METRICS lacks \"{}\", which [objectives] names", name));
    }
    for (const auto& [name, value] : final_->metrics) {
      if (!std::isfinite(value)) return failed(Failure::nan, "\"" + name + "\" is not a number");
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
  const study::Work& work_;
  study::Reporter& reporter_;
  CommandFiles files_;
  MetricsTail tail_;
  std::optional<MetricsLine> last_, final_;
  std::string complaint_;  ///< what was wrong with ASSAY_METRICS
  Cause cause_ = Cause::none;
  os::Path result_;  ///< the name that says that this trial has its result
  double started_ = 0, asked_ = 0, looked_ = 0;
  bool terminated_ = false, killed_ = false;
};

class CommandEvaluator : public study::Evaluator {
 public:
  explicit CommandEvaluator(CommandSettings settings) : settings_(std::move(settings)) {}
  Outcome run(const study::Work& work, study::Reporter& reporter) override {
    return Attempt(settings_, work, reporter).run();
  }

 private:
  CommandSettings settings_;
};

}  // namespace

std::unique_ptr<study::Evaluator> make_command_evaluator(CommandSettings settings) {
  base::require(!settings.command.empty() && settings.values && settings.rows, "a command evaluator without a command");
  return std::make_unique<CommandEvaluator>(std::move(settings));
}

}  // namespace assay::eval
