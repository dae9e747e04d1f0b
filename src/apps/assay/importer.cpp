#include "apps/assay/importer.hpp"

#include <algorithm>
#include <cmath>

#include "apps/assay/by_hand.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "study/json.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using base::Json;

/// Columns of an export that are neither parameter nor metric nor attribute.
bool is_known(const std::string& column) {
  static const std::set<std::string> names = {
      "trial",          "state",   "failure", "reason", "rung",        "rungs",
      "attempt",        "epochs",  "data",    "width",  "resolution",  "seconds",
      "device_seconds", "started", "ended",   "worker", "width_share", "resolution_share",
      "host",           "job",     "note",    "origin", "stage"};
  return names.contains(column);
}

bool says_parameter(const std::string& column) {
  return column.starts_with("params.") || column.starts_with("parameters.") || column.starts_with("params_");
}

std::optional<double> number_of_cell(const Json& cell) {
  if (cell.is_number()) return cell.get<double>();
  if (cell.is_boolean()) return cell.get<bool>() ? 1 : 0;
  if (!cell.is_string()) return std::nullopt;
  return base::number_in(cell.get<std::string>());
}

std::string text_of(const Json& cell) { return cell.is_string() ? cell.get<std::string>() : cell.dump(); }

/// In our words, Optuna's, Ax' and NNI's.
bool is_done(const std::string& state) {
  static const std::set<std::string> words = {"done", "COMPLETE", "COMPLETED", "SUCCEEDED"};
  return words.contains(state);
}

bool is_list_of_tables(const Json& json) {
  return json.is_array() && !json.empty() &&
         std::all_of(json.begin(), json.end(), [](const Json& entry) { return entry.is_object(); });
}

/// The rows of `assay export --json` hold their measurements below "rungs": the highest finished one counts, at the
/// cost of all.
std::map<std::string, Json> flattened(const Row& row) {
  auto cells = row.cells;
  const auto rungs = cells.find("rungs");
  if (rungs == cells.end() || !is_list_of_tables(rungs->second)) return cells;
  auto chosen = rungs->second.back();
  double cost = 0;
  for (const auto& rung : rungs->second) {
    cost += rung.value("device_seconds", 0.0);
    if (rung.value("state", "") == "done") chosen = rung;
  }
  cells.erase("rungs");
  cells["device_seconds"] = cost;
  if (chosen.contains("params")) {  // measured with parameters of its own
    std::erase_if(cells, [](const auto& cell) { return cell.first.starts_with("params."); });
    for (const auto& [name, value] : chosen["params"].items()) cells["params." + name] = value;
  }
  for (const auto* group : {"metrics", "attributes"}) {
    const auto values = chosen.value(group, Json::object());
    for (const auto& [name, value] : values.items()) {
      if (!value.is_null()) cells[std::string(group) + "." + name] = value;
    }
  }
  const auto fidelity = chosen.value("fidelity", Json::object());
  for (const auto& [name, value] : fidelity.items()) cells[name] = value;
  for (const auto* name : {"host", "job", "started", "ended", "state", "reason", "reports"}) {
    if (chosen.contains(name)) cells[name] = chosen[name];
  }
  return cells;
}

void add_metric(const std::string& name, const Json& cell, const Row& row, Import& result) {
  const auto value = number_of_cell(cell);
  if (!value) base::fail(Exit::config, "{}: {} is no number: {:.40}", row.place, name, text_of(cell));
  result.measured.metrics[name] = *value;
}

}  // namespace

Importer::Importer(const space::Space& space, std::vector<study::Objective> objectives,
                   std::vector<study::Fidelity> fidelities, const std::vector<std::string>& map, study::Reward reward)
    : space_(space),
      objectives_(std::move(objectives)),
      fidelities_(std::move(fidelities)),
      reward_(std::move(reward)) {
  for (const auto& word : map) {
    const auto [from, to] = cut_pair(word, "--map OLD=NEW (OLD= leaves a column out)");
    map_[from] = to;
  }
}

std::optional<Import> Importer::read(const Row& row, const std::string& source) {
  const auto columns = mapped(flattened(row));
  const bool marked =
      std::any_of(columns.begin(), columns.end(), [](const auto& cell) { return says_parameter(cell.first); });
  Import result;
  Cells parameters, facts;
  for (const auto& [column, cell] : columns) {
    if (is_fact(column, marked)) {
      facts[column] = cell;
    } else {
      place(column, cell, row, parameters, result);
    }
  }
  for (const auto& [name, value] : result.measured.metrics) metrics_.insert(name);
  reward_.add(result.measured.metrics);
  if (!has_result(facts, result.measured)) return std::nullopt;
  result.what.params = point_of(space_, parameters, row.place);
  for (const auto& [name, cell] : parameters) result.written.insert(name);
  seen_.insert(result.written.begin(), result.written.end());
  result.place = row.place;
  finish(facts, row, source, result);
  return result;
}

/// The cells by the names that --map gives them; a mapped column goes before one that had the name already.
Importer::Cells Importer::mapped(const Cells& flat) {
  Cells columns;
  for (const auto& [written, cell] : flat) {
    const auto found = map_.find(written);
    if (found == map_.end()) {
      columns.emplace(written, cell);
    } else {
      used_.insert(written);
      if (!found->second.empty()) columns[found->second] = cell;
    }
  }
  return columns;
}

void Importer::check_whole(const Import& trial) const {
  for (const auto& [name, value] : trial.what.params) {
    if (!seen_.contains(name) || trial.written.contains(name)) continue;
    base::fail(Exit::config,
               "{}: {} is empty, which other rows have: with what value was this row measured? Fill it in", trial.place,
               name);
  }
}

