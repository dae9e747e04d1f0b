#include "search/stopping/progress.hpp"

#include <algorithm>
#include <cmath>

namespace assay::search {
namespace {

constexpr std::size_t block = 64;

bool before(const Progress::Result& result, trial::TrialId number) { return result.trial < number; }

/// Adds the point to a front, more is better in each value; false if another one is at least as good.
bool join(stats::Points& front, const std::vector<double>& point) {
  const auto covers = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), [](double x, double y) { return x >= y; });
  };
  if (std::any_of(front.begin(), front.end(), [&](const auto& other) { return covers(other, point); })) return false;
  std::erase_if(front, [&](const auto& other) { return covers(point, other); });
  front.push_back(point);
  return true;
}

}  // namespace

void Progress::update(const trial::StudyView& view) {
  if (view.trials().size() < seen_.size() || view.fidelities() != fidelities_ || view.judge() != judge_ ||
      view.generation() != generation_) {
    const auto version = version_ + 1;
    *this = Progress();
    version_ = version;
    judge_ = view.judge();
    fidelities_ = view.fidelities();
    generation_ = view.generation();
  }
  const auto& now = view.trials();
  kinds_.resize(now.size(), Kind::open);
  now.visit_changes(seen_, [&](std::size_t place) { read(place, now[place].get(), view); });
  seen_ = now;
}

void Progress::read(std::size_t place, const trial::Trial* trial, const trial::StudyView& view) {
  const auto id = static_cast<trial::TrialId>(place);
  auto kind = Kind::open;
  std::optional<trial::Score> score;
  const auto state = trial == nullptr ? trial::State::running : trial->state();
  const auto* result = trial == nullptr ? nullptr : trial->result();
  if (result != nullptr) {
    score = judge_.score(result->metrics);
    // What cannot be judged teaches as little as what failed: a metric that a limit names was never reported.
    kind = score && std::isfinite(score->violation) ? Kind::done : Kind::failed;
    if (score && !score->feasible()) score.reset();
    // A trial may have begun above the lowest fidelity: its rung says nothing.
    if (trial::level_of(result->at, result->item.rung, fidelities_) + 1 < fidelities_.size()) score.reset();
  } else if (state == trial::State::stopped) {
    kind = Kind::done;
  } else if (state == trial::State::infeasible) {
    kind = Kind::infeasible;
  } else if (state == trial::State::failed && trial->rungs.back().failure != trial::Failure::infrastructure) {
    kind = Kind::failed;
  }
  const bool imported = result != nullptr && trial::imported(trial->first, result->item.rung);
  if (imported) kind = Kind::open;
  const auto* last = result != nullptr                          ? result
                     : trial == nullptr || trial->rungs.empty() ? nullptr
                                                                : &trial->rungs.back();
  if (last != nullptr && view.earlier(last->item)) {
    kind = Kind::open;
    score.reset();
  }
  count(kinds_[place], -1);
  count(kind, 1);
  kinds_[place] = kind;
  ++version_;

  const auto known = std::lower_bound(results_.begin(), results_.end(), id, before);
  const bool had = known != results_.end() && known->trial == id;
  if (had && score && known->score.values == score->values && known->score.violation == score->violation) return;
  if (had) remove(id);
  if (score) this->place(id, std::move(*score), imported);
}

void Progress::count(Kind kind, std::int64_t by) {
  ended_ += kind == Kind::open ? 0 : by;
  failed_ += kind == Kind::failed ? by : 0;
  infeasible_ += kind == Kind::infeasible ? by : 0;
}

void Progress::place(trial::TrialId id, trial::Score score, bool imported) {
  const auto at = std::lower_bound(results_.begin(), results_.end(), id, before);
  const auto place = static_cast<std::size_t>(at - results_.begin());
  results_.insert(at, {id, std::move(score), imported});
  measured_here_ += imported ? 0 : 1;
  stale_from_ = std::min(stale_from_, static_cast<std::size_t>(id) / block);
  rank_from(place);
}

void Progress::remove(trial::TrialId id) {
  const auto at = std::lower_bound(results_.begin(), results_.end(), id, before);
  const auto place = static_cast<std::size_t>(at - results_.begin());
  measured_here_ -= at->imported ? 0 : 1;
  results_.erase(at);
  stale_from_ = std::min(stale_from_, static_cast<std::size_t>(id) / block);
  rank_from(place);
}

void Progress::rank_from(std::size_t place) {
  best_.resize(results_.size());
  for (auto i = place; i < results_.size(); ++i) {
    const bool leads = i == 0 || trial::better(results_[i].score, results_[best_[i - 1]].score);
    best_[i] = leads ? i : best_[i - 1];
  }
}

std::vector<double> Progress::values(std::size_t from, std::size_t to) const {
  std::vector<double> values;
  for (auto i = from; i < to; ++i) values.push_back(results_[i].score.values.front());
  return values;
}

void Progress::build_fronts() {
  const auto blocks = (kinds_.size() + block - 1) / block;
  const auto first = std::min(stale_from_, fronts_.size());
  fronts_.resize(blocks);
  for (auto number = first; number < blocks; ++number) {
    const auto last = number == 0 ? std::make_shared<const stats::Points>() : fronts_[number - 1];
    auto front = *last;
    bool grew = false;
    const auto begin = static_cast<trial::TrialId>(number * block), end = begin + static_cast<trial::TrialId>(block);
    for (auto at = std::lower_bound(results_.begin(), results_.end(), begin, before);
         at != results_.end() && at->trial < end; ++at) {
      grew = join(front, at->score.values) || grew;
    }
    const bool known = fronts_[number] != nullptr && *fronts_[number] == front;
    if (!known) fronts_[number] = grew ? std::make_shared<const stats::Points>(std::move(front)) : last;
  }
  stale_from_ = blocks;
}

std::shared_ptr<const stats::Points> Progress::front() {
  build_fronts();
  return fronts_.empty() ? std::make_shared<const stats::Points>() : fronts_.back();
}

std::shared_ptr<const stats::Points> Progress::front_before(trial::TrialId trial) {
  build_fronts();
  const auto full = static_cast<std::size_t>(trial) / block;
  return full == 0 ? std::make_shared<const stats::Points>() : fronts_[full - 1];
}

}  // namespace assay::search
