#include "trial/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "stats/pareto.hpp"

namespace assay::trial {
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

std::optional<Scored> score_of(const Trial& trial, const Judge& judge) {
  const auto* result = trial.result();
  auto score = result == nullptr ? std::nullopt : judge.score(result->metrics);
  if (!score) return std::nullopt;
  return Scored{&trial, std::move(*score)};
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

}  // namespace assay::trial
