#include "trial/trial.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"

namespace assay::trial {
namespace {

constexpr std::array<std::pair<State, std::string_view>, 7> state_names{{
    {State::waiting, "waiting"},
    {State::running, "running"},
    {State::done, "done"},
    {State::stopped, "stopped"},
    {State::failed, "failed"},
    {State::infeasible, "infeasible"},
    {State::voided, "void"},
}};

constexpr std::array<std::pair<Failure, std::string_view>, 8> failure_names{{
    {Failure::none, "none"},
    {Failure::nan, "nan"},
    {Failure::oom, "oom"},
    {Failure::crash, "crash"},
    {Failure::timeout, "timeout"},
    {Failure::invalid, "invalid"},
    {Failure::exit, "exit"},
    {Failure::infrastructure, "infrastructure"},
}};

template <class Names, class Key>
std::string name_of(const Names& names, Key key) {
  for (const auto& [value, name] : names) {
    if (value == key) return std::string(name);
  }
  return "unknown";
}

template <class Names>
auto value_of(const Names& names, const std::string& text, std::string_view what) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  base::fail(base::Exit::data, "\"{}\" is no {} of a trial; the record comes from another version", text, what);
}

void add_share(std::string& text, double share, std::string_view what) {
  if (share == 1) return;
  text += share == 0.5 ? fmt::format(", half the {}", what) : fmt::format(", {:.3g} % of the {}", 100 * share, what);
}

}  // namespace

base::Json to_json(const Fidelity& fidelity) {
  base::Json json;
  json["epochs"] = fidelity.epochs;
  json["data"] = fidelity.data;
  json["width"] = fidelity.width;
  json["resolution"] = fidelity.resolution;
  return json;
}

Fidelity fidelity_from_json(const base::Json& json) {
  Fidelity fidelity;
  fidelity.epochs = json.value("epochs", fidelity.epochs);
  fidelity.data = json.value("data", fidelity.data);
  fidelity.width = json.value("width", fidelity.width);
  fidelity.resolution = json.value("resolution", fidelity.resolution);
  return fidelity;
}

std::string to_text(const Fidelity& fidelity, int full_epochs) {
  std::string text = fidelity.epochs == full_epochs
                         ? fmt::format("all {} epochs", full_epochs)
                         : fmt::format("{} epoch{}", fidelity.epochs, fidelity.epochs == 1 ? "" : "s");
  if (fidelity.data == 1) text += ", full data";
  add_share(text, fidelity.data, "data");
  add_share(text, fidelity.width, "width");
  add_share(text, fidelity.resolution, "resolution");
  return text;
}

std::size_t level_of(const Fidelity& at, int rung, const std::vector<Fidelity>& fidelities) {
  if (fidelities.empty()) return 0;
  const auto found = std::find(fidelities.begin(), fidelities.end(), at);
  if (found != fidelities.end()) return static_cast<std::size_t>(found - fidelities.begin());
  return std::min(static_cast<std::size_t>(rung), fidelities.size() - 1);
}

std::string to_string(State state) { return name_of(state_names, state); }
std::string to_string(Failure failure) { return name_of(failure_names, failure); }
State state_from(const std::string& text) { return value_of(state_names, text, "state"); }
Failure failure_from(const std::string& text) { return value_of(failure_names, text, "failure"); }

double metric_or_nan(const Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

bool imported(const Proposal& what, int rung) {
  const auto origin = what.tags.find(origin_tag);
  return rung == 0 && origin != what.tags.end() && origin->second == "import";
}

namespace {
constexpr std::string_view importer_mark = "import_";
}

std::string importer_id(const std::string& random_name) { return std::string(importer_mark) + random_name; }
bool brings_results(const std::string& worker) { return worker.starts_with(importer_mark); }

const Measurement* Trial::result() const {
  for (auto rung = rungs.rbegin(); rung != rungs.rend(); ++rung) {
    if (rung->state == State::done) return &*rung;
  }
  return nullptr;
}

State Trial::state() const {
  if (rungs.empty()) return proposed ? State::waiting : State::running;
  for (const auto& rung : rungs) {
    if (rung.state == State::running) return State::running;
  }
  return rungs.back().state;
}

Fidelity fidelity_of(const Trial& trial, int rung, const std::vector<Fidelity>& fidelities) {
  if (fidelities.empty()) return {};
  auto level = static_cast<std::size_t>(rung);
  if (rung > 0 && rung <= static_cast<int>(trial.rungs.size()))
    level = level_of(trial.rungs[level - 1].at, rung - 1, fidelities) + 1;
  return fidelities[std::min(level, fidelities.size() - 1)];
}

std::optional<TrialCost> trial_cost(const Trial& trial) {
  std::optional<TrialCost> cost;
  for (const auto& rung : trial.rungs) {
    if (rung.ended <= 0 || rung.started <= 0) continue;
    if (!cost) cost.emplace();
    cost->seconds += rung.ended - rung.started;
    cost->device_seconds += rung.device_seconds;
  }
  return cost;
}

}  // namespace assay::trial
