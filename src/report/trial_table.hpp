// All trials of a study as one table: a row per trial, a column per parameter, metric and fact. `assay trials`, the CSV
// and JSON files and the page are made from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json_fwd.hpp"
#include "trial/standing.hpp"

namespace assay::report {

using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

struct Column {
  enum class Group { trial, metric, parameter, cost };
  enum class Kind { number, seconds, text };
  std::string
      key;  ///< unique; named like another column, a parameter becomes "param.<name>", a metric "metrics.<name>"
  std::string label;  ///< the name itself, for people
  Group group = Group::trial;
  Kind kind = Kind::text;
};

struct TrialTable {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< by trial number
  std::int64_t total = 0;               ///< trials of the study; more than rows where the table was cut
};

/// Each trial as it is shown (study/standing): its highest finished rung with the parameters measured there, and the
/// cost of all its rungs; mark, feasibility and violation by the one truth. Metrics of the objectives stand first. With
/// `limit` > 0 at most that many rows: the front, the best by value, then the newest.
TrialTable trial_table(const trial::StudyView& view, std::size_t limit = 0);

/// "" for an empty cell; numbers so that they read back exactly.
std::string to_text(const Cell& cell);
std::string to_csv(const TrialTable& table);
/// A list with one object per trial: {"trial": 3, "state": "done", ..., "parameters": {...}, "metrics": {...}}.
base::Json to_json(const TrialTable& table);
/// By columns, as the page reads it: {"columns": [...], "values": [[...], ...], "total": n}.
base::Json to_columns(const TrialTable& table);

}  // namespace assay::report
