// assay tell: the result of a trial that was asked for, or a report on the way.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "exchange/table.hpp"
#include "os/file.hpp"
#include "pipeline/conclusion.hpp"
#include "pipeline/steering.hpp"
#include "search/stopping/early_stop.hpp"
#include "study/record_writer.hpp"
#include "trial/reward.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using trial::State;

struct Told {
  trial::Metrics metrics;
  std::map<std::string, std::string> attributes;
};

Told read_words(const std::vector<std::string>& words) {
  Told told;
  for (const auto& word : words) {
    const auto [name, text] = exchange::cut_pair(word, "metric=value, for instance accuracy=0.91");
    if (const auto value = base::number_in(text))
      told.metrics[name] = *value;
    else
      told.attributes[name] = text;
  }
  return told;
}

/// Only a trial that nobody measures may be told: asked for, or waiting for a worker.
void check_asked(const run::Run& run, const trial::StudyView& view, const trial::Trial& trial) {
  const auto state = trial.state();
  if (state != State::running && state != State::waiting) {
    base::fail(Exit::config, "trial {} has its result already ({}); see {}", trial.id, trial::to_string(state),
               base::proposal({"assay", "trial", run.folder().string(), std::to_string(trial.id)}));
  }
  const auto& rung = trial.rungs.back();
  if (state == State::running && pipeline::reservation_of(view, rung.worker) <= 0) {
    base::fail(Exit::config, "trial {} is measured by worker {} on {}: its result is not yours to tell ({} ends it)",
               trial.id, rung.worker, rung.host,
               base::proposal({"assay", "drop", run.folder().string(), std::to_string(trial.id)}));
  }
}

/// Without a metric that an objective, a reward or a limit names the result could not be judged, ever.
void check_named(const run::Run& run, const Told& told) {
  const auto& metrics = told.metrics;
  const auto judge = run.judge();
  for (const auto& name : judge.named()) {
    if (metrics.contains(name)) continue;
    if (const auto text = told.attributes.find(name); text != told.attributes.end())
      base::fail(Exit::config, "{}={}: \"{}\" is not a number", name, text->second, text->second);
    std::vector<std::string> names;
    for (const auto& [other, value] : metrics) names.push_back(other);
    const auto near = base::nearest_word(name, names);
    const bool objective = std::any_of(judge.objectives().begin(), judge.objectives().end(),
                                       [&](const auto& one) { return one.metric == name; });
    base::fail(Exit::config, "a result needs {}, which {} names{}", name,
               objective ? "[objectives]" : "a [[constraint]] or the reward",
               near.empty() ? "" : fmt::format(" (you wrote {})", near));
  }
  auto derived = metrics;
  if (const auto wrong = judge.reward().add(derived)) base::fail(Exit::config, "{}", *wrong);
}

/// The result: measured since the trial was asked for.
trial::Measurement result_of(const run::Run& run, const cli::Values& values, const Told& told,
                             const trial::Measurement& rung) {
  trial::Measurement result;
  result.state = State::done;
  result.at = rung.at;
  result.metrics = told.metrics;
  result.attributes = told.attributes;
  result.started = rung.started;
  result.ended = base::unix_seconds();
  if (rung.started > 0) result.device_seconds = std::max(0.0, result.ended - rung.started);
  const auto fail = [&](trial::Failure failure, const std::string& reason) {
    result.state = State::failed;
    result.failure = failure;
    result.reason = reason;
  };
  const auto judge = run.judge();
  for (const auto& objective : judge.objectives()) {
    const auto found = told.metrics.find(objective.metric);
    if (found == told.metrics.end() || std::isfinite(found->second)) continue;
    const auto& [name, value] = *found;
    fail(trial::Failure::nan, "\"" + name + "\" is not a number");
    base::log_warning("{}={}: a result that is no finite number counts as a failed trial (nan)", name, value);
  }
  if (const auto reason = values.text("--failed"))
    fail(*reason == "oom" ? trial::Failure::oom : trial::Failure::exit, *reason);
  if (values.flag("--stopped") && result.state == State::done) {
    if (!rung.reports.empty())
      result.metrics.insert(rung.reports.back().metrics.begin(), rung.reports.back().metrics.end());
    result.state = State::stopped;
    result.reason = "stopped early";
  }
  return result;
}

