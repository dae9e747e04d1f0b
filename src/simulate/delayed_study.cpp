#include "simulate/delayed_study.hpp"

#include <bit>
#include <cmath>
#include <utility>

namespace assay::simulate {

double Visibility::from(double time) const {
  if (period <= 0) return time + lag;
  // The collector's next whole round reads it, publishes, and others see the piece after the same lag.
  return (std::floor((time + lag) / period) + 1) * period + lag;
}

void Numbers::insert(const Numbers& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}

trial::TrialId Numbers::first_missing(trial::TrialId from) const {
  auto word = static_cast<std::size_t>(from) / 64;
  if (word >= words_.size()) return from;
  auto missing = ~words_[word] & (~std::uint64_t{0} << (from % 64));
  while (missing == 0 && ++word < words_.size()) missing = ~words_[word];
  return static_cast<trial::TrialId>(word) * 64 + (missing == 0 ? 0 : std::countr_zero(missing));
}

DelayedStudy::DelayedStudy(Visibility visibility, std::int64_t max_trials, std::int64_t imported, trial::Judge judge,
                           std::vector<trial::Fidelity> fidelities)
    : visibility_(visibility), known_(max_trials) {
  builder_.judge(std::move(judge)).fidelities(std::move(fidelities)).max_trials(max_trials).imported(imported);
}

void DelayedStudy::begin_with(const std::shared_ptr<const trial::Trial>& trial) {
  builder_.trial(trial);
  known_.insert(trial->id);
}

double DelayedStudy::write(double time, const std::shared_ptr<const trial::Trial>& trial,
                           const study::Spending& change) {
  const double seen = visibility_.from(time);
  news_.push({seen, written_++, trial, change});
  return seen;
}

std::shared_ptr<const trial::StudyView> DelayedStudy::view(double now, double age) {
  for (; !news_.empty() && news_.top().time <= now; news_.pop()) {
    builder_.trial(news_.top().trial);
    known_.insert(news_.top().trial->id);
    spent_ += news_.top().change;
    stale_ = true;
  }
  if (!view_ || (stale_ && viewed_ + age <= now)) {
    view_ = std::make_shared<const trial::StudyView>(builder_.build());
    viewed_ = now;
    stale_ = false;
  }
  return view_;
}

std::shared_ptr<const trial::StudyView> DelayedStudy::with(
    const std::vector<std::shared_ptr<const trial::Trial>>& own) {
  trial::ViewBuilder builder(builder_.build());
  for (const auto& trial : own) builder.trial(trial);
  return std::make_shared<const trial::StudyView>(builder.build());
}

}  // namespace assay::simulate
