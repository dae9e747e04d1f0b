// CSV tables: columns to numbers.
#include "data/table.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>

#include "base/log.hpp"
#include "base/text.hpp"

namespace assay::data {
namespace {

constexpr std::size_t most_categories = 1000;
constexpr const char* missing_category = "?";

/// Column numbers that a list of [data] names.
std::set<std::size_t> listed_columns(const config::Config& config, const char* key,
                                     const std::vector<std::string>& names) {
  std::set<std::size_t> columns;
  const auto wanted = config.texts(key);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    columns.insert(find_column(config.node(key).items()[i].second, wanted[i], names));
  return columns;
}

/// Numeric if all values but missing ones are numbers and the user did not say otherwise.
Column look_at_column(const Csv& csv, std::size_t first, std::size_t index, const std::string& name, bool categorical) {
  Column column{.index = index, .name = name};
  double sum = 0;
  std::size_t count = 0, texts = 0;
  std::set<std::string_view> different;
  std::optional<std::size_t> text_row;
  for (auto row = first; row < csv.rows(); ++row) {
    const auto field = csv.at(row, index);
    double number = 0;
    if (is_missing(field)) {
      different.insert(missing_category);
      continue;
    }
    different.insert(field);
    if (parse_number(field, number)) {
      sum += number, ++count;
      continue;
    }
    csv.check_name(row, field, "value");  // becomes part of a feature's name
    ++texts;
    if (!text_row) text_row = row;
  }
  if (!text_row && !categorical) {
    column.mean = count > 0 ? sum / static_cast<double>(count) : 0;
    return column;
  }
  if (different.size() > most_categories) {
    const auto why = text_row
                         ? fmt::format("\"{}\" in line {} is no number", csv.at(*text_row, index), csv.line(*text_row))
                         : "listed in data.categorical";
    fail_at(csv.file(),
            "column \"{}\" has {} different categories ({}); leave it out with data.ignore, or correct the value", name,
            different.size(), why);
  }
  if (!categorical && count > texts) {
    base::log_warning(
        "{}:{}: column \"{}\" holds \"{}\", but mostly numbers; its values are taken as categories. Correct the value, "
        "leave it empty if it is missing, or list the column in data.categorical",
        csv.file().string(), csv.line(*text_row), name, csv.at(*text_row, index));
  }
  column.categories.assign(different.begin(), different.end());
  return column;
}

std::shared_ptr<const TableEncoding> settle(const Csv& csv, const config::Config& config,
                                            std::vector<std::string> names, std::size_t first) {
  auto encoding = std::make_shared<TableEncoding>();
  encoding->header = first > 0;
  const auto target = config.text("data.target"), group = config.text("data.group");
  encoding->target = target.empty() ? names.size() - 1 : find_column(config.node("data.target"), target, names);
  if (!group.empty()) encoding->group = find_column(config.node("data.group"), group, names);
  const auto categorical = listed_columns(config, "data.categorical", names),
             ignored = listed_columns(config, "data.ignore", names);
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (c == encoding->target || encoding->group == c || ignored.contains(c)) continue;
    encoding->columns.push_back(look_at_column(csv, first, c, names[c], categorical.contains(c)));
  }
  if (encoding->columns.empty())
    fail_at(csv.file(), "has no feature columns besides the target; check [data] delimiter (it is \"{}\")",
            config.text("data.delimiter"));
  encoding->names = std::move(names);
  return encoding;
}

void encode_numeric(const Csv& csv, std::size_t first, const Column& column, float* to, std::size_t stride) {
  for (auto row = first; row < csv.rows(); ++row, to += stride) {
    const auto field = csv.at(row, column.index);
    double number = column.mean;
    if (!is_missing(field) && !parse_number(field, number)) {
      csv.fail(row, "column \"{}\" holds \"{}\", but the training file has only numbers there", column.name, field);
    }
    *to = csv.to_float(row, number, column.name);
  }
}

std::size_t encode_categories(const Csv& csv, std::size_t first, const Column& column, float* to, std::size_t stride) {
  std::size_t unseen = 0;
  const auto& known = column.categories;
  for (auto row = first; row < csv.rows(); ++row, to += stride) {
    const auto field =
        is_missing(csv.at(row, column.index)) ? std::string_view(missing_category) : csv.at(row, column.index);
    const auto at = std::lower_bound(known.begin(), known.end(), field);
    if (at != known.end() && *at == field) {
      to[at - known.begin()] = 1;
    } else {
      ++unseen;
    }
  }
  return unseen;
}

void encode(const Csv& csv, std::size_t first, const TableEncoding& encoding, Dataset& dataset) {
  for (const auto& column : encoding.columns) {
    if (column.categories.empty()) dataset.feature_names.push_back(column.name);
    for (const auto& category : column.categories) dataset.feature_names.push_back(column.name + "=" + category);
  }
  const auto stride = dataset.feature_names.size();
  dataset.values.assign((csv.rows() - first) * stride, 0);
  std::size_t offset = 0;
  for (const auto& column : encoding.columns) {
    if (column.categories.empty()) {
      encode_numeric(csv, first, column, dataset.values.data() + offset, stride);
      offset += 1;
      continue;
    }
    const auto unseen = encode_categories(csv, first, column, dataset.values.data() + offset, stride);
    if (unseen > 0) {
      base::log_warning(
          "{}: {} rows have a value of column \"{}\" that the training data lack; they count as none of its categories",
          csv.file().string(), unseen, column.name);
    }
    offset += column.categories.size();
  }
}

/// The validation file must have the training file's columns; its header, if any, is that of the training file.
std::size_t match_header(const Csv& csv, const TableEncoding& encoding) {
  if (csv.columns() != encoding.names.size()) {
    csv.fail(0, "has {} columns, but the training file has {}", csv.columns(), encoding.names.size());
  }
  if (!encoding.header) return 0;
  std::size_t equal = 0;
  for (std::size_t c = 0; c < csv.columns(); ++c) equal += csv.at(0, c) == encoding.names[c];
  if (equal == csv.columns()) return 1;
  if (equal > 0) csv.fail(0, "this header differs from the training file's; bring the columns into the same order");
  return 0;
}

Csv load(const Request& request) {
  const auto delimiter = request.config.text("data.delimiter").front();
  return Csv(read_content(request.config.text(request.key()), request.config), delimiter);
}

}  // namespace

