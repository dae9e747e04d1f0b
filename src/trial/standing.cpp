#include "trial/standing.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "base/json.hpp"
#include "stats/pareto.hpp"

namespace assay::trial {
namespace {

bool is_final(State state) {
  return state == State::done || state == State::stopped || state == State::failed || state == State::infeasible;
}

/// Place of `at` in the list; every measurement is at the only one where a study names none.
std::optional<std::size_t> place_of(const Fidelity& at, const std::vector<Fidelity>& fidelities) {
  if (fidelities.empty()) return 0;
  const auto found = std::find(fidelities.begin(), fidelities.end(), at);
  if (found == fidelities.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fidelities.begin());
}

/// More is better.
double signed_value(const Standing& standing, const Judge& judge) {
  return judge.first().maximise ? *standing.value : -*standing.value;
}

/// Done, with every objective.
bool judgeable(const Standing& standing, const std::vector<Objective>& objectives) {
  if (standing.shown == nullptr || standing.shown->state != State::done) return false;
  return std::all_of(objectives.begin(), objectives.end(), [&](const Objective& objective) {
    return std::isfinite(metric_or_nan(standing.shown->metrics, objective.metric));
  });
}

/// Equal networks have equal keys, whatever their points say.
std::string network_of(const Proposal& what) {
  const auto tag = what.tags.find(network_tag);
  return tag != what.tags.end() ? tag->second : space::to_json(what.params).dump();
}

}  // namespace

const Measurement* shown_of(const Trial& trial) {
  if (const auto* result = trial.result()) return result;
  return trial.rungs.empty() ? nullptr : &trial.rungs.back();
}

const Proposal& shown_what(const Trial& trial) {
  const auto* shown = shown_of(trial);
  return shown != nullptr ? trial.what_of(*shown) : trial.first;
}

Standing Standings::stand(const Trial& trial) const {
  const auto& judge = view_->judge();
  Standing standing;
  standing.trial = &trial;
  standing.shown = shown_of(trial);
  standing.what = &shown_what(trial);
  standing.final = is_final(trial.state());
  if (standing.shown == nullptr) return standing;
  standing.level = place_of(standing.shown->at, view_->fidelities());
  if (standing.shown->state != State::done) return standing;
  const auto& metrics = standing.shown->metrics;
  standing.violation = judge.violation(metrics);
  standing.feasible = standing.violation == 0;
  if (const auto score = judge.score(metrics)) {
    standing.value = judge.value(metrics);
    standing.penalty = score->penalty;
    standing.missed = score->missed;
  }
  return standing;
}

Standings::Standings(const StudyView& view) : view_(&view) {
  all_.resize(view.trials().size());
  const auto levels = std::max<std::size_t>(1, view.fidelities().size());
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const auto& trial = view.trials()[i];
    if (!trial || trial->state() == State::voided) continue;
    all_[i] = stand(*trial);
    const bool measured = all_[i].level && judgeable(all_[i], view.objectives());
    if (measured) level_ = std::max(level_, *all_[i].level);
    top_reached_ = top_reached_ || (measured && *all_[i].level + 1 == levels);
  }
  for (auto& standing : all_) {
    standing.comparable = standing.value && standing.level == level_;
    comparable_ += standing.comparable ? 1 : 0;
    if (!standing.comparable || !standing.feasible) continue;
    ++feasible_;
    if (best_ == nullptr || signed_value(standing, view.judge()) > signed_value(*best_, view.judge()))
      best_ = &standing;
  }
  mark_front();
  if (best_ != nullptr) all_[static_cast<std::size_t>(best_->trial->id)].best = true;
}

void Standings::mark_front() {
  const auto& objectives = view_->objectives();
  if (objectives.size() < 2) {
    if (best_ == nullptr) return;
    all_[static_cast<std::size_t>(best_->trial->id)].front = true;
    front_ = {best_};
    return;
  }
  stats::Points points;
  std::vector<Standing*> members;
  for (auto& standing : all_) {
    if (!standing.comparable || !standing.feasible) continue;
    std::vector<double> point;
    for (const auto& objective : objectives) point.push_back(standing.shown->metrics.at(objective.metric));
    points.push_back(std::move(point));
    members.push_back(&standing);
  }
  std::vector<bool> maximise;
  for (const auto& objective : objectives) maximise.push_back(objective.maximise);
  for (const auto i : stats::pareto_front(points, maximise)) members[i]->front = true;
  for (const auto* member : members) {
    if (member->front) front_.push_back(member);
  }
}

const Standing* Standings::best() const& { return best_; }

const Standing* Standings::least_violation() const& {
  const Standing* least = nullptr;
  for (const auto& standing : all_) {
    if (!standing.comparable || standing.feasible) continue;
    const auto key = [&](const Standing& one) { return std::pair(one.violation, -signed_value(one, view_->judge())); };
    if (least == nullptr || key(standing) < key(*least)) least = &standing;
  }
  return least;
}

std::vector<const Standing*> Standings::finalists(std::size_t count, bool infeasible) const& {
  const auto& judge = view_->judge();
  const bool several = view_->objectives().size() > 1;
  std::vector<const Standing*> candidates;
  for (const auto& standing : all_) {
    if (standing.value && standing.level && (standing.feasible || infeasible)) candidates.push_back(&standing);
  }
  const auto key = [&](const Standing* standing) {
    const double value = -signed_value(*standing, judge);
    const int missed = standing->missed;
    return std::tuple(standing->feasible ? 0.0 : standing->violation, -static_cast<std::ptrdiff_t>(*standing->level),
                      several && !standing->front, several ? missed : 0, value, missed, standing->trial->id);
  };
  std::sort(candidates.begin(), candidates.end(), [&](const auto* a, const auto* b) { return key(a) < key(b); });
  std::vector<const Standing*> chosen;
  std::set<std::string> taken;
  for (const auto* candidate : candidates) {
    if (chosen.size() == count) break;
    if (taken.insert(network_of(*candidate->what)).second) chosen.push_back(candidate);
  }
  return chosen;
}

const Measurement* Standings::best_at(std::size_t level) const {
  const auto& judge = view_->judge();
  const Measurement* best = nullptr;
  double best_value = 0;
  for (const auto& standing : all_) {
    if (standing.trial == nullptr) continue;
    for (const auto& rung : standing.trial->rungs) {
      if (rung.state != State::done || place_of(rung.at, view_->fidelities()) != level) continue;
      const auto value = judge.value(rung.metrics);
      if (!value || !judge.limits().hold(rung.metrics)) continue;
      const double turned = judge.first().maximise ? *value : -*value;
      if (best == nullptr || turned > best_value) best = &rung, best_value = turned;
    }
  }
  return best;
}

std::string mark_of(const Standing& standing) {
  if (standing.best) return "best";
  if (standing.front) return "front";
  if (standing.shown == nullptr || standing.shown->state != State::done) return "";
  if (!standing.feasible) return "infeasible";
  return standing.value && !standing.comparable ? "below" : "";
}

}  // namespace assay::trial
