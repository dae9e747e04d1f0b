#include "apps/assay/table.hpp"

#include <iostream>
#include <iterator>
#include <set>

#include "apps/assay/by_hand.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "data/csv.hpp"
#include "os/file.hpp"
#include "space/domain.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using base::Json;

std::string read_all(const std::string& file) {
  if (file == "-") return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const auto text = os::try_read_file(file);
  if (!text) base::fail(Exit::config, "there is no file {} (and without \"=\" it is no key=value)", file);
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

std::vector<Row> json_rows(Json json, const std::string& name) {
  if (json.is_object()) json = Json::array({std::move(json)});
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
      if (!csv.at(0, c).empty() && !csv.at(r, c).empty())
        row.cells[std::string(csv.at(0, c))] = std::string(csv.at(r, c));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<Row> read_table(const std::string& file) {
  const auto text = read_all(file);
  const auto name = file == "-" ? "standard input" : file;
  const auto first = base::trim(text).substr(0, 1);
  if (first.empty()) base::fail(Exit::data, "{} is empty", name);
  if (first != "{" && first != "[") return csv_rows(text, name);
  try {
    return json_rows(parse(text, name), name);
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
  auto written = column;
  for (const std::string prefix : {"params.", "parameters.", "params_"}) {
    if (space.find(written) == nullptr && written.starts_with(prefix)) written.erase(0, prefix.size());
  }
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

space::Value value_of(const space::Parameter& parameter, const Json& cell) {
  if (!cell.is_string()) return space::params_from_json({{parameter.name, cell}}).at(parameter.name);
  const auto text = cell.get<std::string>();
  const auto& domain = parameter.domain;
  if (domain.kind == space::Kind::subset) return base::split(text, '+');
  for (const auto& item : domain.items) {
    if (space::to_text(item) == text) return item;
  }
  if (const auto integer = base::integer_in(text)) return *integer;
  if (const auto number = base::number_in(text)) return *number;
  if (domain.kind != space::Kind::choice) base::fail(Exit::config, "{}: \"{}\" is no number", parameter.name, text);
  return text;
}

space::Params point_of(const space::Space& space, const std::map<std::string, Json>& cells, const std::string& place) {
  try {
    space::Params written;
    for (const auto& [name, cell] : cells) written[name] = value_of(*space.find(name), cell);
    auto params = space.with_defaults(written);
    for (const auto& [name, value] : written) {
      if (!params.contains(name)) {
        base::fail(Exit::config, "{} does not exist with the other values of this point", name);
      }
    }
    space.check(params);
    return params;
  } catch (const base::Error& error) {
    throw base::Error(Exit::config, place + ": " + error.what()).with_nearest(error.nearest());
  }
}

}  // namespace assay::apps
