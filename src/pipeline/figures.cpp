#include "pipeline/figures.hpp"

#include <algorithm>
#include "stats/intervals.hpp"
#include "trial/metric.hpp"

#include "base/json.hpp"
#include "trial/standing.hpp"

namespace assay::pipeline {

double device_seconds(const trial::StudyView& view) {
  double sum = 0;
  for (const auto& trial : view.trials()) {
    if (!trial) continue;
    for (const auto& measurement : trial->rungs) {
      if (!trial::imported(trial->first, measurement.item.rung)) sum += measurement.device_seconds;
    }
  }
  return sum;
}

run::SearchFigures search_figures(const trial::StudyView& view, const run::Run& run, const trial::Fidelity& fidelity,
                                  bool partial) {
  run::SearchFigures figures;
  figures.counts = view.counts();
  figures.fidelity = fidelity;
  const trial::Standings standings(view);
  figures.comparable = static_cast<std::int64_t>(standings.comparable());
  figures.feasible = static_cast<std::int64_t>(standings.feasible());
  if (figures.comparable > 0 && !view.fidelities().empty()) figures.reached = view.fidelities()[standings.level()];
  if (const auto* best = standings.best()) {
    figures.best = best->trial->id;
    figures.best_score = best->shown->metrics.at(view.judge().first().metric);
  } else if (const auto* least = standings.least_violation()) {
    figures.least = least->trial->id;
    figures.least_text = trial::broken_text(view.judge(), least->shown->metrics);
  }
  for (const auto* standing : standings.front()) figures.pareto.push_back(standing->trial->id);
  const auto top_k = static_cast<std::size_t>(run.config().integer("full.top_k"));
  for (const auto* standing : standings.finalists(top_k, run.config().flag("full.infeasible")))
    figures.finalists.push_back(standing->trial->id);
  figures.device_seconds = device_seconds(view);
  const auto brought = std::count_if(view.trials().begin(), view.trials().end(), [](const auto& trial) {
    return trial && trial->rungs.size() == 1 && trial::imported(trial->first, 0);
  });
  const auto measured =
      std::max<std::int64_t>(1, figures.counts.done + figures.counts.stopped + figures.counts.failed - brought);
  figures.mean_trial_seconds = figures.device_seconds / static_cast<double>(measured);
  const auto& why = view.end_reason();
  figures.reason = partial ? "too many failed trials" : why.starts_with("all trials are") ? "all trials are done" : why;
  return figures;
}

std::optional<Rejudged> judge_search_again(const run::Run& run) {
  using Kind = run::Status::Kind;
  const auto status = run.status(run::Stage::search);
  if (!status.has_result() || status.is_current()) return std::nullopt;
  auto reader = run.reader(run::Stage::search);
  const bool partial = status.kind == Kind::partial;
  Rejudged result{.before = run::search_figures(status.done.at("figures"))};
  result.now = search_figures(reader.refresh(), run, result.before.fidelity, partial);
  run.finish(run::Stage::search, run::to_json(result.now), 0, partial);
  return result;
}

run::Interval metric_interval(const trial::Objective& objective, double value, std::int64_t rows) {
  if (rows <= 0 || !trial::is_share_of_rows(objective.metric, value)) return {value, value, value};
  const auto interval = stats::wilson(value, static_cast<double>(rows));
  return {value, interval.lo, interval.hi};
}

std::int64_t size_metric(const trial::Measurement& measurement, const std::string& metric) {
  const auto found = measurement.metrics.find(metric);
  return found == measurement.metrics.end() ? 0 : static_cast<std::int64_t>(found->second);
}

}  // namespace assay::pipeline
