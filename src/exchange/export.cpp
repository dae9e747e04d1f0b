#include "exchange/export.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <vector>

#include "base/json.hpp"
#include "exchange/csv.hpp"
#include "exchange/trial_json.hpp"
#include "trial/standing.hpp"

namespace assay::exchange {
namespace {

struct Names {
  std::set<std::string> params, metrics, attributes;
};

Names names_of(const trial::StudyView& view) {
  Names names;
  for (const auto& trial : view.trials()) {
    if (!trial) continue;
    for (const auto& [name, value] : trial::shown_what(*trial).params) names.params.insert(name);
    const auto* at = trial::shown_of(*trial);
    if (at == nullptr) continue;
    for (const auto& [name, value] : at->metrics) names.metrics.insert(name);
    for (const auto& [name, value] : at->attributes) names.attributes.insert(name);
  }
  return names;
}

std::vector<std::string> head_of(const Names& names) {
  std::vector<std::string> head = {"trial", "state", "mark", "feasible", "violation"};
  for (const auto& name : names.params) head.push_back("params." + name);
  for (const auto& name : names.metrics) head.push_back("metrics." + name);
  for (const auto& name : names.attributes) head.push_back("attributes." + name);
  for (const auto* name : {"failure", "reason", "rung", "epochs", "data", "width", "resolution", "seconds",
                           "device_seconds", "started", "ended", "host", "job", "note"}) {
    head.emplace_back(name);
  }
  return head;
}

std::string time_text(double time) { return time > 0 ? fmt::format("{:.3f}", time) : ""; }

std::vector<std::string> fields_of(const trial::Standing& standing, const Names& names) {
  const auto& trial = *standing.trial;
  const bool done = standing.shown != nullptr && standing.shown->state == trial::State::done;
  std::vector<std::string> fields = {std::to_string(trial.id), trial::to_string(trial.state()),
                                     trial::mark_of(standing),
                                     !done               ? ""
                                     : standing.feasible ? "yes"
                                                         : "no",
                                     done && std::isfinite(standing.violation) ? csv_number(standing.violation) : ""};
  const trial::Measurement nothing{};
  const auto* measured = trial::shown_of(trial);
  const auto& at = measured == nullptr ? nothing : *measured;
  const auto& params = trial::shown_what(trial).params;
  for (const auto& name : names.params) {
    const auto found = params.find(name);
    fields.push_back(found == params.end() ? "" : space::to_text(found->second));
  }
  for (const auto& name : names.metrics) {
    const auto found = at.metrics.find(name);
    fields.push_back(found == at.metrics.end() ? "" : csv_number(found->second));
  }
  for (const auto& name : names.attributes) {
    const auto found = at.attributes.find(name);
    fields.push_back(found == at.attributes.end() ? "" : found->second);
  }
  const auto cost = trial::trial_cost(trial);
  const auto failure = at.failure == trial::Failure::none ? "" : trial::to_string(at.failure);
  for (auto& field : std::vector<std::string>{
           failure, at.reason, measured ? std::to_string(at.item.rung) : "",
           measured ? std::to_string(at.at.epochs) : "", measured ? csv_number(at.at.data) : "",
           measured ? csv_number(at.at.width) : "", measured ? csv_number(at.at.resolution) : "",
           cost ? csv_number(cost->seconds) : "", cost ? csv_number(cost->device_seconds) : "", time_text(at.started),
           time_text(at.ended), at.host, at.job, trial::shown_what(trial).note}) {
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace

std::string csv_table(const trial::StudyView& view) {
  const auto names = names_of(view);
  auto text = csv_line(head_of(names));
  const trial::Standings standings(view);
  for (const auto& standing : standings.all()) {
    if (standing.trial != nullptr) text += csv_line(fields_of(standing, names));
  }
  return text;
}

std::string json_table(const trial::StudyView& view) {
  std::string text;
  for (const auto& trial : view.trials()) {
    if (trial) text += (text.empty() ? "[\n" : ",\n") + record_of(*trial).dump();
  }
  return text.empty() ? "[]\n" : text + "\n]\n";
}

}  // namespace assay::exchange
