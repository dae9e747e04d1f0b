#include "trial/json.hpp"

#include <limits>

#include "base/json.hpp"

namespace assay::trial {
namespace {

base::Json item_json(const ItemId& item) { return base::Json::array({item.trial, item.rung}); }

ItemId item_from(const base::Json& json) { return {json.at(0).get<TrialId>(), json.at(1).get<int>()}; }

}  // namespace

base::Json to_json(const Metrics& metrics) {
  base::Json json = base::Json::object();
  for (const auto& [name, value] : metrics) json[name] = value;
  return json;
}

Metrics metrics_from_json(const base::Json& json) {
  Metrics metrics;
  for (const auto& [name, value] : json.items()) {
    metrics[name] = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  }
  return metrics;
}

base::Json to_json(const Proposal& proposal) {
  base::Json json;
  json["params"] = space::to_json(proposal.params);
  if (proposal.at) json["at"] = to_json(*proposal.at);
  if (proposal.from) json["from"] = item_json(*proposal.from);
  if (!proposal.note.empty()) json["note"] = proposal.note;
  if (!proposal.tags.empty()) json["tags"] = proposal.tags;
  return json;
}

Proposal proposal_from_json(const base::Json& json) {
  Proposal proposal;
  proposal.params = space::params_from_json(json.at("params"));
  if (json.contains("at")) proposal.at = fidelity_from_json(json.at("at"));
  if (json.contains("from")) proposal.from = item_from(json.at("from"));
  proposal.note = json.value("note", "");
  if (json.contains("tags")) proposal.tags = json.at("tags").get<std::map<std::string, std::string>>();
  return proposal;
}

base::Json to_json(const Work& work) {
  base::Json json;
  json["item"] = item_json(work.item);
  json["attempt"] = work.attempt;
  json["what"] = to_json(work.what);
  json["at"] = to_json(work.at);
  if (work.made) json["made"] = to_json(*work.made);
  json["seed"] = work.seed;
  json["folder"] = work.folder.string();
  json["previous"] = work.previous.string();
  return json;
}

Work work_from_json(const base::Json& json) {
  Work work;
  work.item = item_from(json.at("item"));
  work.attempt = json.at("attempt").get<int>();
  work.what = proposal_from_json(json.at("what"));
  work.at = fidelity_from_json(json.at("at"));
  if (json.contains("made")) work.made = fidelity_from_json(json.at("made"));
  work.seed = json.at("seed").get<std::uint64_t>();
  work.folder = json.at("folder").get<std::string>();
  work.previous = json.at("previous").get<std::string>();
  return work;
}

base::Json to_json(const Outcome& outcome) {
  base::Json json;
  json["state"] = to_string(outcome.state);
  if (outcome.failure != Failure::none) json["failure"] = to_string(outcome.failure);
  if (!outcome.reason.empty()) json["reason"] = outcome.reason;
  json["metrics"] = to_json(outcome.metrics);
  if (!outcome.attributes.empty()) json["attributes"] = outcome.attributes;
  json["device_seconds"] = outcome.device_seconds;
  if (outcome.again) json["again"] = true;
  return json;
}

Outcome outcome_from_json(const base::Json& json) {
  Outcome outcome;
  outcome.state = state_from(json.at("state").get<std::string>());
  if (json.contains("failure")) outcome.failure = failure_from(json.at("failure").get<std::string>());
  outcome.reason = json.value("reason", "");
  outcome.metrics = metrics_from_json(json.at("metrics"));
  if (json.contains("attributes")) outcome.attributes = json.at("attributes").get<std::map<std::string, std::string>>();
  outcome.device_seconds = json.value("device_seconds", 0.0);
  outcome.again = json.value("again", false);
  return outcome;
}

base::Json to_json(const Objective& objective) {
  base::Json json;
  json["metric"] = objective.metric;
  json["goal"] = objective.maximise ? "max" : "min";
  if (objective.threshold) json["threshold"] = *objective.threshold;
  return json;
}

Objective objective_from_json(const base::Json& json) {
  Objective objective;
  objective.metric = json.at("metric").get<std::string>();
  objective.maximise = json.at("goal").get<std::string>() == "max";
  if (json.contains("threshold")) objective.threshold = json.at("threshold").get<double>();
  return objective;
}

}  // namespace assay::trial
