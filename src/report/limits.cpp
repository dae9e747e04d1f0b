// The limits of the run on metrics: what they ask for, and how many trials keep each.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/figure_text.hpp"
#include "report/sections.hpp"
#include "trial/standing.hpp"

namespace assay::report {
namespace {

using base::Json;
using trial::MetricLimit;

/// "at most 5", "at least 95.00 %".
std::string bounds_of(const MetricLimit& limit, Scale scale) {
  std::string text;
  if (limit.at_least) text = "at least " + value_text(scale, *limit.at_least);
  if (limit.at_least && limit.at_most) text += " and ";
  if (limit.at_most) text += "at most " + value_text(scale, *limit.at_most);
  return text;
}

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json entry_of(const MetricLimit& limit, Scale scale, const trial::Standings* standings) {
  std::int64_t kept = 0, unmeasured = 0, of = 0;
  if (standings != nullptr) {
    for (const auto& standing : standings->all()) {
      if (!standing.comparable) continue;
      const double missed = limit.missed(standing.shown->metrics);
      ++of;
      kept += missed == 0;
      unmeasured += !std::isfinite(missed);
    }
  }
  return {{"metric", limit.metric},
          {"bounds", bounds_of(limit, scale)},
          {"at_least", number(limit.at_least)},
          {"at_most", number(limit.at_most)},
          {"hard", !limit.weight},
          {"weight", number(limit.weight)},
          {"kept", kept},
          {"unmeasured", unmeasured},
          {"of", of}};
}

std::string text_of(const trial::Judge& judge, const trial::Standings* standings) {
  const auto& limits = judge.limits().all();
  const bool hard = std::any_of(limits.begin(), limits.end(), [](const auto& limit) { return !limit.weight; });
  if (!hard) return "All limits are soft: a trial that misses one loses value, and stays feasible.";
  if (standings == nullptr || standings->comparable() == 0) return "No trial can be compared yet.";
  if (const auto* least = standings->least_violation(); least != nullptr && standings->feasible() == 0) {
    return fmt::format("No trial keeps all hard limits, so there is no best. {} breaks them least: {}.",
                       capital(network_text(least->trial->id)), trial::broken_text(judge, least->shown->metrics));
  }
  if (standings->feasible() == standings->comparable())
    return "Every trial that can be compared keeps all hard limits.";
  return fmt::format(
      "{} of the {} that can be compared keep{} all hard limits. The others are neither the best nor on "
      "the front.",
      standings->feasible(), count_text(static_cast<std::int64_t>(standings->comparable()), "trial"),
      standings->feasible() == 1 ? "s" : "");
}

}  // namespace

Json constraints_section(const RunData& run_data) {
  const auto& limits = run_data.judge.limits();
  if (limits.empty()) return nullptr;
  std::optional<trial::Standings> standings;
  if (const auto* view = run_data.study(run::Stage::search)) standings.emplace(*view);
  Json list = Json::array();
  for (const auto& limit : limits.all())
    list.push_back(entry_of(limit, run_data.scale(limit.metric), standings ? &*standings : nullptr));
  return {{"list", list}, {"text", text_of(run_data.judge, standings ? &*standings : nullptr)}};
}

}  // namespace assay::report
