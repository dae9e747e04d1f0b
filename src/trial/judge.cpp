#include "trial/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.hpp"

namespace assay::trial {

Judge::Judge(std::vector<Objective> objectives, MetricLimits limits, Reward reward)
    : objectives_(std::move(objectives)), limits_(std::move(limits)), reward_(std::move(reward)) {
  const auto derived = std::find_if(objectives_.begin(), objectives_.end(),
                                    [&](const Objective& objective) { return reward_.derives(objective.metric); });
  if (derived != objectives_.end()) first_ = static_cast<std::size_t>(derived - objectives_.begin());
}

void Judge::strip(Metrics& metrics) const {
  std::erase_if(metrics, [&](const auto& metric) { return reward_.derives(metric.first); });
}

std::optional<Score> Judge::score(const Metrics& metrics) const {
  if (objectives_.empty()) return std::nullopt;
  Score score;
  score.violation = limits_.violation(metrics);
  for (const auto& objective : objectives_) {
    const auto found = metrics.find(objective.metric);
    if (found == metrics.end() || !std::isfinite(found->second)) return std::nullopt;
    const double sign = objective.maximise ? 1 : -1;
    score.values.push_back(sign * found->second);
    score.missed += objective.threshold && sign * found->second < sign * *objective.threshold;
  }
  score.penalty = limits_.penalty(metrics);
  score.values.front() -= score.penalty;
  if (!std::isfinite(score.values.front())) return std::nullopt;
  return score;
}

std::optional<double> Judge::value(const Metrics& metrics) const {
  const auto judged = score(metrics);
  if (!judged) return std::nullopt;
  const double raw = metrics.at(first().metric);
  return first().maximise ? raw - judged->penalty : raw + judged->penalty;
}

std::set<std::string> Judge::named() const {
  auto names = reward_.measured(objectives_);
  for (const auto& limit : limits_.all()) names.insert(limit.metric);
  return names;
}

std::vector<std::string> Judge::lacking(const Metrics& metrics) const {
  std::vector<std::string> names;
  for (const auto& name : named()) {
    const auto found = metrics.find(name);
    if (found == metrics.end() || !std::isfinite(found->second)) names.push_back(name);
  }
  return names;
}

Judge judge_of(std::vector<Objective> objectives, const config::Config& config) {
  return Judge(std::move(objectives), MetricLimits(config), Reward(config));
}

std::string broken_text(const Judge& judge, const Metrics& metrics) {
  std::vector<std::string> texts;
  for (const auto& limit : judge.limits().all()) {
    if (limit.weight || limit.missed(metrics) == 0) continue;
    const auto found = metrics.find(limit.metric);
    const bool known = found != metrics.end() && std::isfinite(found->second);
    texts.push_back(known ? fmt::format("{} is {:.6g} ({})", limit.metric, found->second, limit.bounds())
                          : limit.metric + " was not measured");
  }
  return base::join(texts, ", ");
}

int class_of(const Score& score) { return !score.feasible() ? 2 : score.missed > 0 ? 1 : 0; }

bool better(const Score& a, const Score& b) {
  if (class_of(a) != class_of(b)) return class_of(a) < class_of(b);
  if (a.violation != b.violation) return a.violation < b.violation;
  return a.values.front() > b.values.front();
}

}  // namespace assay::trial
