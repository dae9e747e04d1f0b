// From facts to what planners and people see.
#include <algorithm>

#include "study/facts.hpp"
#include "trial/view_builder.hpp"

namespace assay::study {
namespace {

void take_outcome(trial::Measurement& result, trial::Outcome outcome) {
  result.state = outcome.state;
  result.failure = outcome.failure;
  result.reason = std::move(outcome.reason);
  result.metrics = std::move(outcome.metrics);
  result.attributes = std::move(outcome.attributes);
  result.device_seconds = outcome.device_seconds;
}

/// The curve of an item: what an attempt measured again replaces what earlier ones had measured; seconds run on.
std::vector<trial::Report> merged_reports(const Rung& rung, int last) {
  std::vector<trial::Report> result;
  for (const auto& attempt : rung.attempts) {
    if (attempt.number > last) break;
    auto reports = attempt.reports;
    std::stable_sort(reports.begin(), reports.end(),
                     [](const trial::Report& a, const trial::Report& b) { return a.step < b.step; });
    if (reports.empty()) continue;
    std::erase_if(result, [&](const trial::Report& old) { return old.step >= reports.front().step; });
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

const trial::WorkerInfo& Facts::last_speaker(const Attempt& attempt) const {
  const auto* last = &workers_[static_cast<std::size_t>(attempt.worker)].info;
  for (const auto speaker : attempt.speakers) {
    const auto& other = workers_[static_cast<std::size_t>(speaker)].info;
    if (other.last_record > last->last_record) last = &other;
  }
  return *last;
}

trial::Measurement Facts::measure(const trial::ItemId& item, Rung& rung) const {
  trial::Measurement result;
  result.item = item;
  result.state = trial::State::running;
  const auto* last = rung.settled ? rung.find(rung.winner) : rung.last();
  if (last == nullptr) return result;
  const auto* told = last->worked > 0 ? rung.find(last->worked) : nullptr;
  const auto* attempt = told != nullptr ? told : last;
  result.attempt = attempt->number;
  result.at = attempt->at;
  result.reports = merged_reports(rung, last->number);
  result.started = attempt->started;
  if (attempt->worker >= 0) {
    const auto& worker = last_speaker(*attempt);
    result.worker = worker.id;
    result.host = worker.host;
    result.job = worker.job;
  }
  if (rung.settled || (last->outcome && retriable(*last->outcome))) {
    take_outcome(result, *last->outcome);
    result.ended = attempt->outcome ? attempt->ended : last->ended;
    if (!rung.settled) result.state = trial::State::waiting;
  }
  result.device_seconds += continued_seconds(rung, last->number);
  return result;
}

/// The result of a first attempt cannot change any more: the shown trial is the only one to keep it. (Earlier attempts
/// of a later one may still come to light, with the first part of its curve.)
trial::Measurement Facts::compact(const trial::ItemId& item, Rung& rung) const {
  auto& attempt = *rung.find(rung.winner);
  auto reports = std::move(attempt.reports);
  const auto by_step = [](const trial::Report& a, const trial::Report& b) { return a.step < b.step; };
  if (!std::is_sorted(reports.begin(), reports.end(), by_step))
    std::stable_sort(reports.begin(), reports.end(), by_step);
  auto outcome = std::move(*attempt.outcome);
  attempt.reports = {};
  attempt.outcome.emplace();
  auto result = measure(item, rung);
  result.reports = std::move(reports);
  take_outcome(result, std::move(outcome));
  attempt.outcome.reset();
  attempt.what.reset();
  rung.compacted = true;
  return result;
}

void Facts::derive(trial::Measurement& measurement) const {
  if (derived_.empty()) return;
  const auto again = [this](trial::Metrics& metrics) {
    for (const auto& name : derived_) metrics.erase(name);
    judge_->derive(metrics);
  };
  again(measurement.metrics);
  for (auto& report : measurement.reports) again(report.metrics);
}

std::shared_ptr<const trial::Trial> Facts::show(trial::TrialId id, TrialFacts& facts) const {
  auto trial = std::make_shared<trial::Trial>();
  trial->id = id;
  if (const auto* what = proposal(id)) {
    trial->first = *what;
    trial->proposed = true;
  }
  for (auto& rung : facts.rungs) {
    const trial::ItemId item{id, static_cast<int>(trial->rungs.size())};
    if (rung.compacted) {
      trial->rungs.push_back(facts.shown->rungs[static_cast<std::size_t>(item.rung)]);
      derive(trial->rungs.back());
      continue;
    }
    const auto* describing = rung.describing();
    const bool differs = describing != nullptr && item.rung > 0 && describing->what->params != trial->first.params;
    const std::shared_ptr<const trial::Proposal> own = differs ? describing->what : nullptr;
    const auto& first = facts.rungs.front();
    const bool known = item.rung == 0 || first.compacted || first.describing() != nullptr;
    const bool final = rung.settled && rung.winner == 1 && trial->proposed && known;
    trial->rungs.push_back(final ? compact(item, rung) : measure(item, rung));
    trial->rungs.back().own = own;
    derive(trial->rungs.back());
  }
  trial->rungs.shrink_to_fit();
  return trial->rungs.empty() ? nullptr : trial;
}

/// The part of a trial that counts; nullptr: nothing of it does. One that was claimed too late for an earlier closing
/// is void: its number is taken for ever.
std::shared_ptr<const trial::Trial> Facts::what_counts(const std::shared_ptr<const trial::Trial>& trial) const {
  if (!trial) return nullptr;
  if (generation_.outside.contains(trial->id)) {
    trial::Measurement nothing;
    nothing.item = {trial->id, 0};
    nothing.state = trial::State::voided;
    nothing.reason = "claimed when the study was being closed: it does not count";
    auto shown = std::make_shared<trial::Trial>();
    shown->id = trial->id;
    shown->rungs.push_back(std::move(nothing));
    return shown;
  }
  const auto first_out = std::find_if(trial->rungs.begin(), trial->rungs.end(),
                                      [&](const trial::Measurement& rung) { return !generation_.counts(rung.item); });
  if (first_out == trial->rungs.end()) return trial;
  if (first_out == trial->rungs.begin()) return nullptr;
  auto shown = std::make_shared<trial::Trial>(*trial);
  shown->rungs.resize(static_cast<std::size_t>(first_out - trial->rungs.begin()));
  return shown;
}

trial::StudyView Facts::view(const std::vector<trial::Fidelity>& fidelities, std::int64_t max_trials) {
  for (const auto number : changed_) {
    const auto i = static_cast<std::size_t>(number);
    auto& facts = trials_[i];
    facts.shown = show(number, facts);
    facts.unchanged = true;
    visible_.set(number, what_counts(facts.shown));
  }
  changed_.clear();
  trial::ViewBuilder builder;
  builder.trials(visible_.list());
  std::vector<trial::WorkerInfo> workers;
  for (const auto& worker : workers_) {
    if (worker.greeted) workers.push_back(worker.info);
  }
  builder.judge(judge_).fidelities(fidelities).max_trials(max_trials + imports_).imported(imports_);
  builder.closed(closed(), closed() ? generation_.members->reason : "").workers(std::move(workers));
  builder.generation(generation_.number, generation_.before);
  return builder.build();
}

}  // namespace assay::study