Dataset read_csv(const Request& request) {
  const auto csv = load(request);
  Dataset dataset;
  dataset.sha256 = csv.sha256();
  std::size_t first = 0;
  if (request.train) {
    base::require(request.train->encoding != nullptr, "the training part was not read from a table");
    dataset.encoding = request.train->encoding;
    first = match_header(csv, *dataset.encoding);
    if (csv.rows() == first) fail_at(csv.file(), "holds a header but no rows");
  } else {
    std::vector<std::string> names;
    first = take_header(csv, request.config, names);
    dataset.encoding = settle(csv, request.config, std::move(names), first);
  }
  const auto& encoding = *dataset.encoding;
  read_target(csv, first, encoding.target, encoding.names[encoding.target], request, dataset);
  if (encoding.group) {
    for (auto row = first; row < csv.rows(); ++row) dataset.groups.emplace_back(csv.at(row, *encoding.group));
  }
  encode(csv, first, encoding, dataset);
  const auto features = static_cast<std::int64_t>(dataset.feature_names.size());
  dataset.shape = wanted_shape(request.config);
  if (dataset.shape.empty()) dataset.shape = {features};
  if (base::element_count(dataset.shape) != features) {
    request.config.node("data.shape")
        .fail(fmt::format("{} is {} values, but the rows of {} have {} features", base::shape_text(dataset.shape),
                          base::element_count(dataset.shape), csv.file().string(), features));
  }
  return dataset;
}

}  // namespace assay::data
