// assay trial: everything that is known of one trial, and how to measure it once more.
#include <cmath>
#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "exchange/trial_json.hpp"
#include "os/file.hpp"
#include "pipeline/steering.hpp"
#include "study/outputs.hpp"
#include "trial/json.hpp"

namespace assay::apps {
namespace {

using base::Exit;

/// Lines of a curve that are shown to people; --json has all.
constexpr std::size_t curve_lines = 10;

std::string metrics_text(const trial::Metrics& metrics) {
  std::vector<std::string> words;
  for (const auto& [name, value] : metrics) words.push_back(fmt::format("{} {:.6g}", name, value));
  return base::join(words, ", ");
}

void line(const char* head, const std::string& text) {
  if (!text.empty()) std::printf("  %-11s %s\n", head, text.c_str());
}

std::string origin_of(const trial::Proposal& what) {
  auto text = what.note;
  for (const auto& [name, value] : what.tags) text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, value);
  if (what.from) text += fmt::format(", from the checkpoint of trial {} rung {}", what.from->trial, what.from->rung);
  return text;
}

void show_curve(const trial::Measurement& measured) {
  const auto count = measured.reports.size();
  for (std::size_t i = 0; i < count; ++i) {
    // The first ones, and the last: a curve is told by its ends.
    if (count > curve_lines && i >= curve_lines / 2 && i + curve_lines / 2 < count) {
      if (i == curve_lines / 2) std::printf("  %-11s ... %zu more (--json has all)\n", "", count - curve_lines);
      continue;
    }
    const auto& report = measured.reports[i];
    line(i == 0 ? "curve" : "", fmt::format("step {}, {}: {}", report.step, base::format_duration(report.seconds),
                                            metrics_text(report.metrics)));
  }
}

/// The last lines of what a command printed; empty where nothing was kept.
std::string last_output(const run::Run& run, run::Stage stage, const trial::Measurement& measured) {
  constexpr std::size_t most_bytes = 4000, most_lines = 10;
  const auto inside = fmt::format("{}.{}/output.log", measured.item.rung, measured.attempt);
  auto text = study::read_output({run.folder(stage)}, measured.item.trial, inside).value_or("");
  if (text.size() > most_bytes) text.erase(0, text.size() - most_bytes);
  return base::last_lines(text, most_lines);
}

void show_rung(const run::Run& run, run::Stage stage, const trial::Measurement& measured) {
  std::printf("rung %d: %s, attempt %d, at %s\n", measured.item.rung, trial::to_string(measured.state).c_str(),
              measured.attempt, trial::to_text(measured.at, 0).c_str());
  if (measured.failure != trial::Failure::none) line("failure", trial::to_string(measured.failure));
  line("reason", measured.reason);
  line("metrics", metrics_text(measured.metrics));
  if (measured.own) line("parameters", trial::to_json(*measured.own).at("params").dump());
  for (const auto& [name, value] : measured.attributes) line("attribute", name + " = " + value);
  line("worker",
       fmt::format("{} on {}{}", measured.worker, measured.host, measured.job.empty() ? "" : ", job " + measured.job));
  line("started", measured.started > 0 ? base::utc_text(measured.started) : "");
  if (measured.ended > 0) {
    line("ended", fmt::format("{} after {}; cost {} of one device", base::utc_text(measured.ended),
                              base::format_duration(measured.ended - measured.started),
                              base::format_duration(measured.device_seconds)));
  }
  show_curve(measured);
  const auto folder = run.folder(stage) / exchange::attempt_folder(measured);
  const auto files = os::list_folder(folder);
  if (!files.empty()) line("folder", folder.string() + " (" + base::join(files, ", ") + ")");
  const bool ended_badly = measured.failure != trial::Failure::none || measured.state == trial::State::waiting;
  const auto output = ended_badly ? last_output(run, stage, measured) : "";
  if (!output.empty()) std::printf("  last lines of output.log:\n");
  for (const auto& text : base::split(output, '\n')) {
    if (!output.empty()) std::printf("    %s\n", text.c_str());
  }
}

Exit trial(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto view = pipeline::look_at(run, stage);
  const auto& trial = pipeline::trial_of(view, number_of(values.text("N", "")));
  const trial::Standings standings(view);
  if (trial.state() == trial::State::voided)
    base::fail(Exit::config, "trial {} is void: nothing was proposed for its number", trial.id);
  const auto& standing = standings.at(trial.id);
  std::vector<std::string> words = {"assay", "reproduce", run.folder().string(), std::to_string(trial.id)};
  for (const auto& word : stage_words(stage)) words.push_back(word);
  const auto again = base::command(words);
  if (values.flag("--json")) {
    auto json = exchange::record_of(trial);
    json["stage"] = to_string(stage);
    json["standing"] = exchange::standing_of(standing);
    for (std::size_t i = 0; i < trial.rungs.size(); ++i) {
      json["rungs"][i]["folder"] = (run.folder(stage) / exchange::attempt_folder(trial.rungs[i])).string();
    }
    if (trial.proposed && pipeline::can_measure(run)) json["reproduce"] = again;
    std::printf("%s\n", json.dump(2).c_str());
    return Exit::done;
  }
  std::printf("trial %lld of %s: %s\n", static_cast<long long>(trial.id), to_string(stage).c_str(),
              trial::to_string(trial.state()).c_str());
  line("standing", exchange::standing_text(standing, standings));
  line("origin", origin_of(*standing.what));
  for (const auto& [name, value] : standing.what->params) line("parameter", name + " = " + space::to_text(value));
  if (!trial.proposed) line("parameter", "only the number is claimed yet");
  for (const auto& rung : trial.rungs) show_rung(run, stage, rung);
  if (trial.proposed && pipeline::can_measure(run)) std::printf("again: %s\n", again.c_str());
  return Exit::done;
}

}  // namespace

cli::Verb trial_verb() {
  return {"trial",
          "everything about one trial, with the command that measures it once more",
          {{.name = "RUN", .help = "run folder", .required = true},
           {.name = "N", .help = "number of the trial", .required = true},
           stage_option(),
           {.kind = cli::Option::Kind::flag, .name = "--json", .help = "as JSON, with the whole curve"}},
          trial};
}

}  // namespace assay::apps
