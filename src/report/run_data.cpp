#include "report/run_data.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "os/file.hpp"
#include "report/verdict.hpp"
#include "run/line.hpp"
#include "study/study.hpp"
#include "trial/metric.hpp"

namespace assay::report {
namespace {

using base::Json;
using run::Stage;

/// Runs `read`; a damaged part of the folder must not cost the rest of the report.
template <class Read>
void guarded(RunData& run_data, const std::string& what, const Read& read) {
  try {
    read();
  } catch (const std::exception& error) {
    run_data.unreadable.push_back(what + " could not be read: " + error.what());
  }
}

StageState state_of(const run::Run& run, Stage stage) {
  StageState state{.stage = stage, .state = "waiting", .reason = "", .seconds = {}, .revision = ""};
  if (const auto why = run.lacks(stage); !why.empty()) {
    state.state = "skipped", state.reason = why;
    return state;
  }
  const auto status = run.status(stage);
  state.state = run::to_string(status.kind);
  state.reason = status.reason;
  if (status.done.is_object()) {
    if (status.done.contains("seconds")) state.seconds = status.done["seconds"].get<double>();
    state.revision = status.done.value("revision", "");
  }
  return state;
}

void read_study(RunData& run_data, const run::Run& run, Stage stage) {
  guarded(run_data, "the study of the " + run::to_string(stage) + " stage", [&] {
    auto reader = run.reader(stage);
    if (reader.founded()) run_data.studies.emplace(stage, reader.refresh());
  });
}

template <class Figures>
void read_figures(RunData& run_data, const run::Run& run, Stage stage, std::optional<Figures>& into,
                  Figures (*parse)(const Json&)) {
  guarded(run_data, "the figures of the " + run::to_string(stage) + " stage", [&] {
    if (const auto json = run.figures(stage)) into = parse(*json);
  });
}

/// Folders of earlier versions: intervals may leave the values that a metric can have, and the finalist that is the
/// baseline is not named.
void bring_up_to_date(RunData& run_data) {
  auto& full = *run_data.full;
  const auto scores = all_scores(full);
  const auto rows = run_data.split && full.untouched ? run_data.split->untouched : 0;
  for (auto& finalist : full.finalists) {
    const bool known = finalist.scores.size() > 1 || (finalist.scores.size() == 1 && run_data.split);
    if (known) finalist.score = score_interval(run_data.judge.first().metric, finalist.scores, scores, rows);
    if (run_data.space && finalist.params == run_data.space->defaults()) finalist.defaults = true;
  }
}

}  // namespace

std::vector<std::string> RunData::named_metrics() const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& metric) {
    if (std::find(names.begin(), names.end(), metric) == names.end()) names.push_back(metric);
  };
  for (const auto& objective : judge.objectives()) add(objective.metric);
  for (const auto& limit : judge.limits().all()) add(limit.metric);
  for (const auto& metric : judge.named()) add(metric);
  return names;
}

const trial::StudyView* RunData::study(Stage stage) const {
  const auto found = studies.find(stage);
  return found == studies.end() ? nullptr : &found->second;
}

const StageState& RunData::state(Stage stage) const {
  for (const auto& state : stages) {
    if (state.stage == stage) return state;
  }
  base::fail(base::Exit::defect, "the report has no state of stage {}", run::to_string(stage));
}

bool RunData::whole() const {
  for (const auto& state : stages) {
    if (state.stage == Stage::report || state.state == "skipped") continue;
    if (state.state != "done" && state.state != "partial") return false;
  }
  return true;
}

Scale RunData::scale(const std::string& metric) const {
  if (!trial::named_share(metric)) return Scale::plain;
  bool fits = true;
  const auto look = [&](const trial::Metrics& metrics) {
    const auto found = metrics.find(metric);
    if (found != metrics.end() && std::isfinite(found->second)) fits = fits && trial::is_share(metric, found->second);
  };
  if (baseline) look(baseline->metrics);
  for (const auto& [stage, view] : studies) {
    for (const auto& trial : view.trials()) {
      if (!trial) continue;
      for (const auto& rung : trial->rungs) look(rung.metrics);
    }
  }
  if (full && metric == judge.first().metric) {
    for (const auto& finalist : full->finalists) look({{metric, finalist.score.estimate}});
  }
  return fits ? Scale::percent : Scale::plain;
}

RunData read_run_data(const run::Run& run) {
  RunData run_data;
  const auto& config = run.config();
  run_data.name = run.name();
  run_data.title = config.text("report.title").empty() ? run.name() : config.text("report.title");
  run_data.folder = run.folder().string();
  run_data.settings = config.resolved();
  run_data.seed = run.seed();
  run_data.judge = run.judge();
  run_data.parallel = config.integer("search.parallel");
  const auto epochs = config.section("training").value("epochs", Json());
  if (epochs.is_number()) run_data.full_epochs = epochs.get<std::int64_t>();
  for (const Stage stage : run::all_stages) run_data.stages.push_back(state_of(run, stage));

  read_figures(run_data, run, Stage::split, run_data.split, run::split_figures);
  read_figures(run_data, run, Stage::baseline, run_data.baseline, run::baseline_figures);
  read_figures(run_data, run, Stage::proxy, run_data.proxy, run::proxy_figures);
  read_figures(run_data, run, Stage::search, run_data.search, run::search_figures);
  read_figures(run_data, run, Stage::full, run_data.full, run::full_figures);
  guarded(run_data, "split/report.json", [&] {
    if (const auto text = os::try_read_file(run.folder(Stage::split) / "report.json")) {
      run_data.split_report = Json::parse(*text);
    }
  });
  for (const Stage stage : {Stage::baseline, Stage::proxy, Stage::search, Stage::full})
    read_study(run_data, run, stage);
  guarded(run_data, "the search space", [&] { run_data.space = space::Space::load(config, "search"); });
  if (run_data.full) guarded(run_data, "the finalists", [&] { bring_up_to_date(run_data); });
  return run_data;
}

}  // namespace assay::report
