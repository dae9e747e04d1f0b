// Labels and targets of tables, and the items of external data.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/table.hpp"

namespace assay::data {
namespace {

/// How many different values make non-integer numbers a regression target rather than classes.
constexpr std::size_t many = 20;

struct Values {
  std::set<std::string_view> different;
  bool numbers = true, whole = true;
};

Values look(const Csv& csv, std::size_t first, std::size_t column, const std::string& name) {
  Values values;
  for (auto row = first; row < csv.rows(); ++row) {
    const auto field = csv.at(row, column);
    // "+" and "-" are common classes.
    if (is_missing(field) && field != "-")
      csv.fail(row, "the target \"{}\" is missing; remove the row or fill it in", name);
    values.different.insert(field);
    double number = 0;
    if (!parse_number(field, number)) {
      csv.check_name(row, field, "class name");
      values.numbers = false;
    }
    if (number != std::trunc(number)) values.whole = false;
  }
  return values;
}

Task choose_task(const Values& values, const Request& request) {
  if (request.train) return request.train->task;
  const auto wanted = request.config.text("data.task");
  if (wanted == "regression") return Task::regression;
  if (wanted == "classification") return Task::classification;
  return values.numbers && !values.whole && values.different.size() > many ? Task::regression : Task::classification;
}

std::vector<std::string> sorted_classes(const Values& values) {
  std::vector<std::string> names(values.different.begin(), values.different.end());
  if (!values.numbers) return names;
  const auto number = [](const std::string& text) {
    double value = 0;
    parse_number(text, value);
    return value;
  };
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return number(a) < number(b); });
  return names;
}

void read_labels(const Csv& csv, std::size_t first, std::size_t column, const std::string& name, Dataset& dataset) {
  std::map<std::string, std::int32_t, std::less<>> label;
  for (const auto& each : dataset.class_names) label.emplace(each, static_cast<std::int32_t>(label.size()));
  for (auto row = first; row < csv.rows(); ++row) {
    auto field = csv.at(row, column);
    auto found = label.find(field);
    if (found == label.end() && field.ends_with('.')) {  // the test file of UCI's adult ends its labels in "."
      found = label.find(field.substr(0, field.size() - 1));
    }
    if (found == label.end()) {
      csv.fail(row,
               "class \"{}\" of \"{}\" does not occur in the training data; correct the row, or add training rows of "
               "that class",
               field, name);
    }
    dataset.labels.push_back(found->second);
  }
}

}  // namespace

void read_target(const Csv& csv, std::size_t first, std::size_t column, const std::string& name, const Request& request,
                 Dataset& dataset) {
  const auto values = look(csv, first, column, name);
  dataset.task = choose_task(values, request);
  if (dataset.task == Task::classification) {
    dataset.class_names = request.train ? request.train->class_names : sorted_classes(values);
    const auto rows = csv.rows() - first;
    if (!request.train && rows > 50 && dataset.class_names.size() > rows / 2) {
      fail_at(csv.file(),
              "the target \"{}\" has {} different values in {} rows; if it is a quantity, set data.task = "
              "\"regression\", if it is another column, set data.target",
              name, dataset.class_names.size(), rows);
    }
    return read_labels(csv, first, column, name, dataset);
  }
  for (auto row = first; row < csv.rows(); ++row) {
    double number = 0;
    if (!parse_number(csv.at(row, column), number))
      csv.fail(row, "the target \"{}\" is \"{}\", but a number is needed for regression", name, csv.at(row, column));
    dataset.targets.push_back(csv.to_float(row, number, name));
  }
}

std::size_t take_header(const Csv& csv, const config::Config& config, std::vector<std::string>& names) {
  const auto wanted = config.text("data.header");
  const auto repeats = [&](std::size_t column) {
    for (std::size_t row = 1; row < csv.rows(); ++row) {
      if (csv.at(row, column) == csv.at(0, column)) return true;
    }
    return false;
  };
  bool header = wanted == "yes", no_numbers = true, named = false, repeated = false;
  for (std::size_t c = 0; wanted == "auto" && c < csv.columns(); ++c) {
    double number = 0;
    const auto title = csv.at(0, c);
    for (const char* key : {"data.target", "data.group", "data.label", "data.id"})
      named |= !title.empty() && !parse_number(title, number) && config.text(key) == title;
    if (is_missing(title) || parse_number(title, number)) {
      no_numbers = false;
      continue;
    }
    bool numeric = csv.rows() > 1, numbers = false;
    for (std::size_t row = 1; row < csv.rows() && numeric; ++row) {
      const bool is_number = parse_number(csv.at(row, c), number);
      numbers |= is_number;
      numeric = is_number || is_missing(csv.at(row, c));
    }
    numeric &= numbers;
    header |= numeric;
    repeated |= !numeric && repeats(c);
  }
  header |= wanted == "auto" && (named || (no_numbers && !repeated && csv.rows() > 1));
  names.clear();
  for (std::size_t c = 0; header && c < csv.columns(); ++c) csv.check_name(0, csv.at(0, c), "header");
  for (std::size_t c = 0; c < csv.columns(); ++c)
    names.push_back(header ? std::string(csv.at(0, c)) : fmt::format("column {}", c));
  const std::size_t first = header ? 1 : 0;
  if (csv.rows() == first) fail_at(csv.file(), "holds a header but no rows");
  return first;
}

Dataset read_external(const Request& request) {
  const auto& config = request.config;
  Dataset dataset;
  const char* key = request.part == Part::train ? "data.items" : "data.valid";
  if (request.part == Part::valid && !config.has(key)) {
    if (request.train) dataset.task = request.train->task, dataset.class_names = request.train->class_names;
    dataset.sha256 = base::sha256("");
    return dataset;
  }
  const Csv csv(read_content(config.text(key), config), config.text("data.delimiter").front());
  dataset.sha256 = csv.sha256();
  std::vector<std::string> names;
  const auto first = take_header(csv, config, names);
  const auto column = [&](const char* which) -> std::optional<std::size_t> {
    if (!config.has(which) || config.text(which).empty()) return {};
    return find_column(config.node(which), config.text(which), names);
  };
  if (const auto id = column("data.id")) {
    std::map<std::string_view, std::size_t> seen;
    for (auto row = first; row < csv.rows(); ++row) {
      const auto [other, fresh] = seen.emplace(csv.at(row, *id), row);
      if (!fresh)
        csv.fail(row, "the id \"{}\" stands already in line {}; ids must differ", csv.at(row, *id),
                 csv.line(other->second));
    }
  }
  if (const auto group = column("data.group")) {
    for (auto row = first; row < csv.rows(); ++row) dataset.groups.emplace_back(csv.at(row, *group));
  }
  if (const auto label = column("data.label")) {
    read_target(csv, first, *label, names[*label], request, dataset);
  } else {  // nothing to stratify by: one class
    dataset.class_names = {"item"};
    dataset.labels.assign(csv.rows() - first, 0);
  }
  return dataset;
}

}  // namespace assay::data
