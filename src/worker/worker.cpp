#include "worker/worker.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "study/checkpoint.hpp"
#include "trial/ending.hpp"
#include "trial/json.hpp"
#include "trial/report_pace.hpp"
#include "worker/budget.hpp"
#include "worker/progress.hpp"

namespace assay::worker {
namespace {

using base::Error;
using base::Exit;
using study::Study;
using trial::Outcome;

/// So many exceptions in a row mean that this machine is at fault, not the trials.
constexpr int most_exceptions = 3;
constexpr double limits_seconds = 1;

/// Between two looks at what others reported and finished.
constexpr double refresh_seconds = 1;

class StudyReporter : public trial::Reporter {
 public:
  StudyReporter(Study& study, const study::Claim& claim, trial::EarlyStop* early_stop)
      : study_(study), claim_(claim), early_stop_(early_stop) {}

  trial::Verdict report(std::int64_t step, const trial::Metrics& metrics) override {
    if (study_.report(claim_, step, metrics) == trial::Verdict::stop) return trial::Verdict::stop;
    // An external trainer may report on for a while after it was asked to stop.
    if (reason_) return trial::Verdict::stop;
    reached_ = std::max(reached_.value_or(step), step);
    if (early_stop_ == nullptr || !pace_.due()) return trial::Verdict::go_on;
    reason_ = early_stop_->check(look(), claim_.work.item);
    return reason_ ? trial::Verdict::stop : trial::Verdict::go_on;
  }

  /// Why early stopping ended the trial.
  const std::optional<std::string>& reason() const { return reason_; }
  /// The highest step that was reported.
  const std::optional<std::int64_t>& reached() const { return reached_; }

 private:
  trial::StudyView look() {
    const double now = base::steady_seconds();
    if (now - refreshed_ < refresh_seconds) return study_.known();
    refreshed_ = now;
    return study_.refresh();
  }

  Study& study_;
  const study::Claim& claim_;
  trial::EarlyStop* early_stop_;
  std::optional<std::string> reason_;
  std::optional<std::int64_t> reached_;
  trial::ReportPace pace_;
  double refreshed_ = base::steady_seconds();  ///< the claim has just looked
};

class SilentReporter : public trial::Reporter {
 public:
  trial::Verdict report(std::int64_t, const trial::Metrics&) override { return trial::Verdict::go_on; }
};

/// Growing pauses while there is nothing to do.
class Pause {
 public:
  void reset() { seconds_ = 0.005; }
  void wait(const std::string& reason) {
    if (reason != said_) base::log_detail("waiting: {}", reason);
    said_ = reason;
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds_));
    seconds_ = std::min(2 * seconds_, 0.5);
  }

 private:
  double seconds_ = 0.005;
  std::string said_;
};

std::vector<std::filesystem::path> stop_files(const Study& study, const Options& options) {
  std::vector<std::filesystem::path> files = {study.folder() / "study" / "stop"};
  if (!options.stop_file.empty()) files.push_back(options.stop_file);
  return files;
}

bool ends_the_worker(Exit code) {
  return code == Exit::io || code == Exit::config || code == Exit::data || code == Exit::upstream;
}

void say(const trial::Work& work, const Outcome& outcome, double seconds, bool counts) {
  std::string text = trial::to_string(outcome.state);
  if (outcome.again) text = study::has_checkpoint(work.folder) ? "left at a checkpoint" : "left without a checkpoint";
  if (outcome.failure != trial::Failure::none) text += " (" + trial::to_string(outcome.failure) + ")";
  if (!outcome.reason.empty()) text += ": " + outcome.reason;
  for (const auto& [name, value] : outcome.metrics) text += fmt::format(", {} {:.6g}", name, value);
  if (!counts) text += " (does not count: the trial has its result already, or the study was closed without it)";
  const auto line = fmt::format("trial {}{}: {}, {}", work.item.trial,
                                work.item.rung > 0 ? fmt::format(" rung {}", work.item.rung) : "", text,
                                base::format_duration(seconds));
  if (seconds >= 0.05) base::log_info("{}", line);
}

class Leader {
 public:
  Leader(const comm::Group& group, Study& study, trial::Planner& planner, trial::Evaluator& evaluator,
         const Options& options)
      : group_(group),
        study_(study),
        planner_(planner),
        evaluator_(evaluator),
        options_(options),
        budget_(options.time_budget),
        watch_(budget_, stop_files(study, options)),
        generation_(study.generation()) {}

  Exit run() {
    Pause pause;
    for (;;) {
      if (const auto why = watch_.reason(); !why.empty()) return leave(Exit::again, why);
      if (!budget_.worth_starting()) return leave(Exit::again, "no further trial fits into the time budget");
      read_limits();
      auto offer = study_.claim(planner_);
      if (const auto* claim = std::get_if<study::Claim>(&offer)) {
        evaluate(*claim);
        pause.reset();
      } else if (const auto* ended = std::get_if<Study::Ended>(&offer)) {
        if (study_.close(ended->reason)) return finish(*study_.closing());
        pause.wait("the last trials of other workers");
      } else {
        pause.wait(std::get<Study::Nothing>(offer).reason);
      }
    }
  }

