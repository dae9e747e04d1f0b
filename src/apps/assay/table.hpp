// Tables of trials that people write or tools export: CSV with a head, JSON, key=value words; and the points of a space
// that their rows are.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "space/space.hpp"

namespace assay::apps {

/// Cells by column; a cell of a CSV table is text. Empty cells are left out. Nested JSON tables become dotted columns.
struct Row {
  std::string place;  ///< "points.csv:4" or "points.json, entry 3"
  std::map<std::string, base::Json> cells;
};

/// A file, "-" (standard input), CSV or JSON by its content: a table with a head, an object, or a list of objects.
/// Error(data) says what is wrong where.
std::vector<Row> read_table(const std::string& file);
/// One row of key=value words.
Row row_of(const std::vector<std::string>& words);

/// The parameter that a column means: its full name, or its last part where that is clear; "params." may stand before
/// it, or Optuna's "params_". Nothing if there is none; Error(config) where there are several.
std::optional<std::string> parameter_of(const space::Space& space, const std::string& column);

/// A value as somebody wrote it, in the parameter's own type where it fits.
space::Value value_of(const space::Parameter& parameter, const base::Json& cell);

/// The point that the cells describe (parameter name -> cell); defaults for parameters without one. Error(config) at
/// `place` names the parameter.
space::Params point_of(const space::Space& space, const std::map<std::string, base::Json>& cells,
                       const std::string& place);

}  // namespace assay::apps
