#include "trial/reward.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::trial {

Reward::Reward(const config::Config& config) {
  for (const auto& [name, objective] : config.node("objectives").items()) {
    if (const auto of = objective.at("of"))
      derived_.push_back({name, of.string(), objective.at("goal").string() == "max"});
  }
  if (derived_.empty()) return;
  for (const auto& [key, entry] : config.node("reward").items()) {
    Factor factor{.metric = entry.at("metric").string(), .target = entry.at("target").number()};
    if (const auto kind = entry.at("kind")) factor.hard = kind.string() == "hard";
    factor.exponent = factor.hard ? 1 : 0.07;
    if (const auto exponent = entry.at("exponent")) factor.exponent = exponent.number();
    factors_.push_back(factor);
  }
}

bool Reward::derives(const std::string& metric) const {
  return std::any_of(derived_.begin(), derived_.end(), [&](const Derived& each) { return each.name == metric; });
}

std::set<std::string> Reward::names() const {
  std::set<std::string> names;
  for (const auto& each : derived_) names.insert(each.name);
  return names;
}

std::set<std::string> Reward::measured(const std::vector<Objective>& objectives) const {
  std::set<std::string> names;
  for (const auto& objective : objectives) {
    if (!derives(objective.metric)) names.insert(objective.metric);
  }
  for (const auto& each : derived_) names.insert(each.of);
  for (const auto& factor : factors_) names.insert(factor.metric);
  return names;
}

std::optional<std::string> Reward::add(Metrics& metrics) const {
  std::optional<std::string> wrong;
  for (const auto& each : derived_) {
    metrics.erase(each.name);
    const auto value = metrics.find(each.of);
    if (value == metrics.end()) {
      wrong = fmt::format("{} needs {}, which was not measured", each.name, each.of);
      continue;
    }
    if (value->second < 0) {
      wrong = fmt::format("{} needs {} to be a score from 0 up, not {:g}", each.name, each.of, value->second);
      continue;
    }
    double product = 1;
    for (const auto& factor : factors_) {
      const auto cost = metrics.find(factor.metric);
      if (cost == metrics.end() || !(cost->second > 0)) {
        wrong = cost == metrics.end()
                    ? fmt::format("{} needs {}, which was not measured", each.name, factor.metric)
                    : fmt::format("{} needs {} above zero, not {:g}", each.name, factor.metric, cost->second);
        product = NAN;
        break;
      }
      const double ratio = std::pow(factor.target / cost->second, factor.exponent);
      product *= factor.hard ? std::min(1.0, ratio) : ratio;
    }
    if (std::isnan(product)) continue;
    metrics[each.name] = each.maximise ? value->second * product : value->second / product;
  }
  return wrong;
}

}  // namespace assay::trial
