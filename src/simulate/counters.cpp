#include "simulate/counters.hpp"

#include <algorithm>
#include <cmath>

namespace assay::simulate {
namespace {

constexpr double slot_seconds = 10;  ///< over which the peak is taken

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void Counters::metadata(double time, double count) {
  const auto slot = static_cast<std::size_t>(time / slot_seconds);
  if (slots_.size() <= slot) slots_.resize(slot + 1);
  slots_[slot] += count;
  operations_ += count;
}

double Counters::metadata_until(double time) const {
  double sum = 0;
  for (std::size_t i = 0; i < slots_.size() && static_cast<double>(i) * slot_seconds < time; ++i) sum += slots_[i];
  return sum;
}

void Counters::proposed(double planner_seconds) {
  planner_seconds_ += planner_seconds;
  ++proposals_;
}

void Counters::measured(const trial::Measurement& measurement) {
  ++measured_;
  if (judge_.objectives().empty() || measurement.state != trial::State::done) return;
  const auto score = judge_.score(measurement.metrics);
  const auto value = judge_.value(measurement.metrics);
  if (!score || !value || !score->feasible()) return;
  auto& curve = best_curves_[trial::level_of(measurement.at, measurement.item.rung, fidelities_)];
  const bool better =
      curve.empty() || (judge_.first().maximise ? *value > curve.back().second : *value < curve.back().second);
  if (better) curve.emplace_back(measured_, *value);
}

double Counters::busy(std::int64_t workers) const {
  if (last_claim_ <= 0) return 0;
  double sum = 0;
  for (const auto& [start, finish] : evaluated_)
    sum += std::max(0.0, std::min(finish, last_claim_) - std::min(start, last_claim_));
  return sum / (static_cast<double>(workers) * last_claim_);
}

SimulationFigures Counters::figures(std::int64_t workers, double round_operations, double round_seconds) const {
  const double collecting = round_seconds > 0 ? round_operations / round_seconds : 0;
  const double trials = static_cast<double>(std::max<std::int64_t>(1, measured_));
  const double until = std::max(last_claim_, slot_seconds);
  const double peak = slots_.empty() ? 0 : *std::max_element(slots_.begin(), slots_.end()) / slot_seconds;
  SimulationFigures result;
  result.workers = workers;
  result.trials = measured_;
  result.busy = busy(workers);
  result.last_claim = last_claim_;
  result.makespan = makespan_;
  result.conflicts_per_trial = static_cast<double>(conflicts_) / trials;
  result.operations_per_trial = (operations_ + makespan_ * collecting) / trials;
  result.metadata_per_second = metadata_until(until) / until + collecting;
  result.metadata_peak = peak + collecting;
  result.planner_seconds = proposals_ > 0 ? planner_seconds_ / static_cast<double>(proposals_) : 0;
  result.look_seconds = median(looks_);
  for (std::size_t level = 0; level < best_curves_.size(); ++level) {
    if (best_curves_[level].empty()) continue;
    result.best = best_curves_[level];
    result.best_at = fidelities_[level];
  }
  return result;
}

}  // namespace assay::simulate
