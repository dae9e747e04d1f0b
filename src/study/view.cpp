#include "study/view.hpp"

#include <algorithm>
#include <cmath>

namespace assay::study {
namespace {

using Score = std::vector<double>;

/// The objectives turned so that more is better; nothing if one is missing or no finite number.
std::optional<Score> score_of(const Trial& trial, const std::vector<Objective>& objectives) {
  const auto* result = trial.result();
  if (result == nullptr) return std::nullopt;
  Score score;
  for (const auto& objective : objectives) {
    const auto found = result->metrics.find(objective.metric);
    if (found == result->metrics.end() || !std::isfinite(found->second)) return std::nullopt;
    score.push_back(objective.maximise ? found->second : -found->second);
  }
  return score;
}

/// Keeps to the highest level that it was given so far: true if `trial` belongs to it; `raised` if it is a new one.
class TopLevel {
 public:
  explicit TopLevel(const std::vector<Fidelity>& fidelities) : fidelities_(fidelities) {}

  bool takes(const Trial& trial, bool& raised) {
    const auto* result = trial.result();
    const auto level = level_of(result->at, result->item.rung, fidelities_);
    raised = level > level_;
    level_ = std::max(level, level_);
    return level == level_;
  }

 private:
  const std::vector<Fidelity>& fidelities_;
  std::size_t level_ = 0;
};

bool dominates(const Score& a, const Score& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] < b[i]) return false;
    better = better || a[i] > b[i];
  }
  return better;
}

}  // namespace

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

std::vector<const Trial*> StudyView::pareto() const {
  struct Point {
    const Trial* trial;
    Score score;
  };
  std::vector<Point> front;
  if (objectives_.empty()) return {};
  TopLevel top(fidelities_);
  for (const auto& trial : trials_) {
    if (!trial) continue;
    auto score = score_of(*trial, objectives_);
    bool raised = false;
    if (!score || !top.takes(*trial, raised)) continue;
    if (raised) front.clear();
    const auto beats_new = [&](const Point& point) { return dominates(point.score, *score); };
    if (std::any_of(front.begin(), front.end(), beats_new)) continue;
    std::erase_if(front, [&](const Point& point) { return dominates(*score, point.score); });
    front.push_back({trial.get(), std::move(*score)});
  }
  std::vector<const Trial*> result;
  for (const auto& point : front) result.push_back(point.trial);
  return result;
}

const Trial* StudyView::best() const {
  if (objectives_.empty()) return nullptr;
  const std::vector<Objective> first{objectives_.front()};
  const Trial* best = nullptr;
  double best_score = 0;
  TopLevel top(fidelities_);
  for (const auto& trial : trials_) {
    if (!trial) continue;
    const auto score = score_of(*trial, first);
    bool raised = false;
    if (!score || !top.takes(*trial, raised)) continue;
    if (best != nullptr && !raised && score->front() <= best_score) continue;
    best = trial.get();
    best_score = score->front();
  }
  return best;
}

}  // namespace assay::study
