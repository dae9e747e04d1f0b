#include "search/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "search/planners.hpp"
#include "stats/pareto.hpp"

namespace assay::search {
namespace {

std::vector<double> crowding_of(const stats::Points& points, const std::vector<int>& layers) {
  std::map<int, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < points.size(); ++i) members[layers[i]].push_back(i);
  std::vector<double> crowding(points.size());
  for (const auto& [layer, indices] : members) {
    const auto distances = stats::crowding(points, indices);
    for (std::size_t i = 0; i < indices.size(); ++i) crowding[indices[i]] = distances[i];
  }
  return crowding;
}

/// Places of the best `count` trials, which all miss their limits by as much.
std::vector<std::size_t> order_of(const std::vector<Scored>& trials, std::size_t count) {
  stats::Points points;
  for (const auto& trial : trials) points.push_back(trial.score.values);
  const auto axes = points.front().size();
  std::vector<int> layers(points.size(), 0);
  std::vector<double> value(points.size());
  if (axes > 1) {
    layers = stats::pareto_layers(points, std::vector<bool>(axes, true), count);
    value = crowding_of(points, layers);
  } else {
    for (std::size_t i = 0; i < points.size(); ++i) value[i] = points[i].front();
  }
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::tuple(layers[i], -value[i], -trials[i].trial->id); };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return key(a) < key(b); });
  order.resize(std::min(order.size(), count));
  return order;
}

}  // namespace

MetricLimits::MetricLimits(const config::Config& config) {
  const auto list = config.node("constraint");
  if (!list) return;
  for (const auto& [key, node] : list.items()) {
    const auto metric = node.at("metric"), at_most = node.at("at_most"), at_least = node.at("at_least");
    if (!metric) continue;
    Limit limit{.metric = metric.string()};
    if (at_most) limit.at_most = at_most.number();
    if (at_least) limit.at_least = at_least.number();
    const auto weight = node.at("weight");
    if (weight) limit.weight = weight.number();
    (weight ? soft_ : limits_).push_back(std::move(limit));
  }
}

double MetricLimits::missed(const Limit& limit, const study::Metrics& metrics) {
  const auto miss = [](double by, double bound) { return std::max(0.0, by) / (bound == 0 ? 1 : std::abs(bound)); };
  const auto found = metrics.find(limit.metric);
  if (found == metrics.end() || !std::isfinite(found->second)) return std::numeric_limits<double>::infinity();
  double sum = 0;
  if (limit.at_most) sum += miss(found->second - *limit.at_most, *limit.at_most);
  if (limit.at_least) sum += miss(*limit.at_least - found->second, *limit.at_least);
  return sum;
}

double MetricLimits::violation(const study::Metrics& metrics) const {
  double sum = 0;
  for (const auto& limit : limits_) sum += missed(limit, metrics);
  return sum;
}

double MetricLimits::penalty(const study::Metrics& metrics) const {
  double sum = 0;
  for (const auto& limit : soft_) sum += limit.weight * missed(limit, metrics);
  return sum;
}

bool feasible(const study::Metrics& metrics, const config::Config& config) {
  return MetricLimits(config).hold(metrics);
}

std::optional<Score> score_of(const study::Metrics& metrics, const std::vector<study::Objective>& objectives,
                              const MetricLimits& limits) {
  if (objectives.empty()) return std::nullopt;
  Score score;
  score.violation = limits.violation(metrics);
  for (const auto& objective : objectives) {
    const auto found = metrics.find(objective.metric);
    if (found == metrics.end() || !std::isfinite(found->second)) return std::nullopt;
    const double sign = objective.maximise ? 1 : -1;
    score.values.push_back(sign * found->second);
    score.missed += objective.threshold && sign * found->second < sign * *objective.threshold;
  }
  score.penalty = limits.penalty(metrics);
  score.values.front() -= score.penalty;
  if (!std::isfinite(score.values.front())) return std::nullopt;
  return score;
}

std::optional<Scored> score_of(const study::Trial& trial, const std::vector<study::Objective>& objectives,
                               const MetricLimits& limits) {
  const auto* result = trial.result();
  auto score = result == nullptr ? std::nullopt : score_of(result->metrics, objectives, limits);
  if (!score) return std::nullopt;
  return Scored{&trial, std::move(*score)};
}

int class_of(const Score& score) { return !score.feasible() ? 2 : score.missed > 0 ? 1 : 0; }

bool better(const Score& a, const Score& b) {
  if (class_of(a) != class_of(b)) return class_of(a) < class_of(b);
  if (a.violation != b.violation) return a.violation < b.violation;
  return a.values.front() > b.values.front();
}

std::vector<Scored> ranked(std::vector<Scored> trials, std::size_t count) {
  // Class by class and violation by violation, until there are enough.
  std::map<std::pair<int, double>, std::vector<Scored>> classes;
  for (auto& trial : trials) {
    const std::pair key(class_of(trial.score), trial.score.violation);
    classes[key].push_back(std::move(trial));
  }
  std::vector<Scored> best;
  for (auto& [key, members] : classes) {
    if (best.size() >= count) break;
    for (const auto i : order_of(members, count - best.size())) best.push_back(std::move(members[i]));
  }
  return best;
}

}  // namespace assay::search