std::vector<std::string> Importer::missing() const {
  std::vector<std::string> names;
  for (const auto& parameter : space_.parameters()) {
    if (!seen_.contains(parameter.name)) names.push_back(parameter.name);
  }
  return names;
}

void Importer::check_map() const {
  for (const auto& [from, to] : map_) {
    if (!used_.contains(from)) base::fail(Exit::config, "--map {}={}: the table has no column {}", from, to, from);
  }
}

bool Importer::is_objective(const std::string& column) const {
  return std::any_of(objectives_.begin(), objectives_.end(), [&](const auto& one) { return one.metric == column; });
}

bool Importer::is_fact(const std::string& column, bool parameters_are_marked) const {
  if (!is_known(column) || is_objective(column)) return false;
  return parameters_are_marked ? space_.find(column) == nullptr : !parameter_of(space_, column);
}

void Importer::place(const std::string& column, const Json& cell, const Row& row, Cells& parameters,
                     Import& result) const {
  if (column == "reports" && is_list_of_tables(cell)) {
    for (const auto& report : cell) {
      result.measured.reports.push_back({report.value("step", std::int64_t{0}), report.value("seconds", 0.0),
                                         study::metrics_from_json(report.value("metrics", Json::object()))});
    }
    return;
  }
  if (column.starts_with("metrics.")) return add_metric(column.substr(8), cell, row, result);
  if (column.starts_with("attributes.")) {
    result.measured.attributes[column.substr(11)] = text_of(cell);
    return;
  }
  if (column.starts_with("tags.") || column.starts_with("from.") || column.starts_with("fidelity.")) return;
  if (is_objective(column) && space_.find(column) == nullptr) return add_metric(column, cell, row, result);
  if (const auto name = parameter_of(space_, column)) {
    if (!parameters.emplace(*name, cell).second) {
      base::fail(Exit::config, "{}: {} is there twice, once as {}; --map {}= leaves that one out", row.place, *name,
                 column, column);
    }
  } else if (says_parameter(column)) {
    unknown(column, row);
  } else if (number_of_cell(cell)) {
    add_metric(column, cell, row, result);
  } else {
    result.measured.attributes[column] = text_of(cell);
  }
}

void Importer::unknown(const std::string& column, const Row& row) const {
  std::vector<std::string> names;
  for (const auto& parameter : space_.parameters()) names.push_back(parameter.name);
  const auto bare = column.substr(column.find_first_of("._") + 1);
  const auto near = base::nearest_word(bare, names);
  base::fail(Exit::config,
             "{}: the space has no parameter {}{}; --map {}=NAME maps the column, --map {}= leaves it out", row.place,
             bare, near.empty() ? "" : " (did you mean " + near + "?)", column, column);
}

bool Importer::has_result(const Cells& facts, const study::Measurement& measured) const {
  const auto state = facts.find("state");
  if (state != facts.end() && !is_done(text_of(state->second))) return false;
  return std::all_of(objectives_.begin(), objectives_.end(), [&](const auto& objective) {
    const auto found = measured.metrics.find(objective.metric);
    return found != measured.metrics.end() && std::isfinite(found->second);
  });
}

study::Fidelity Importer::fidelity_of(const Cells& facts, const Row& row) const {
  const auto number = [&](const char* name, double otherwise, double most) {
    const auto found = facts.find(name);
    if (found == facts.end()) return otherwise;
    const auto value = number_of_cell(found->second);
    if (value && *value >= 0 && *value <= most) return *value;
    base::fail(Exit::config,
               "{}: {} = {} is not what the trial was measured at (a number from 0 to {:g}); --map {}=NAME gives the "
               "column another meaning, --map {}= leaves it out",
               row.place, name, text_of(found->second), most, name, name);
  };
  const auto share = [&](const char* name, double otherwise) { return number(name, otherwise, 1); };
  auto at = fidelities_.back();
  at.epochs = static_cast<int>(number("epochs", at.epochs, 1e9));
  at.data = share("data", at.data);
  at.width = share("width", share("width_share", at.width));
  at.resolution = share("resolution", share("resolution_share", at.resolution));
  return at;
}

void Importer::finish(const Cells& facts, const Row& row, const std::string& source, Import& result) {
  const auto number = [&](const char* name, double otherwise) {
    const auto found = facts.find(name);
    return found == facts.end() ? otherwise : number_of_cell(found->second).value_or(otherwise);
  };
  const auto text = [&](const char* name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string() : text_of(found->second);
  };
  auto& measured = result.measured;
  measured.state = study::State::done;
  measured.at = fidelity_of(facts, row);
  if (!(measured.at == fidelities_.front())) result.what.at = measured.at;
  if (std::find(fidelities_.begin(), fidelities_.end(), measured.at) == fidelities_.end()) ++other_fidelity_;
  measured.device_seconds = number("device_seconds", number("seconds", 0));
  measured.started = number("started", 0);
  measured.ended = number("ended", 0);
  if (const auto host = text("host"); !host.empty()) measured.attributes.emplace("host", host);
  const auto note = text("note").empty() ? text("origin") : text("note");
  result.what.note =
      fmt::format("imported from {}{}{}", text("trial").empty() ? row.place : source + " trial " + text("trial"),
                  note.empty() ? "" : ": ", note);
  result.what.tags = {{study::origin_tag, "import"}};
}

}  // namespace assay::apps
