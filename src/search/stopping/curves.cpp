#include "search/stopping/curves.hpp"

#include <algorithm>
#include <cmath>

namespace assay::search {

std::size_t Curve::count_until(std::int64_t step) const {
  return static_cast<std::size_t>(std::upper_bound(steps.begin(), steps.end(), step) - steps.begin());
}

Curve curve_of(const trial::Measurement& measurement, const trial::Objective& objective) {
  Curve curve;
  curve.trial = measurement.item.trial;
  double sum = 0;
  for (const auto& report : measurement.reports) {
    const auto found = report.metrics.find(objective.metric);
    if (found == report.metrics.end() || !std::isfinite(found->second)) continue;
    if (!curve.empty() && report.step <= curve.steps.back()) continue;
    const double value = objective.maximise ? found->second : -found->second;
    sum += value;
    curve.steps.push_back(report.step);
    curve.values.push_back(value);
    curve.best.push_back(curve.best.empty() ? value : std::max(curve.best.back(), value));
    curve.average.push_back(sum / static_cast<double>(curve.values.size()));
  }
  return curve;
}

void Curves::update(const trial::StudyView& view) {
  const auto same = [](const auto& a, const auto& b) { return a.metric == b.metric && a.maximise == b.maximise; };
  const auto& objectives = view.objectives();
  if (view.trials().size() < seen_.size() ||
      !std::equal(objectives.begin(), objectives.end(), objectives_.begin(), objectives_.end(), same)) {
    *this = Curves();
    objectives_ = objectives;
  }
  const auto& now = view.trials();
  now.visit_changes(seen_, [&](std::size_t place) { read(static_cast<trial::TrialId>(place), now[place].get()); });
  seen_ = now;
}

void Curves::read(trial::TrialId id, const trial::Trial* trial) {
  const auto before = [](const Entry& entry, trial::TrialId number) { return entry.trial < number; };
  for (auto& [rung, entries] : rungs_) {
    const auto place = std::lower_bound(entries.begin(), entries.end(), id, before);
    if (place == entries.end() || place->trial != id) continue;
    entries.erase(place);
    ++version_;
  }
  if (trial == nullptr) return;
  for (const auto& measurement : trial->rungs) {
    if (measurement.state != trial::State::done || measurement.reports.empty()) continue;
    Entry entry{id, measurement.at, {}};
    for (const auto& objective : objectives_) entry.curves.push_back(curve_of(measurement, objective));
    auto& entries = rungs_[measurement.item.rung];
    entries.insert(std::lower_bound(entries.begin(), entries.end(), id, before), std::move(entry));
    ++version_;
  }
}

std::vector<const Curve*> Curves::finished(const trial::Measurement& like, std::size_t objective,
                                           std::optional<std::int64_t> step) const {
  std::vector<const Curve*> curves;
  const auto rung = rungs_.find(like.item.rung);
  if (rung == rungs_.end()) return curves;
  for (const auto& entry : rung->second) {
    const auto& curve = entry.curves[objective];
    if (entry.at != like.at || curve.empty() || (step && (curve.steps.front() > *step || curve.steps.back() < *step)))
      continue;
    curves.push_back(&curve);
  }
  return curves;
}

}  // namespace assay::search
