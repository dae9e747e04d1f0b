#include "search/lagged_study.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace assay::search {

double Visibility::from(double time) const {
  if (period <= 0) return time + lag;
  // The collector's next whole round reads it, publishes, and others see the piece after the same lag.
  return (std::floor((time + lag) / period) + 1) * period + lag;
}

LaggedStudy::LaggedStudy(Visibility visibility, std::int64_t max_trials, std::vector<study::Objective> objectives,
                         std::vector<study::Fidelity> fidelities)
    : visibility_(visibility),
      known_from_(static_cast<std::size_t>(max_trials), std::numeric_limits<double>::infinity()) {
  builder_.objectives(std::move(objectives)).fidelities(std::move(fidelities)).max_trials(max_trials);
}

double LaggedStudy::write(double time, const std::shared_ptr<const study::Trial>& trial) {
  const double seen = visibility_.from(time);
  news_.push({seen, written_++, trial});
  auto& known = known_from_[static_cast<std::size_t>(trial->id)];
  known = std::min(known, seen);
  return seen;
}

std::shared_ptr<const study::StudyView> LaggedStudy::view(double now) {
  for (; !news_.empty() && news_.top().time <= now; news_.pop()) {
    builder_.trial(news_.top().trial);
    view_.reset();
  }
  if (!view_) view_ = std::make_shared<const study::StudyView>(builder_.build());
  return view_;
}

std::shared_ptr<const study::StudyView> LaggedStudy::with(
    const std::vector<std::shared_ptr<const study::Trial>>& own) const {
  auto builder = builder_;
  for (const auto& trial : own) builder.trial(trial);
  return std::make_shared<const study::StudyView>(builder.build());
}

}  // namespace assay::search