 private:
  void read_limits() {
    const double now = base::steady_seconds();
    const bool reopened = study_.generation() != generation_;
    if (!reopened && (!options_.limits || now - limits_read_ < limits_seconds)) return;
    limits_read_ = now;
    if (reopened) base::log_info("the study was reopened (generation {})", study_.generation());
    generation_ = study_.generation();
    try {
      study_.set_limits(options_.limits ? options_.limits() : study_.limits());
    } catch (const Error& error) {
      // A slip in run.toml, edited by hand, must not end a worker that may have run for days.
      base::log_warning("the limits stay as they were: {}", error.what());
      if (reopened) study_.set_limits(study_.limits());
    }
  }

  void evaluate(const study::Claim& claim) {
    const double start = base::steady_seconds();
    const bool known_before = claim.work.what.tags.contains(trial::same_as_tag);
    if (const auto known = known_before ? trial::known_result(study_.known(), claim.work) : std::nullopt) {
      const bool counts = study_.commit(claim, *known);
      return say(claim.work, *known, base::steady_seconds() - start, counts);
    }
    send({{"work", trial::to_json(claim.work)}});
    std::exception_ptr fatal;
    const auto outcome = judge(claim, fatal);
    const bool counts = study_.commit(claim, outcome);
    const double seconds = base::steady_seconds() - start;
    if (fatal) std::rethrow_exception(fatal);
    if (!outcome.again) budget_.took(seconds);
    say(claim.work, outcome, seconds, counts);
  }

  /// Exceptions become infrastructure failures; those that end the worker are kept in `fatal` and release the trial.
  Outcome judge(const study::Claim& claim, std::exception_ptr& fatal) {
    Outcome outcome;
    StudyReporter reporter(study_, claim, options_.early_stop);
    const double start = base::steady_seconds();
    try {
      outcome = evaluator_.run(claim.work, reporter);
      if (outcome.again) {
        const double seconds = base::steady_seconds() - start;
        mark_if_no_progress(outcome, claim, {reporter.reached(), seconds, !watch_.reason().empty()}, budget_);
      }
      if (outcome.state == trial::State::stopped && reporter.reason()) outcome.reason = *reporter.reason();
      if (outcome.state == trial::State::done && !outcome.again) name_lacking(outcome, claim.work.item.trial);
      if (outcome.failure != trial::Failure::infrastructure) exceptions_ = 0;
      return outcome;
    } catch (const Error& error) {
      outcome.reason = error.what();
      if (ends_the_worker(error.code())) {
        fatal = std::current_exception();
        outcome.again = true;
      }
    } catch (const std::exception& error) {
      outcome.reason = error.what();
    }
    outcome.state = trial::State::failed;
    outcome.failure = trial::Failure::infrastructure;
    base::log_warning("trial {}: {}", claim.work.item.trial, outcome.reason);
    // The other ranks of a group may hang in a collective: only the end of the world frees them.
    if (!fatal && group_.size() > 1) fatal = std::current_exception();
    if (!fatal && ++exceptions_ >= most_exceptions) {
      fatal = std::make_exception_ptr(
          Error(Exit::io, fmt::format("{} trials in a row failed for reasons outside the model, the last one with: {} "
                                      "This machine may be at fault; the trials go to other workers.",
                                      exceptions_, outcome.reason)));
    }
    return outcome;
  }

  /// A limit or a reward on a metric that nobody reports would pass in silence: the trial stays done, and says so.
  void name_lacking(Outcome& outcome, trial::TrialId trial) {
    const auto lacking = study_.judge().lacking(outcome.metrics);
    if (lacking.empty() || !outcome.reason.empty()) return;
    outcome.reason = fmt::format("{} was not reported: the trial cannot be judged", base::join(lacking, ", "));
    if (warned_) return;
    warned_ = true;
    base::log_warning(
        "trial {} did not report {}, which [objectives], [[constraint]] or [[reward]] names: such trials are measured, "
        "and cannot become the best. Let the trainer report it, or correct the name (assay set)",
        trial, base::join(lacking, ", "));
  }

  void send(const base::Json& message) {
    if (group_.size() == 1) return;
    auto bytes = message.dump();
    group_.broadcast(bytes);
  }

  Exit leave(Exit code, const std::string& why) {
    base::log_info("leaving: {}", why);
    study_.leave(why);
    send({{"bye", static_cast<int>(code)}});
    return code;
  }

  /// How the study ended stands in `closed`: every worker says the same.
  Exit finish(const Study::Ended& ended) { return leave(ended.failed ? Exit::partial : Exit::done, ended.reason); }

  const comm::Group& group_;
  Study& study_;
  trial::Planner& planner_;
  trial::Evaluator& evaluator_;
  const Options& options_;
  Budget budget_;
  Watch watch_;
  double limits_read_ = -limits_seconds;
  int generation_;
  int exceptions_ = 0;
  bool warned_ = false;  ///< of metrics that are not reported
};

}  // namespace

Exit work(const comm::Group& group, Study& study, trial::Planner& planner, trial::Evaluator& evaluator,
          const Options& options) {
  try {
    return Leader(group, study, planner, evaluator, options).run();
  } catch (const std::exception& error) {
    try {
      study.leave(error.what());
    } catch (const std::exception& second) {
      base::log_warning("the worker's log got no last line: {}", second.what());
    }
    throw;
  }
}

Exit follow(const comm::Group& group, trial::Evaluator& evaluator) {
  SilentReporter reporter;
  for (;;) {
    std::string bytes;
    group.broadcast(bytes);
    const auto message = base::Json::parse(bytes);
    if (message.contains("bye")) return static_cast<Exit>(message.at("bye").get<int>());
    evaluator.run(trial::work_from_json(message.at("work")), reporter);
  }
}

}  // namespace assay::worker
