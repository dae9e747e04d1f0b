#include "search/history.hpp"

#include <algorithm>
#include <utility>

namespace assay::search {
namespace {

using Status = Observation::Status;

void insert(std::vector<trial::TrialId>& numbers, trial::TrialId number) {
  numbers.insert(std::upper_bound(numbers.begin(), numbers.end(), number), number);
}

void remove(std::vector<trial::TrialId>& numbers, trial::TrialId number) {
  const auto found = std::lower_bound(numbers.begin(), numbers.end(), number);
  if (found != numbers.end() && *found == number) numbers.erase(found);
}

Status status_of(const trial::Trial& trial, bool has_score) {
  if (!trial.proposed) return Status::absent;
  if (trial.result() != nullptr) return has_score ? Status::scored : Status::failed;
  switch (trial.state()) {
    case trial::State::waiting:
    case trial::State::running:
      return Status::pending;
    case trial::State::stopped:
      return Status::stopped;
    case trial::State::voided:
      return Status::voided;
    case trial::State::done:
    case trial::State::failed:
    case trial::State::infeasible:
      break;
  }
  return Status::failed;
}

bool is_waiting(const trial::Measurement& rung) {
  return rung.state == trial::State::running || rung.state == trial::State::waiting;
}

/// Of the highest rung that is done, else of the last report of a trial that was stopped.
std::optional<trial::Score> last_score(const trial::Trial& trial, const trial::Judge& judge) {
  if (const auto* result = trial.result()) return judge.score(result->metrics);
  if (trial.rungs.empty() || trial.rungs.back().state != trial::State::stopped) return std::nullopt;
  const auto& last = trial.rungs.back();
  if (auto score = judge.score(last.metrics)) return score;
  return last.reports.empty() ? std::nullopt : judge.score(last.reports.back().metrics);
}

}  // namespace

History::History(std::shared_ptr<const space::Space> space) : space_(std::move(space)) {}

void History::update(const trial::StudyView& view) {
  const auto& now = view.trials();
  if (now.size() < seen_.size() || view.judge() != judge_) {
    const auto next = generation_ + 1;
    *this = History(std::move(space_));
    generation_ = next;
    judge_ = view.judge();
  }
  trials_.resize(now.size());
  now.visit_changes(seen_, [&](std::size_t place) { read(place, now[place]); });
  seen_ = now;
}

void History::read(std::size_t place, const trial::TrialList::Item& trial) {
  const auto id = static_cast<trial::TrialId>(place);
  auto& entry = trials_[place];
  if (auto* list = list_of(entry.status)) remove(*list, id);
  const bool new_point = trial && trial->proposed &&
                         (!entry.trial || !entry.trial->proposed || entry.trial->first.params != trial->first.params);
  Observation fresh;
  fresh.trial = trial;
  if (trial) {
    fresh.score = last_score(*trial, judge_);
    fresh.status = status_of(*trial, fresh.score.has_value());
    fresh.waiting = std::any_of(trial->rungs.begin(), trial->rungs.end(), is_waiting);
    fresh.point = new_point ? space_->encode(trial->first.params) : std::move(entry.point);
  }
  entry = std::move(fresh);
  if (auto* list = list_of(entry.status)) insert(*list, id);
  if (!trial) first_free_ = std::min(first_free_, place);
  changes_.push_back(id);
}

std::vector<trial::TrialId>* History::list_of(Status status) {
  switch (status) {
    case Status::scored:
      return &scored_;
    case Status::stopped:
      return &stopped_;
    case Status::pending:
      return &pending_;
    case Status::failed:
      return &failed_;
    case Status::absent:
    case Status::voided:
      break;
  }
  return nullptr;
}

bool History::all_claimed(std::int64_t count) const {
  while (first_free_ < trials_.size() && trials_[first_free_].trial) ++first_free_;
  return static_cast<std::int64_t>(first_free_) >= count;
}

}  // namespace assay::search
