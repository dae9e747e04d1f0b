#include "exchange/columns.hpp"

#include <algorithm>
#include <optional>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "exchange/dialect.hpp"
#include "exchange/likeness.hpp"

namespace assay::exchange {
namespace {

using base::Exit;
using base::Json;
using Role = Column::Role;

constexpr std::size_t most_samples = 50;

bool is_number(const Json& cell) {
  if (cell.is_number() || cell.is_boolean()) return true;
  return cell.is_string() && (base::number_in(cell.get<std::string>()) || says_nothing(cell.get<std::string>()));
}

bool is_list_of_tables(const Json& json) {
  return json.is_array() && !json.empty() &&
         std::all_of(json.begin(), json.end(), [](const Json& entry) { return entry.is_object(); });
}

std::string leave_out(const std::string& column) { return base::command({"--map", column + "="}); }

}  // namespace

ColumnMap column_map(const std::vector<std::string>& words) {
  ColumnMap map;
  for (const auto& word : words) {
    const auto [from, to] = cut_pair(word, "--map OLD=NEW (OLD= leaves a column out)");
    map[from] = to;
  }
  return map;
}

Columns::Columns(const std::vector<Row>& rows, const space::Space& space, const std::set<std::string>& wanted,
                 const ColumnMap& map, const std::string& source)
    : space_(space), wanted_(wanted), source_(source) {
  for (const auto& row : rows) {
    for (const auto& [column, cell] : row.cells) {
      auto& samples = samples_[column];
      if (samples.size() < most_samples) samples.push_back(cell);
    }
  }
  for (const auto& [column, now] : map) {
    if (samples_.contains(column)) continue;
    std::vector<std::string> names;
    for (const auto& [name, samples] : samples_) names.push_back(name);
    const auto near = base::nearest_word(column, names);
    base::fail(Exit::config, "--map {}={}: {} has no column {}{}", column, now, source, column,
               near.empty() ? "" : " (did you mean " + near + "?)");
  }
  std::set<std::string> mapped_to;
  for (const auto& [column, now] : map) mapped_to.insert(now);
  for (const auto& [column, samples] : samples_) {
    const auto found = map.find(column);
    marked_ = marked_ || parameter_part(found == map.end() ? column : found->second).has_value();
  }
  for (const auto& [column, samples] : samples_) {
    const auto found = map.find(column);
    if (found == map.end()) {
      // A mapped column goes before one that has the name already.
      columns_[column] = mapped_to.contains(column) ? Column{Role::ignored, "", "mapped"} : role_of(column, samples);
    } else if (found->second.empty()) {
      columns_[column] = {Role::ignored, "", "mapped"};
    } else {
      const auto& now = found->second;
      columns_[column] = role_of(now, samples);
      auto& role = columns_[column];
      // Who names a column means it.
      if (role.role == Role::ignored) {
        const bool numbers = std::all_of(samples.begin(), samples.end(), is_number);
        role = {numbers ? Role::metric : Role::attribute, now, ""};
      }
    }
  }
  refuse_doubles();
  for (const auto& [column, role] : columns_) {
    if (role.role == Role::parameter) parameters_[role.name] = column;
  }
  take_weak_matches();
}

Column Columns::role_of(const std::string& column, const std::vector<Json>& samples) const {
  const auto& space = space_;
  const auto all = [&](const auto& test) { return std::all_of(samples.begin(), samples.end(), test); };
  const bool numbers = all(is_number);
  const auto may_be_empty = [](const Json& cell) {
    return (cell.is_array() && cell.empty()) || is_list_of_tables(cell);
  };
  if (column == "reports" && all(may_be_empty)) return {Role::reports, "", ""};
  if (space.find(column) != nullptr) return {Role::parameter, column, ""};
  if (is_wanted(column)) return {Role::metric, column, ""};
  if (column.starts_with("metrics.")) return {Role::metric, column.substr(8), ""};
  if (column.starts_with("attributes.")) return {Role::attribute, column.substr(11), ""};
  for (const auto* ours : {"tags.", "from.", "fidelity."}) {
    if (column.starts_with(ours)) return {Role::ignored, "", "ours"};
  }
  if (const auto fact = fact_of(column); fact && !parameter_of(space, column)) return {Role::fact, *fact, ""};
  if (const auto tool = bookkeeping_of(column); tool && !parameter_of(space, column))
    return {Role::ignored, "", "bookkeeping of " + *tool};
  if (const auto metric = metric_part(column)) return {numbers ? Role::metric : Role::attribute, *metric, ""};
  if (const auto part = parameter_part(column)) {
    if (const auto name = parameter_of(space, column)) return {Role::parameter, *name, ""};
    if (is_own_fact(last_part(*part)) && last_part(*part) == "epochs") return {Role::fact, "epochs", ""};
    return {Role::ignored, "", "no parameter of this space"};
  }
  if (is_own_fact(column) && (marked_ || !parameter_of(space, column))) return {Role::fact, column, ""};
  if (const auto name = parameter_of(space, column)) return {Role::parameter, *name, ""};
  return {numbers ? Role::metric : Role::attribute, column, ""};
}

/// "hp/optim/lr" is params.training.lr, "valid/loss" the loss that is wanted, where nothing else is.
void Columns::take_weak_matches() {
  std::map<std::string, std::vector<std::string>> matches;
  std::set<std::string> known;
  for (const auto& [column, role] : columns_) {
    if (role.role == Role::metric) known.insert(role.name);
  }
  for (const auto& [column, role] : columns_) {
    const bool plain = role.role == Role::metric || role.role == Role::attribute || !role.why.empty();
    const auto last = last_part(column);
    if (!plain || last == column || role.why == "mapped" || role.why == "ours") continue;
    if (is_wanted(role.name)) continue;
    if (role.role == Role::metric && is_wanted(last) && !known.contains(last)) {
      matches[last].push_back(column);
    } else if (!metric_part(column)) {
      const auto name = parameter_of(space_, last);
      if (name && !parameters_.contains(*name)) matches[*name].push_back(column);
    }
  }
  for (const auto& [name, columns] : matches) {
    if (columns.size() > 1) {
      base::fail(Exit::config, "{}: {} may each be {}; say which one it is: {}", source_, base::join(columns, " and "),
                 name, base::command({"--map", columns.front() + "=" + name}));
    }
    const bool parameter = space_.find(name) != nullptr;
    columns_[columns.front()] = {parameter ? Role::parameter : Role::metric, name, ""};
    if (parameter) parameters_[name] = columns.front();
  }
}

void Columns::refuse_doubles() const {
  std::map<std::pair<Role, std::string>, std::string> first;
  for (const auto& [column, role] : columns_) {
    if (role.role == Role::ignored || role.role == Role::reports || role.role == Role::fact) continue;
    const auto [known, fresh] = first.emplace(std::pair(role.role, role.name), column);
    if (fresh) continue;
    base::fail(Exit::config, "{}: {} is there twice, as {} and as {}; {} leaves the second one out", source_, role.name,
               known->second, column, leave_out(column));
  }
}

std::vector<std::string> Columns::like(const space::Parameter& parameter) const {
  std::vector<std::pair<double, std::string>> found;
  std::vector<std::string> fitting;
  for (const auto& [column, role] : columns_) {
    if (role.role == Role::parameter || role.role == Role::fact || role.role == Role::reports) continue;
    if (role.why == "mapped" || role.why == "ours" || (role.role == Role::metric && is_wanted(role.name))) continue;
    const auto bare = last_part(parameter_part(column).value_or(column));
    const double score = likeness(bare, last_part(parameter.name)) + fitting_share(parameter, samples_.at(column));
    if (score > 1) found.emplace_back(-score, column);
    if (score == 1) fitting.push_back(column);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  if (found.empty() && fitting.size() == 1) names = fitting;  // nothing else could be meant
  for (const auto& [score, column] : found) names.push_back(column);
  return names;
}

std::vector<std::string> Columns::like_metric(const std::string& metric) const {
  std::vector<std::pair<double, std::string>> found;
  for (const auto& [column, role] : columns_) {
    const bool whatever = is_whatever_is_optimised(column);
    if ((role.role != Role::metric && !whatever) || is_wanted(role.name)) continue;
    const double score = likeness(last_part(column), metric) + (whatever ? 2 : 0);
    found.emplace_back(-score, column);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (const auto& [score, column] : found) names.push_back(column);
  return names;
}

std::vector<std::string> Columns::remarks() const {
  std::map<std::string, std::vector<std::string>> ignored;
  std::vector<std::string> metrics, attributes;
  for (const auto& [column, role] : columns_) {
    const bool own_word = column.starts_with("metrics.") || column.starts_with("attributes.");
    if (role.role == Role::metric && !is_wanted(role.name) && !own_word) metrics.push_back(column);
    if (role.role == Role::attribute && !own_word) attributes.push_back(column);
    if (role.role == Role::ignored && role.why != "mapped" && role.why != "ours") ignored[role.why].push_back(column);
  }
  std::vector<std::string> lines;
  if (!metrics.empty()) lines.push_back("taken as further metrics: " + base::join(metrics, ", "));
  if (!attributes.empty()) lines.push_back("taken as attributes: " + base::join(attributes, ", "));
  for (const auto& [why, columns] : ignored)
    lines.push_back(fmt::format("ignored ({}): {}", why, base::join(columns, ", ")));
  return lines;
}

Row flattened(const Row& row) {
  const auto found = row.cells.find("rungs");
  if (found == row.cells.end() || !is_list_of_tables(found->second)) return row;
  auto flat = row;
  auto& cells = flat.cells;
  auto chosen = found->second.back();
  double cost = 0;
  for (const auto& rung : found->second) {
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
  return flat;
}

}  // namespace assay::exchange
