#include "report/trial_table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "base/json.hpp"
#include "exchange/csv.hpp"

namespace assay::report {
namespace {

using base::Json;
using Group = Column::Group;
using Kind = Column::Kind;

Cell cell_of(const space::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return space::to_text(value);
}

Cell cell_of(double number) { return std::isfinite(number) ? Cell(number) : Cell(); }
Cell cell_of(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

struct Names {
  std::vector<std::string> metrics, parameters;
  std::set<std::string> text_parameters;
};

/// Metrics of the objectives first, then what rewards and limits name, then the others.
Names names_of(const std::vector<const trial::Standing*>& trials, const trial::Judge& judge) {
  std::set<std::string> metrics, parameters;
  Names names;
  for (const auto* standing : trials) {
    for (const auto& [name, value] : standing->what->params) {
      parameters.insert(name);
      const auto cell = cell_of(value);
      if (std::holds_alternative<std::string>(cell)) names.text_parameters.insert(name);
    }
    if (standing->shown != nullptr) {
      for (const auto& [name, value] : standing->shown->metrics) metrics.insert(name);
    }
  }
  for (const auto& objective : judge.objectives()) {
    if (metrics.erase(objective.metric) > 0) names.metrics.push_back(objective.metric);
  }
  for (const auto& name : judge.named()) {
    if (metrics.erase(name) > 0) names.metrics.push_back(name);
  }
  names.metrics.insert(names.metrics.end(), metrics.begin(), metrics.end());
  names.parameters.assign(parameters.begin(), parameters.end());
  return names;
}

std::vector<Column> columns_of(const Names& names) {
  std::vector<Column> columns = {{"trial", "trial", Group::trial, Kind::number},
                                 {"state", "state", Group::trial, Kind::text}};
  const std::vector<Column> standing = {{"mark", "mark", Group::trial, Kind::text},
                                        {"feasible", "feasible", Group::trial, Kind::text},
                                        {"violation", "violation", Group::trial, Kind::number},
                                        {"value", "value", Group::trial, Kind::number}};
  const std::vector<Column> facts = {{"epochs", "epochs", Group::cost, Kind::number},
                                     {"data", "data", Group::cost, Kind::number},
                                     {"width_share", "width share", Group::cost, Kind::number},
                                     {"resolution_share", "resolution share", Group::cost, Kind::number},
                                     {"seconds", "seconds", Group::cost, Kind::seconds},
                                     {"device_seconds", "device seconds", Group::cost, Kind::seconds},
                                     {"attempt", "attempt", Group::cost, Kind::number},
                                     {"worker", "worker", Group::cost, Kind::text},
                                     {"host", "host", Group::cost, Kind::text},
                                     {"failure", "failure", Group::trial, Kind::text},
                                     {"reason", "reason", Group::trial, Kind::text},
                                     {"origin", "origin", Group::trial, Kind::text}};
  std::set<std::string> taken;
  for (const auto& column : columns) taken.insert(column.key);
  for (const auto& column : standing) taken.insert(column.key);
  for (const auto& column : facts) taken.insert(column.key);
  for (const auto& name : names.metrics)
    columns.push_back({taken.contains(name) ? "metrics." + name : name, name, Group::metric, Kind::number});
  columns.insert(columns.end(), standing.begin(), standing.end());
  for (const auto& column : columns) taken.insert(column.key);
  for (const auto& name : names.parameters) {
    columns.push_back({taken.contains(name) ? "param." + name : name, name, Group::parameter,
                       names.text_parameters.contains(name) ? Kind::text : Kind::number});
  }
  columns.insert(columns.end(), facts.begin(), facts.end());
  return columns;
}

std::vector<Cell> row_of(const trial::Standing& standing, const Names& names) {
  const auto& trial = *standing.trial;
  const auto* at = standing.shown;
  const bool done = at != nullptr && at->state == trial::State::done;
  std::vector<Cell> row = {trial.id, trial::to_string(trial.state())};
  for (const auto& name : names.metrics) {
    const bool known = at != nullptr && at->metrics.contains(name);
    row.push_back(known ? cell_of(at->metrics.at(name)) : Cell());
  }
  row.insert(row.end(),
             {cell_of(mark_of(standing)), done ? Cell(standing.feasible ? "yes" : "no") : Cell(),
              done ? cell_of(standing.violation) : Cell(), standing.value ? cell_of(*standing.value) : Cell()});
  for (const auto& name : names.parameters) {
    const auto found = standing.what->params.find(name);
    row.push_back(found == standing.what->params.end() ? Cell() : cell_of(found->second));
  }
  if (at == nullptr) {
    row.resize(row.size() + 11);
  } else {
    const auto cost = trial_cost(trial);
    row.insert(
        row.end(),
        {std::int64_t{at->at.epochs}, cell_of(at->at.data), cell_of(at->at.width), cell_of(at->at.resolution),
         cost ? cell_of(cost->seconds) : Cell(), cost ? cell_of(cost->device_seconds) : Cell(),
         std::int64_t{at->attempt}, cell_of(at->worker), cell_of(at->host),
         at->failure == trial::Failure::none ? Cell() : Cell(trial::to_string(at->failure)), cell_of(at->reason)});
  }
  row.push_back(cell_of(standing.what->note));
  return row;
}

/// Whole columns of one value tell nothing: fidelity shares that are all 1 are left out, and feasibility where there
/// are no limits, the value where it is the first objective.
void drop_idle(TrialTable& table, const trial::Judge& judge) {
  const auto& limits = judge.limits().all();
  const bool soft = std::any_of(limits.begin(), limits.end(), [](const auto& limit) { return limit.weight; });
  const bool hard = std::any_of(limits.begin(), limits.end(), [](const auto& limit) { return !limit.weight; });
  for (std::size_t c = table.columns.size(); c-- > 0;) {
    const auto& key = table.columns[c].key;
    const bool share =
        table.columns[c].group == Group::cost && (key == "data" || key == "width_share" || key == "resolution_share");
    const bool judged = table.columns[c].group == Group::trial &&
                        (((key == "feasible" || key == "violation") && !hard) || (key == "value" && !soft));
    if (!share && !judged) continue;
    const bool idle = judged || std::all_of(table.rows.begin(), table.rows.end(), [c](const auto& row) {
                        return std::holds_alternative<std::monostate>(row[c]) || row[c] == Cell(1.0);
                      });
    if (!idle) continue;
    const auto at = static_cast<std::ptrdiff_t>(c);
    table.columns.erase(table.columns.begin() + at);
    for (auto& row : table.rows) row.erase(row.begin() + at);
  }
}

/// The front and the best by value, then the newest; back in the order of their numbers. Fidelities are not mixed.
void cut(std::vector<const trial::Standing*>& trials, std::size_t limit, const trial::Judge& judge) {
  if (limit == 0 || trials.size() <= limit || judge.objectives().empty()) return;
  const double sign = judge.first().maximise ? 1 : -1;
  const auto key = [&](const trial::Standing* standing) {
    const bool ranks = standing->comparable && standing->feasible;
    return std::tuple(!standing->front, !ranks, ranks ? -sign * *standing->value : 0.0, -standing->trial->id);
  };
  std::stable_sort(trials.begin(), trials.end(), [&](const auto* a, const auto* b) { return key(a) < key(b); });
  trials.resize(limit);
  std::sort(trials.begin(), trials.end(), [](const auto* a, const auto* b) { return a->trial->id < b->trial->id; });
}

Json json_of(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          return nullptr;
        } else {
          return value;
        }
      },
      cell);
}

