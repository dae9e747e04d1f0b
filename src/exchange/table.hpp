// Tables of trials that people write or tools export: CSV with a head, JSON, key=value words; and the points of a space
// that their rows are.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "space/space.hpp"

namespace assay::exchange {

/// Cells by column; a cell of a CSV table is text. Empty cells are left out. Nested JSON tables become dotted columns.
struct Row {
  std::string place;  ///< "points.csv:4" or "points.json, entry 3"
  std::map<std::string, base::Json> cells;
};

/// A file, "-" (standard input), by its content: CSV with a head, JSON (an object, a list of objects, an object that
/// holds such a list, columns by row number as pandas writes them) or JSON lines. Error(data) says what is wrong where.
std::vector<Row> read_table(const std::string& file);
/// What a cell's text holds: JSON, or a value as Python writes it ("{'lr': 0.1}", "('a', 'b')"). Nothing for other
/// text.
std::optional<base::Json> literal_in(const std::string& text);
/// "key=value" cut at the first "=". Error(config) with `example` where there is none.
std::pair<std::string, std::string> cut_pair(const std::string& word, const std::string& example);
/// One row of key=value words.
Row row_of(const std::vector<std::string>& words);

/// The parameter that a column means: its full name, or its last part where that is clear; what tools put before
/// parameters ("params.", "config/", "p:", ...) may stand there. Nothing if there is none; Error(config) where there
/// are several.
std::optional<std::string> parameter_of(const space::Space& space, const std::string& column);

/// Words that stand for a missing value in a table: "nan", "None", "null", ...
bool says_nothing(const std::string& text);
/// True for the text of a cell that says there is no value: "nan", "None", "null", ..., unless the parameter has it.
bool says_nothing(const space::Parameter& parameter, const base::Json& cell);

/// A value as somebody wrote it, in the parameter's own type where it fits.
space::Value value_of(const space::Parameter& parameter, const base::Json& cell);

/// The point that the cells describe (parameter name -> cell); defaults for parameters without one. Error(config) at
/// `place` names the parameter. With `idle`, cells of parameters that do not exist with the other values of the point
/// are named there; without it they are an error.
space::Params point_of(const space::Space& space, const std::map<std::string, base::Json>& cells,
                       const std::string& place, std::vector<std::string>* idle = nullptr);

}  // namespace assay::exchange
