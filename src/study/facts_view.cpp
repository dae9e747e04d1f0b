// From facts to what planners and people see.
#include <algorithm>

#include "study/facts.hpp"
#include "study/view_builder.hpp"

namespace assay::study {
namespace {

void take_outcome(Measurement& result, const Attempt& attempt) {
  const auto& outcome = *attempt.outcome;
  result.state = outcome.state;
  result.failure = outcome.failure;
  result.reason = outcome.reason;
  result.metrics = outcome.metrics;
  result.attributes = outcome.attributes;
  result.device_seconds = outcome.device_seconds;
  result.ended = attempt.ended;
}

/// The curve of an item: what an attempt measured again replaces what earlier ones had measured; seconds run on.
std::vector<Report> merged_reports(const Rung& rung, int last) {
  std::vector<Report> result;
  for (const auto& attempt : rung.attempts) {
    if (attempt.number > last) break;
    auto reports = attempt.reports;
    std::stable_sort(reports.begin(), reports.end(), [](const Report& a, const Report& b) { return a.step < b.step; });
    if (reports.empty()) continue;
    std::erase_if(result, [&](const Report& old) { return old.step >= reports.front().step; });
    const double before = result.empty() ? 0 : result.back().seconds;
    for (auto& report : reports) {
      report.seconds += before;
      result.push_back(std::move(report));
    }
  }
  return result;
}

/// Cost of the attempts that were left at a checkpoint and continued by a later one.
double continued_seconds(const Rung& rung, int last) {
  double sum = 0;
  for (const auto& attempt : rung.attempts) {
    if (attempt.number < last && attempt.outcome && attempt.outcome->again) sum += attempt.outcome->device_seconds;
  }
  return sum;
}

}  // namespace

Measurement Facts::measure(const ItemId& item, const Rung& rung) const {
  Measurement result;
  result.item = item;
  const auto* attempt = rung.settled ? rung.committable(rung.committer) : rung.last();
  result.state = State::running;
  if (attempt == nullptr) return result;
  result.attempt = attempt->number;
  result.at = attempt->at;
  result.reports = merged_reports(rung, attempt->number);
  result.started = attempt->started;
  if (attempt->worker >= 0) {
    const auto& worker = workers_[static_cast<std::size_t>(attempt->worker)].info;
    result.worker = worker.id;
    result.host = worker.host;
    result.job = worker.job;
  }
  if (rung.settled) {
    take_outcome(result, *attempt);
  } else if (attempt->outcome && retriable(*attempt->outcome)) {
    take_outcome(result, *attempt);
    result.state = State::waiting;
  }
  result.device_seconds += continued_seconds(rung, attempt->number);
  return result;
}

std::shared_ptr<const Trial> Facts::show(TrialId id, const TrialFacts& facts) const {
  auto trial = std::make_shared<Trial>();
  trial->id = id;
  for (const auto& rung : facts.rungs) {
    const ItemId item{id, static_cast<int>(trial->rungs.size())};
    if (members_ && !members_->items.contains(item)) break;
    if (const auto* telling = rung.telling(); telling != nullptr && !trial->proposed) {
      trial->what = *telling->what;
      trial->proposed = true;
    }
    trial->rungs.push_back(measure(item, rung));
  }
  return trial->rungs.empty() ? nullptr : trial;
}

StudyView Facts::view(const std::vector<Objective>& objectives, const std::vector<Fidelity>& fidelities,
                      std::int64_t max_trials) {
  ViewBuilder builder;
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    auto& facts = trials_[i];
    if (facts.rungs.empty()) continue;
    if (!facts.shown) facts.shown = show(static_cast<TrialId>(i), facts);
    if (facts.shown) builder.trial(facts.shown);
  }
  std::vector<WorkerInfo> workers;
  for (const auto& worker : workers_) {
    if (worker.greeted) workers.push_back(worker.info);
  }
  builder.objectives(objectives).fidelities(fidelities).max_trials(max_trials);
  builder.closed(members_.has_value(), members_ ? members_->reason : "").workers(std::move(workers));
  return builder.build();
}

}  // namespace assay::study