const char* name_of(Group group) {
  switch (group) {
    case Group::trial:
      return "trial";
    case Group::metric:
      return "metric";
    case Group::parameter:
      return "parameter";
    case Group::cost:
      return "cost";
  }
  return "";
}

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::number:
      return "number";
    case Kind::seconds:
      return "seconds";
    case Kind::text:
      return "text";
  }
  return "";
}

}  // namespace

TrialTable trial_table(const trial::StudyView& view, std::size_t limit) {
  const trial::Standings standings(view);
  std::vector<const trial::Standing*> trials;
  for (const auto& standing : standings.all()) {
    if (standing.trial != nullptr) trials.push_back(&standing);
  }
  TrialTable table;
  table.total = static_cast<std::int64_t>(trials.size());
  cut(trials, limit, view.judge());
  const auto names = names_of(trials, view.judge());
  table.columns = columns_of(names);
  table.rows.reserve(trials.size());
  for (const auto* trial : trials) table.rows.push_back(row_of(*trial, names));
  drop_idle(table, view.judge());
  return table;
}

std::string to_text(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&cell)) return exchange::csv_number(*number);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return "";
}

std::string to_csv(const TrialTable& table) {
  std::vector<std::string> fields;
  for (const auto& column : table.columns) fields.push_back(column.key);
  auto text = exchange::csv_line(fields);
  for (const auto& row : table.rows) {
    fields.clear();
    for (const auto& cell : row) fields.push_back(to_text(cell));
    text += exchange::csv_line(fields);
  }
  return text;
}

Json to_json(const TrialTable& table) {
  Json list = Json::array();
  for (const auto& row : table.rows) {
    Json entry = Json::object();
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (std::holds_alternative<std::monostate>(row[c])) continue;
      const auto& column = table.columns[c];
      if (column.group == Group::metric) {
        entry["metrics"][column.label] = json_of(row[c]);
      } else if (column.group == Group::parameter) {
        entry["parameters"][column.label] = json_of(row[c]);
      } else if (column.key == "feasible") {
        entry["feasible"] = row[c] == Cell("yes");
      } else {
        entry[column.key] = json_of(row[c]);
      }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json to_columns(const TrialTable& table) {
  Json json = {{"columns", Json::array()}, {"values", Json::array()}, {"total", table.total}};
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const auto& column = table.columns[c];
    json["columns"].push_back({{"key", column.key},
                               {"label", column.label},
                               {"group", name_of(column.group)},
                               {"kind", name_of(column.kind)}});
    Json values = Json::array();
    for (const auto& row : table.rows) values.push_back(json_of(row[c]));
    json["values"].push_back(std::move(values));
  }
  return json;
}

}  // namespace assay::report