/// Out of memory the first time: whoever asks next gets the trial with half the batch, as from a worker.
Exit halve(const run::Run& run, run::Stage stage, const trial::Trial& trial) {
  auto study = pipeline::join_study(run, stage);
  trial::Outcome outcome;
  outcome.state = State::failed;
  outcome.failure = trial::Failure::oom;
  outcome.reason = "oom";
  study.commit(study.take_over(trial.rungs.back().item), outcome);
  study.leave("told that a trial ran out of memory");
  std::printf("trial %lld waits to be tried once more with half the batch\n", static_cast<long long>(trial.id));
  return Exit::done;
}

/// A report prolongs the time that the trial is held; "stop" if its result does not count any more, the search is
/// asked to stop, or [search] early_stop would end the trial here.
Exit report(const run::Run& run, run::Stage stage, const trial::Trial& trial, std::int64_t step, const Told& told,
            double reservation) {
  const auto& rung = trial.rungs.back();
  const study::Layout layout{run.folder(stage)};
  bool over = study::owner(layout.commit(rung.item)) || !study::read_generation(layout).counts(rung.item);
  if (!over) {
    study::RecordWriter writer(run.folder(stage), run.judge(), reservation);
    const double seconds = rung.started > 0 ? std::max(0.0, base::unix_seconds() - rung.started) : 0;
    writer.report(rung.item, rung.attempt, {step, seconds, told.metrics});
    writer.detach();
    if (const auto rule = search::make_early_stop(run.config())) {
      const auto why = rule->check(pipeline::look_at(run, stage), rung.item);
      if (why) base::log_info("{}", *why);
      over = why.has_value();
    }
    if (!over && run.asked_to_stop(stage)) {
      base::log_info("the search is asked to stop; a result that is told still counts");
      over = true;
    }
  }
  std::printf("%s\n", over ? "stop" : "go on");
  return Exit::done;
}

Exit tell(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = search_only(values, "its workers measure it; only trials of the search can be told");
  const auto number = number_of(values.text("N", ""));
  const auto told = read_words(values.texts("METRIC=VALUE"));
  const auto step = values.integer("--step");
  const bool failed = values.text("--failed").has_value();
  const bool partial = failed || values.flag("--stopped");
  const bool result = !step || partial || values.flag("--final");
  if (result && !partial) check_named(run, told);
  const auto view = pipeline::look_at(run, stage);
  const auto& trial = pipeline::trial_of(view, number);
  if (!trial.proposed || trial.rungs.empty()) base::fail(Exit::config, "trial {} has no parameters yet", number);
  const auto& rung = trial.rungs.back();
  if (step && !result && trial.state() != State::running && trial.state() != State::waiting) {
    std::printf("stop\n");  // dropped by hand, or told by somebody else: no error of the script
    return Exit::done;
  }
  check_asked(run, view, trial);
  if (step) {
    const auto held = pipeline::reservation_of(view, rung.worker);
    const auto exit = report(run, stage, trial, *step, told, held > 0 ? held : 86400);
    if (!result) return exit;
  }
  const auto measured = result_of(run, values, told, rung);
  if (measured.failure == trial::Failure::oom && !trial.what_of(rung).tags.contains(trial::halved_tag))
    return halve(run, stage, trial);
  study::RecordWriter writer(run.folder(stage), run.judge());
  const bool counts = writer.conclude(trial, measured, trial.state() == State::running);
  writer.leave("told a result");
  if (!counts) base::fail(Exit::config, "somebody else told the result of trial {} just now", number);
  std::printf("trial %lld is %s\n", static_cast<long long>(number), trial::to_string(measured.state).c_str());
  pipeline::conclude_by_hand(run);
  return Exit::done;
}

}  // namespace

cli::Verb tell_verb() {
  using Kind = cli::Option::Kind;
  return {"tell",
          "the result of a trial that was asked for: assay tell RUN 7 accuracy=0.91",
          {{.name = "RUN", .help = "run folder", .required = true},
           {.name = "N", .help = "number of the trial", .required = true},
           {.kind = Kind::list, .name = "METRIC=VALUE", .help = "numbers are metrics, texts attributes"},
           stage_option(),
           {.kind = Kind::integer, .name = "--step", .help = "a report on the way; prints \"go on\" or \"stop\""},
           {.kind = Kind::flag, .name = "--final", .help = "with --step: the report is the result as well"},
           {.kind = Kind::flag, .name = "--stopped", .help = "ended early; what is not told stays as last reported"},
           {.name = "--failed",
            .help = "the trial failed, for this reason; oom: out of memory, it is tried again with half the batch"}},
          tell};
}

}  // namespace assay::apps
