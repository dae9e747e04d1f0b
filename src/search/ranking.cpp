#include "search/ranking.hpp"

#include <algorithm>
#include <cmath>
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

/// 0: feasible and within all thresholds; 1: feasible; 2: breaks a constraint.
int class_of(const Scored& trial) { return !trial.feasible ? 2 : trial.missed > 0 ? 1 : 0; }

/// Places of the best `count` trials.
std::vector<std::size_t> order_of(const std::vector<Scored>& trials, std::size_t count) {
  stats::Points points;
  for (const auto& trial : trials) points.push_back(trial.score);
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
    Limit limit{metric.string(), {}, {}};
    if (at_most) limit.at_most = at_most.number();
    if (at_least) limit.at_least = at_least.number();
    limits_.push_back(std::move(limit));
  }
}

bool MetricLimits::hold(const study::Metrics& metrics) const {
  return std::all_of(limits_.begin(), limits_.end(), [&](const auto& limit) {
    const auto found = metrics.find(limit.metric);
    return found != metrics.end() && std::isfinite(found->second) &&
           found->second <= limit.at_most.value_or(found->second) &&
           found->second >= limit.at_least.value_or(found->second);
  });
}

bool feasible(const study::Metrics& metrics, const config::Config& config) {
  return MetricLimits(config).hold(metrics);
}

std::optional<Scored> score_of(const study::Trial& trial, const std::vector<study::Objective>& objectives,
                               const MetricLimits& limits) {
  const auto* result = trial.result();
  if (result == nullptr || objectives.empty()) return std::nullopt;
  Scored scored{&trial, {}, limits.hold(result->metrics), 0};
  for (const auto& objective : objectives) {
    const auto found = result->metrics.find(objective.metric);
    if (found == result->metrics.end() || !std::isfinite(found->second)) return std::nullopt;
    const double sign = objective.maximise ? 1 : -1;
    scored.score.push_back(sign * found->second);
    scored.missed += objective.threshold && sign * found->second < sign * *objective.threshold;
  }
  return scored;
}

std::vector<Scored> ranked(std::vector<Scored> trials, std::size_t count) {
  // Class by class, until there are enough.
  std::map<int, std::vector<Scored>> classes;
  for (auto& trial : trials) classes[class_of(trial)].push_back(std::move(trial));
  std::vector<Scored> best;
  for (auto& [number, members] : classes) {
    if (best.size() >= count) break;
    for (const auto i : order_of(members, count - best.size())) best.push_back(std::move(members[i]));
  }
  return best;
}

}  // namespace assay::search
