#include "exchange/trial_json.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "trial/json.hpp"

namespace assay::exchange {
namespace {

using base::Json;

Json reports_of(const trial::Measurement& measured) {
  Json list = Json::array();
  for (const auto& report : measured.reports) {
    list.push_back({{"step", report.step}, {"seconds", report.seconds}, {"metrics", trial::to_json(report.metrics)}});
  }
  return list;
}

Json rung_of(const trial::Measurement& measured) {
  Json json = {{"rung", measured.item.rung},
               {"attempt", measured.attempt},
               {"state", trial::to_string(measured.state)},
               {"fidelity", trial::to_json(measured.at)},
               {"metrics", trial::to_json(measured.metrics)},
               {"attributes", measured.attributes},
               {"reports", reports_of(measured)},
               {"worker", measured.worker},
               {"host", measured.host},
               {"job", measured.job},
               {"started", measured.started},
               {"ended", measured.ended},
               {"device_seconds", measured.device_seconds}};
  if (measured.own) json["params"] = space::to_json(measured.own->params);
  if (measured.failure != trial::Failure::none) json["failure"] = trial::to_string(measured.failure);
  if (!measured.reason.empty()) json["reason"] = measured.reason;
  return json;
}

}  // namespace

Json json_of(const trial::ItemId& item) { return {{"trial", item.trial}, {"rung", item.rung}}; }

Json record_of(const trial::Trial& trial) {
  Json json = {{"trial", trial.id},
               {"state", trial::to_string(trial.state())},
               {"params", space::to_json(trial.first.params)},
               {"note", trial.first.note},
               {"tags", trial.first.tags}};
  if (trial.first.from) json["from"] = json_of(*trial.first.from);
  json["rungs"] = Json::array();
  for (const auto& rung : trial.rungs) json["rungs"].push_back(rung_of(rung));
  return json;
}

Json standing_of(const trial::Standing& standing) {
  const auto* shown = standing.shown;
  Json json = {{"trial", standing.trial->id},
               {"state", trial::to_string(standing.trial->state())},
               {"params", space::to_json(standing.what->params)},
               {"value", standing.value ? Json(*standing.value) : Json(nullptr)},
               {"violation", standing.violation},
               {"penalty", standing.penalty},
               {"feasible", standing.feasible},
               {"comparable", standing.comparable},
               {"final", standing.final},
               {"best", standing.best},
               {"front", standing.front}};
  if (shown == nullptr) return json;
  json["rung"] = shown->item.rung;
  json["fidelity"] = trial::to_json(shown->at);
  json["metrics"] = trial::to_json(shown->metrics);
  return json;
}

std::string standing_text(const trial::Standing& standing, const trial::Standings& standings) {
  const auto& judge = standings.view().judge();
  if (standing.shown == nullptr || standing.shown->state != trial::State::done) return "";
  std::string text;
  if (!standing.value) {
    text = "does not compare: " + base::join(judge.lacking(standing.shown->metrics), ", ") + " was not measured";
  } else if (!standing.feasible) {
    text = "breaks the constraints: " + trial::broken_text(judge, standing.shown->metrics);
  } else if (!standing.comparable) {
    text = "measured at a lower fidelity than the trials that are compared";
  } else {
    text = standing.best ? "the best" : standing.front ? "on the Pareto front" : "";
  }
  if (standing.penalty > 0)
    text += fmt::format("{}{} {:.6g} after soft constraints", text.empty() ? "" : "; ", judge.first().metric,
                        *standing.value);
  return text;
}

std::string attempt_folder(const trial::Measurement& measured) {
  return fmt::format("trials/{}/{}.{}", measured.item.trial, measured.item.rung, measured.attempt);
}

}  // namespace assay::exchange
