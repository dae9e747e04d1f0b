#include "trial/view.hpp"

namespace assay::trial {
const Trial* StudyView::find(TrialId id) const {
  if (id < 0 || id >= static_cast<TrialId>(trials_.size())) return nullptr;
  return trials_[static_cast<std::size_t>(id)].get();
}

std::vector<const Measurement*> StudyView::committed() const {
  std::vector<const Measurement*> result;
  for (const auto& trial : trials_) {
    if (!trial) continue;
    for (const auto& rung : trial->rungs) {
      if (rung.state == State::done) result.push_back(&rung);
    }
  }
  return result;
}

std::vector<const Measurement*> StudyView::running() const {
  std::vector<const Measurement*> result;
  for (const auto& trial : trials_) {
    if (!trial) continue;
    for (const auto& rung : trial->rungs) {
      if (rung.state == State::running || rung.state == State::waiting) result.push_back(&rung);
    }
  }
  return result;
}

Counts StudyView::counts() const {
  Counts counts;
  for (const auto& trial : trials_) {
    if (!trial) continue;
    ++counts.claimed;
    switch (trial->state()) {
      case State::waiting:
      case State::running:
        ++counts.running;
        break;
      case State::done:
        ++counts.done;
        break;
      case State::stopped:
        ++counts.stopped;
        break;
      case State::failed:
        ++counts.failed;
        break;
      case State::infeasible:
        ++counts.infeasible;
        break;
      case State::voided:
        ++counts.voided;
        break;
    }
  }
  return counts;
}

}  // namespace assay::trial
