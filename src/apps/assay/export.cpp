// assay export: all trials of a study as one table, for other tools and for `assay import`.
#include <cmath>
#include <cstdio>
#include <set>

#include "apps/assay/by_hand.hpp"
#include "apps/assay/record.hpp"
#include "base/json.hpp"
#include "os/file.hpp"
#include "report/csv.hpp"
#include "report/trial_table.hpp"
#include "study/standing.hpp"

namespace assay::apps {
namespace {

using base::Exit;

struct Columns {
  std::set<std::string> params, metrics, attributes;
};

Columns columns_of(const study::StudyView& view) {
  Columns columns;
  for (const auto& trial : view.trials()) {
    if (!trial) continue;
    for (const auto& [name, value] : study::shown_what(*trial).params) columns.params.insert(name);
    const auto* at = study::shown_of(*trial);
    if (at == nullptr) continue;
    for (const auto& [name, value] : at->metrics) columns.metrics.insert(name);
    for (const auto& [name, value] : at->attributes) columns.attributes.insert(name);
  }
  return columns;
}

std::vector<std::string> head_of(const Columns& columns) {
  std::vector<std::string> head = {"trial", "state", "mark", "feasible", "violation"};
  for (const auto& name : columns.params) head.push_back("params." + name);
  for (const auto& name : columns.metrics) head.push_back("metrics." + name);
  for (const auto& name : columns.attributes) head.push_back("attributes." + name);
  for (const auto* name : {"failure", "reason", "rung", "epochs", "data", "width", "resolution", "seconds",
                           "device_seconds", "started", "ended", "host", "job", "note"}) {
    head.emplace_back(name);
  }
  return head;
}

std::string time_text(double time) { return time > 0 ? fmt::format("{:.3f}", time) : ""; }

std::vector<std::string> fields_of(const study::Standing& standing, const Columns& columns) {
  const auto& trial = *standing.trial;
  const bool done = standing.shown != nullptr && standing.shown->state == study::State::done;
  std::vector<std::string> fields = {
      std::to_string(trial.id), study::to_string(trial.state()), report::mark_of(standing),
      !done               ? ""
      : standing.feasible ? "yes"
                          : "no",
      done && std::isfinite(standing.violation) ? report::csv_number(standing.violation) : ""};
  const study::Measurement nothing{};
  const auto* measured = study::shown_of(trial);
  const auto& at = measured == nullptr ? nothing : *measured;
  const auto& params = study::shown_what(trial).params;
  for (const auto& name : columns.params) {
    const auto found = params.find(name);
    fields.push_back(found == params.end() ? "" : space::to_text(found->second));
  }
  for (const auto& name : columns.metrics) {
    const auto found = at.metrics.find(name);
    fields.push_back(found == at.metrics.end() ? "" : report::csv_number(found->second));
  }
  for (const auto& name : columns.attributes) {
    const auto found = at.attributes.find(name);
    fields.push_back(found == at.attributes.end() ? "" : found->second);
  }
  const auto cost = report::trial_cost(trial);
  const auto failure = at.failure == study::Failure::none ? "" : study::to_string(at.failure);
  for (auto& field : std::vector<std::string>{
           failure, at.reason, measured ? std::to_string(at.item.rung) : "",
           measured ? std::to_string(at.at.epochs) : "", measured ? report::csv_number(at.at.data) : "",
           measured ? report::csv_number(at.at.width) : "", measured ? report::csv_number(at.at.resolution) : "",
           cost ? report::csv_number(cost->seconds) : "", cost ? report::csv_number(cost->device_seconds) : "",
           time_text(at.started), time_text(at.ended), at.host, at.job, study::shown_what(trial).note}) {
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string csv_of(const study::StudyView& view) {
  const auto columns = columns_of(view);
  auto text = report::csv_line(head_of(columns));
  const study::Standings standings(view);
  for (const auto& standing : standings.all()) {
    if (standing.trial != nullptr) text += report::csv_line(fields_of(standing, columns));
  }
  return text;
}

/// One trial per line: readable, and as small as it can be.
std::string json_of(const study::StudyView& view) {
  std::string text;
  for (const auto& trial : view.trials()) {
    if (trial) text += (text.empty() ? "[\n" : ",\n") + record_of(*trial).dump();
  }
  return text.empty() ? "[]\n" : text + "\n]\n";
}

Exit export_trials(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto file = values.text("-o");
  const bool named_json = file && file->ends_with(".json");
  if (values.flag("--json") && values.flag("--csv")) base::fail(Exit::config, "--csv and --json do not go together");
  const auto view = look_at(run, stage);
  const auto text = values.flag("--json") || (named_json && !values.flag("--csv")) ? json_of(view) : csv_of(view);
  if (!file) {
    std::fputs(text.c_str(), stdout);
    return Exit::done;
  }
  os::publish(*file, text, os::Durable::yes, os::Rights::by_umask);
  std::int64_t count = 0;
  for (const auto& trial : view.trials()) count += trial ? 1 : 0;
  std::printf("%s: %lld trials of %s\n", file->c_str(), static_cast<long long>(count), to_string(stage).c_str());
  return Exit::done;
}

}  // namespace

cli::Verb export_verb() {
  using Kind = cli::Option::Kind;
  return {"export",
          "all trials of a stage as a table for other tools and for assay import",
          {{.name = "RUN", .help = "run folder", .required = true},
           stage_option(),
           {.kind = Kind::flag, .name = "--csv", .help = "a row per trial, its seconds those of all rungs (default)"},
           {.kind = Kind::flag, .name = "--json", .help = "everything, with every rung and report"},
           {.name = "-o", .help = "file to write (.json: as JSON); default: standard output"}},
          export_trials};
}

}  // namespace assay::apps
