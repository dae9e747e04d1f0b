#include "exchange/table.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/csv.hpp"
#include "exchange/dialect.hpp"
#include "os/file.hpp"
#include "space/domain.hpp"

namespace assay::exchange {
namespace {

using base::Exit;
using base::Json;

std::string read_all(const std::string& file) {
  if (file == "-") return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const auto text = os::try_read_file(file);
  if (!text) base::fail(Exit::config, "there is no file {}", file);
  return *text;
}

void flatten(const Json& json, const std::string& prefix, std::map<std::string, Json>& cells) {
  for (const auto& [key, value] : json.items()) {
    const auto name = prefix.empty() ? key : prefix + "." + key;
    if (value.is_object()) {
      flatten(value, name, cells);
    } else if (!value.is_null()) {
      cells[name] = value;
    }
  }
}

/// A key that is written twice would lose its first value.
Json parse(const std::string& text, const std::string& name) {
  std::vector<std::set<std::string>> keys;
  return Json::parse(text, [&](int, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      base::fail(Exit::data, "{}: \"{}\" stands twice in the same object", name, value.get<std::string>());
    return true;
  });
}

/// {"lr": {"0": 0.1, "1": 0.2}, ...}: columns by row number.
bool is_by_columns(const Json& json) {
  return !json.empty() && std::all_of(json.begin(), json.end(), [](const Json& column) {
    if (!column.is_object() || column.empty()) return false;
    bool numbers = true;
    for (const auto& [row, cell] : column.items()) numbers = numbers && base::integer_in(row).has_value();
    return numbers;
  });
}

Json by_rows(const Json& columns) {
  std::map<std::int64_t, Json> rows;
  for (const auto& [column, cells] : columns.items()) {
    for (const auto& [row, cell] : cells.items()) rows[*base::integer_in(row)][column] = cell;
  }
  auto list = Json::array();
  for (auto& [number, row] : rows) list.push_back(std::move(row));
  return list;
}

/// The list of trials that an object holds, under a name that tools give it; else the object is one row.
Json list_in(Json json) {
  for (const auto* name : {"trials", "trialMessage", "runs", "results", "data"}) {
    const auto found = json.find(name);
    if (found != json.end() && found->is_array() && !found->empty() && found->front().is_object()) return *found;
  }
  return is_by_columns(json) ? by_rows(json) : Json::array({std::move(json)});
}

std::vector<Row> json_rows(Json json, const std::string& name) {
  if (json.is_object()) json = list_in(std::move(json));
  std::vector<Row> rows;
  for (const auto& entry : json) {
    Row row{fmt::format("{}, entry {}", name, rows.size() + 1), {}};
    if (!entry.is_object())
      base::fail(Exit::data, "{}: a JSON object is expected, found {:.60}", row.place, entry.dump());
    flatten(entry, "", row.cells);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> csv_rows(const std::string& text, const std::string& name) {
  const auto head = text.substr(0, text.find('\n'));
  const char delimiter = head.find(',') != std::string::npos    ? ','
                         : head.find(';') != std::string::npos  ? ';'
                         : head.find('\t') != std::string::npos ? '\t'
                                                                : ',';
  const data::Csv csv({.file = name, .bytes = {text.begin(), text.end()}, .sha256 = {}}, delimiter);
  std::set<std::string_view> names;
  for (std::size_t c = 0; c < csv.columns(); ++c) {
    if (!csv.at(0, c).empty() && !names.insert(csv.at(0, c)).second)
      csv.fail(0, "the column {} is there twice: which one counts?", csv.at(0, c));
  }
  std::vector<Row> rows;
  for (std::size_t r = 1; r < csv.rows(); ++r) {
    Row row{fmt::format("{}:{}", name, csv.line(r)), {}};
    for (std::size_t c = 0; c < csv.columns(); ++c) {
      // Columns without a name are row numbers, as pandas writes them.
      if (csv.at(0, c).empty() || csv.at(r, c).empty()) continue;
      const std::string column(csv.at(0, c)), cell(csv.at(r, c));
      const auto table = cell.front() == '{' ? literal_in(cell) : std::nullopt;
      if (table && table->is_object())
        flatten(*table, column, row.cells);
      else
        row.cells[column] = cell;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// One object per line, more than one line: as NNI and Ray Tune log.
bool is_json_lines(const std::string& text) {
  if (text.front() != '{' || Json::accept(text)) return false;
  const auto first = text.substr(0, text.find('\n'));
  return Json::accept(first);
}

std::vector<Row> line_rows(const std::string& text, const std::string& name) {
  std::vector<Row> rows;
  int number = 0;
  for (const auto& line : base::split(text, '\n')) {
    ++number;
    if (base::trim(line).empty()) continue;
    Row row{fmt::format("{}:{}", name, number), {}};
    const auto entry = parse(line, row.place);
    if (!entry.is_object())
      base::fail(Exit::data, "{}: a JSON object is expected, found {:.60}", row.place, entry.dump());
    flatten(entry, "", row.cells);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::optional<Json> literal_in(const std::string& text) {
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) json = Json::parse(json_of_python(text), nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::pair<std::string, std::string> cut_pair(const std::string& word, const std::string& example) {
  const auto equals = word.find('=');
  if (equals == std::string::npos || equals == 0) base::fail(Exit::config, "\"{}\": write {}", word, example);
  return {std::string(base::trim(word.substr(0, equals))), std::string(base::trim(word.substr(equals + 1)))};
}

std::vector<Row> read_table(const std::string& file) {
  const auto text = read_all(file);
  const auto name = file == "-" ? "standard input" : file;
  const auto first = base::trim(text).substr(0, 1);
  if (first.empty()) base::fail(Exit::data, "{} is empty", name);
  if (first != "{" && first != "[") return csv_rows(text, name);
  try {
    return is_json_lines(text) ? line_rows(text, name) : json_rows(parse(text, name), name);
  } catch (const Json::exception& error) {
    base::fail(Exit::data, "{} is no JSON: {}", name, error.what());
  }
}

Row row_of(const std::vector<std::string>& words) {
  Row row{"the command line", {}};
  for (const auto& word : words) {
    const auto [key, value] = cut_pair(word, "key=value, or name a file");
    if (!row.cells.emplace(key, value).second) base::fail(Exit::config, "{} is given twice on the command line", key);
  }
  return row;
}

std::optional<std::string> parameter_of(const space::Space& space, const std::string& column) {
  if (space.find(column) != nullptr) return column;
  const auto written = parameter_part(column).value_or(column);
  if (space.find(written) != nullptr) return written;
  std::vector<std::string> ends;
  for (const auto& parameter : space.parameters()) {
    if (parameter.name.ends_with("." + written)) ends.push_back(parameter.name);
  }
  if (ends.size() > 1)
    base::fail(Exit::config, "{} may mean {}; write the full name", column, base::join(ends, " or "));
  if (ends.empty()) return std::nullopt;
  return ends.front();
}

bool says_nothing(const std::string& text) { return data::is_missing(text) || text == "None" || text == "<NA>"; }

bool says_nothing(const space::Parameter& parameter, const Json& cell) {
  if (!cell.is_string()) return cell.is_null();
  const auto text = cell.get<std::string>();
  const auto& items = parameter.domain.items;
  const bool meant =
      std::any_of(items.begin(), items.end(), [&](const auto& item) { return space::to_text(item) == text; });
  return !meant && says_nothing(text);
}

namespace {

/// True and False as other languages write them, where the domain has nothing else.
std::optional<bool> flag_of(const space::Domain& domain, const std::string& text) {
  const auto& items = domain.items;
  const bool flags = domain.kind == space::Kind::choice &&
                     std::all_of(items.begin(), items.end(), [](const auto& item) { return item.index() == 0; });
  if (!flags) return std::nullopt;
  if (text == "True" || text == "TRUE" || text == "1" || text == "1.0") return true;
  if (text == "False" || text == "FALSE" || text == "0" || text == "0.0") return false;
  return std::nullopt;
}

}  // namespace

space::Value value_of(const space::Parameter& parameter, const Json& cell) {
  const auto& domain = parameter.domain;
  if (!cell.is_string()) {
    // What a tool wrote as a number may be a text here: 7 for "7"; and 1 for true.
    for (const auto& item : domain.items) {
      const auto* label = std::get_if<std::string>(&item);
      if (label != nullptr && !cell.is_array() && *label == cell.dump()) return item;
    }
    if (const auto flag = flag_of(domain, cell.dump()); flag && !cell.is_boolean()) return *flag;
    return space::params_from_json({{parameter.name, cell}}).at(parameter.name);
  }
  const auto text = cell.get<std::string>();
  if (domain.kind == space::Kind::subset) {
    const auto list = text.starts_with('[') || text.starts_with('(') ? literal_in(text) : std::nullopt;
    if (list) return space::params_from_json({{parameter.name, *list}}).at(parameter.name);
    return base::split(text, '+');
  }
  for (const auto& item : domain.items) {
    if (space::to_text(item) == text) return item;
  }
  if (const auto flag = flag_of(domain, text)) return *flag;
  if (const auto integer = base::integer_in(text)) return *integer;
  if (const auto number = base::number_in(text)) return *number;
  if (domain.kind != space::Kind::choice) base::fail(Exit::config, "{}: \"{}\" is no number", parameter.name, text);
  return text;
}

space::Params point_of(const space::Space& space, const std::map<std::string, Json>& cells, const std::string& place,
                       std::vector<std::string>* idle) {
  try {
    space::Params written;
    for (const auto& [name, cell] : cells) written[name] = value_of(*space.find(name), cell);
    auto params = space.with_defaults(written);
    for (const auto& [name, value] : written) {
      if (params.contains(name)) continue;
      if (idle == nullptr) base::fail(Exit::config, "{} does not exist with the other values of this point", name);
      idle->push_back(name);
    }
    params = space.normalise(params);
    space.check(params);
    return params;
  } catch (const base::Error& error) {
    throw base::Error(Exit::config, place + ": " + error.what()).with_nearest(error.nearest());
  }
}

}  // namespace assay::exchange
