#include "eval/table/table.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/csv.hpp"
#include "space/domain.hpp"
#include "trial/judge.hpp"

namespace assay::eval {
namespace {

/// "hidden", "model.hidden" and "params.model.hidden" all mean the last of these.
bool is_end(const std::string& written, const std::string& name) {
  return written == name || name.ends_with("." + written);
}

/// What a cell means as a value of the parameter; nothing if it lies outside of the domain.
std::optional<space::Value> value_of(const data::Csv& csv, std::size_t row, std::string_view cell,
                                     const space::Parameter& parameter) {
  const auto& domain = parameter.domain;
  double number = 0;
  const bool is_number = data::parse_number(cell, number);
  if (domain.kind == space::Kind::choice) {
    for (const auto& item : domain.items) {
      if (space::to_text(item) == cell || (is_number && space::same(item, number))) return item;
      if (const auto* flag = std::get_if<bool>(&item)) {
        if (cell == (*flag ? "True" : "False") || cell == (*flag ? "1" : "0")) return item;
      }
    }
    return std::nullopt;
  }
  if (domain.kind == space::Kind::subset) {
    const auto labels = base::split(std::string(cell), '+');
    std::vector<std::string> ordered;
    for (const auto& item : domain.items) {
      if (std::find(labels.begin(), labels.end(), space::to_text(item)) != labels.end())
        ordered.push_back(space::to_text(item));
    }
    if (ordered.size() != labels.size()) return std::nullopt;
    return ordered;
  }
  if (!is_number) csv.fail(row, "\"{}\" is no number, but {} is one", cell, parameter.name);
  const auto value = space::conform(domain, space::Value(number));
  if (!space::contains(domain, value)) return std::nullopt;
  return value;
}

[[noreturn]] void no_column(const data::Csv& csv, const std::string& wanted, const std::string& who,
                            const std::vector<std::string>& names) {
  const auto near = base::nearest_word(wanted, names);
  csv.fail(0, "there is no column \"{}\" for {}; {}", wanted, who,
           near.empty() ? "the columns are " + base::join(names, ", ") : "did you mean \"" + near + "\"?");
}

/// `params = { hidden = "h" }` below [trial.table]: name -> column.
std::map<std::string, std::string> mapping(const config::Config& config, const char* key) {
  std::map<std::string, std::string> result;
  for (const auto& [name, node] : config.node(std::string("trial.table.") + key).items()) result[name] = node.string();
  return result;
}

std::string text_or_empty(const config::Config& config, const char* key) {
  return config.has(key) ? config.text(key) : "";
}

std::string params_text(const space::Params& params) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : params) parts.push_back(name + " = " + space::to_text(value));
  return base::join(parts, ", ");
}

trial::Judge judge_of(const config::Config& config) {
  std::vector<trial::Objective> objectives;
  for (const auto& [name, node] : config.node("objectives").items()) objectives.push_back({.metric = name});
  return trial::judge_of(std::move(objectives), config);
}

/// Without them a trial failed: the objectives that are measured, not derived.
std::vector<std::string> objectives_of(const config::Config& config) {
  const auto judge = judge_of(config);
  std::vector<std::string> names;
  for (const auto& objective : judge.objectives()) {
    if (!judge.reward().derives(objective.metric)) names.push_back(objective.metric);
  }
  return names;
}

}  // namespace

/// Which column means what.
struct Table::Columns {
  Columns(const data::Csv& csv, const config::Config& config, const space::Space& space, const Table& table)
      : csv_(csv) {
    for (std::size_t c = 0; c < csv.columns(); ++c) names_.emplace_back(csv.at(0, c));
    take_single(config, "trial.table.epoch", epoch);
    take_single(config, "trial.table.cost", cost);
    take_parameters(config, space, table);
    take_metrics(config);
    // Objectives, what rewards are made from, and what limits name.
    for (const auto& metric : judge_of(config).named()) {
      if (std::none_of(metrics.begin(), metrics.end(), [&](const auto& pair) { return pair.first == metric; }))
        no_column(csv_, metric, "the metric " + metric, names_);
    }
  }

  std::optional<std::size_t> epoch, cost;
  std::vector<std::pair<const space::Parameter*, std::size_t>> parameters;  ///< in the order of the space
  std::vector<std::pair<std::string, std::size_t>> metrics, attributes;

 private:
  std::optional<std::size_t> find(const std::string& name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    return found == names_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - names_.begin()));
  }

  std::size_t need(const std::string& column, const std::string& who) const {
    if (const auto found = find(column)) return *found;
    no_column(csv_, column, who, names_);
  }

  void take(std::size_t column, const std::string& who) {
    if (!taken_.insert(column).second)
      csv_.fail(0, "column \"{}\" has two meanings, one of them {}", names_[column], who);
  }

  void take_single(const config::Config& config, const std::string& key, std::optional<std::size_t>& column) {
    const auto name = text_or_empty(config, key.c_str());
    if (name.empty()) return;
    column = need(name, key);
    take(*column, key);
  }

  void take_parameters(const config::Config& config, const space::Space& space, const Table& table) {
    auto written = mapping(config, "params");
    for (const auto& parameter : space.parameters()) {
      if (!table.keyed(parameter)) continue;
      const auto found = std::find_if(written.begin(), written.end(),
                                      [&](const auto& pair) { return is_end(pair.first, parameter.name); });
      std::optional<std::size_t> column;
      if (found != written.end()) {
        column = need(found->second, parameter.name);
        written.erase(found);
      } else {
        for (auto end = parameter.name; !column; end = end.substr(end.find('.') + 1)) {
          column = find(end);
          if (!column && end.find('.') == std::string::npos) need(end, parameter.name);
        }
      }
      take(*column, parameter.name);
      parameters.emplace_back(&parameter, *column);
    }
    if (written.empty()) return;
    config.node("trial.table.params")
        .at(written.begin()->first)
        .fail("the space has no parameter of this name; write its path, or the last part of it where that is clear");
  }

  bool numeric(std::size_t column) const {
    bool any = false;
    double number = 0;
    for (std::size_t row = 1; row < csv_.rows(); ++row) {
      const auto cell = csv_.at(row, column);
      if (data::is_missing(cell)) continue;
      if (!data::parse_number(cell, number)) return false;
      any = true;
    }
    return any;
  }

  void take_metrics(const config::Config& config) {
    const auto written = mapping(config, "metrics");
    for (const auto& [metric, column] : written) metrics.emplace_back(metric, need(column, "the metric " + metric));
    if (!written.empty()) return;
    for (std::size_t c = 0; c < names_.size(); ++c) {
      if (taken_.contains(c)) continue;
      (numeric(c) ? metrics : attributes).emplace_back(names_[c], c);
    }
  }

  const data::Csv& csv_;
  std::vector<std::string> names_;
  std::set<std::size_t> taken_;
};

/// What is known of the rows read so far.
struct Table::Reading {
  std::unordered_map<std::string, std::size_t> rows;         ///< point and epoch -> row
  std::map<std::string, std::set<std::string>> occurrences;  ///< parameter -> its values
};

Table::Table(const config::Config& config, std::shared_ptr<const space::Space> space)
    : file_(config.text("trial.table.file")), space_(std::move(space)), objectives_(objectives_of(config)) {
  has_epochs_ = !text_or_empty(config, "trial.table.epoch").empty();
  has_cost_ = !text_or_empty(config, "trial.table.cost").empty();
  const data::Csv csv(data::read_content(file_, config), ',');
  const Columns columns(csv, config, *space_, *this);
  Reading reading;
  for (std::size_t row = 1; row < csv.rows(); ++row) add(csv, row, columns, reading);
  if (points_.empty())
    csv.fail(0, "no row is a point of the space; compare the parameters' columns with their domains");
  for (auto& [key, rows] : points_)
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.epoch < b.epoch; });
  check_coverage(csv, reading);
  check_costs();
}

/// Epochs that are searched are told apart by the epoch column, not by one of their own.
bool Table::keyed(const space::Parameter& parameter) const {
  return !(has_epochs_ && parameter.name == "training.epochs");
}

std::string Table::key_of(const space::Params& params) const {
  std::string key;
  for (const auto& parameter : space_->parameters()) {
    const auto value = params.find(parameter.name);
    if (!keyed(parameter) || value == params.end()) continue;
    key += parameter.name + "=" + space::to_text(space::conform(parameter.domain, value->second)) + ";";
  }
  return key;
}

Table::Row Table::read_row(const data::Csv& csv, std::size_t row, const Columns& columns) const {
  const auto number = [&](std::size_t column, const std::string& what) {
    double value = 0;
    if (!data::parse_number(csv.at(row, column), value))
      csv.fail(row, "\"{}\" is no number, but {} is one", csv.at(row, column), what);
    return value;
  };
  Row result{.line = csv.line(row)};
  if (columns.epoch) {
    const double epoch = number(*columns.epoch, "the epoch");
    if (epoch < 1 || epoch != std::floor(epoch) || epoch > 1e9)
      csv.fail(row, "epochs are counted from 1, not {}", epoch);
    result.epoch = static_cast<std::int64_t>(epoch);
  }
  if (columns.cost) {
    result.cost = number(*columns.cost, "the cost");
    if (result.cost < 0) csv.fail(row, "the cost is {} seconds; it cannot be below zero", result.cost);
  }
  for (const auto& [name, column] : columns.metrics) {
    if (!data::is_missing(csv.at(row, column))) result.metrics[name] = number(column, name);
  }
  for (const auto& [name, column] : columns.attributes) result.attributes[name] = csv.at(row, column);
  return result;
}

void Table::add(const data::Csv& csv, std::size_t row, const Columns& columns, Reading& reading) {
  space::Params params;
  for (const auto& [parameter, column] : columns.parameters) {
    if (!space_->active(*parameter, params)) continue;
    const auto cell = csv.at(row, column);
    if (cell.empty()) csv.fail(row, "{} has no value", parameter->name);
    auto value = value_of(csv, row, cell, *parameter);
    if (!value) return;  // outside the space
    params[parameter->name] = std::move(*value);
  }
  auto result = read_row(csv, row, columns);
  const auto key = key_of(params);
  const auto [first, fresh] = reading.rows.emplace(fmt::format("{}@{}", key, result.epoch), row);
  if (!fresh) {
    csv.fail(row, "says again what line {} says: {}{}", csv.line(first->second), params_text(params),
             has_epochs_ ? fmt::format(", epoch {}", result.epoch)
                         : "; name the column that tells the rows apart in trial.table.params or trial.table.epoch");
  }
  points_[key].push_back(std::move(result));
  for (const auto& [name, value] : params) reading.occurrences[name].insert(space::to_text(value));
}

/// A choice that the table never saw is a slip of the pen in one of the two.
void Table::check_coverage(const data::Csv& csv, const Reading& reading) const {
  for (const auto& parameter : space_->parameters()) {
    if (!keyed(parameter) || parameter.domain.kind != space::Kind::choice) continue;
    const auto occurring = reading.occurrences.find(parameter.name);
    for (const auto& item : parameter.domain.items) {
      const auto text = space::to_text(item);
      if (occurring != reading.occurrences.end() && occurring->second.contains(text)) continue;
      csv.fail(0, "no row has {} = {} ({}); take it out of the choice, or correct the table", parameter.name, text,
               base::to_string(parameter.where));
    }
  }
}

void Table::check_costs() const {
  for (const auto& [key, rows] : points_) {
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (rows[i].cost >= rows[i - 1].cost) continue;
      throw base::Error(base::Exit::data, {.file = file_, .line = rows[i].line},
                        fmt::format("the cost at epoch {} is {} s, less than {} s at epoch {}; it must count from the "
                                    "start of the training",
                                    rows[i].epoch, rows[i].cost, rows[i - 1].cost, rows[i - 1].epoch));
    }
  }
}

std::int64_t Table::epochs_wanted(const space::Params& params, const trial::Fidelity& at) const {
  if (at.epochs >= 1) return at.epochs;
  const auto searched = params.find("training.epochs");
  const auto* epochs = searched == params.end() ? nullptr : std::get_if<std::int64_t>(&searched->second);
  return epochs == nullptr ? 0 : *epochs;
}

Table::Found Table::look_up(const space::Params& params, const trial::Fidelity& at,
                            const std::optional<trial::Fidelity>& made) const {
  Found found;
  const auto missing = [&](std::string why) {
    found.outcome.state = trial::State::infeasible;
    found.outcome.reason = std::move(why);
    return found;
  };
  if (at.data != 1 || at.width != 1 || at.resolution != 1)
    return missing(fmt::format("{} knows no reduced data, width or resolution", file_));
  const auto point = points_.find(key_of(params));
  if (point == points_.end()) return missing(fmt::format("{} has no row for {}", file_, params_text(params)));

  const auto& rows = point->second;
  const auto cost_of = [this](const Row& row) { return has_cost_ ? row.cost : static_cast<double>(row.epoch); };
  const Row* last = &rows.front();
  double paid = 0;
  if (has_epochs_) {
    const auto wanted = epochs_wanted(params, at), before = made ? epochs_wanted(params, *made) : 0;
    last = nullptr;
    for (const auto& row : rows) {
      if (row.epoch > wanted) break;
      last = &row;
      if (row.epoch <= before)
        paid = cost_of(row);
      else
        found.reports.push_back({row.epoch, cost_of(row) - paid, row.metrics});
    }
    if (last == nullptr || last->epoch != wanted) {
      found.reports.clear();
      return missing(fmt::format("{} has no epoch {} of {} (its last is {})", file_, wanted, params_text(params),
                                 rows.back().epoch));
    }
  }
  auto& outcome = found.outcome;
  outcome.metrics = last->metrics;
  outcome.attributes = last->attributes;
  outcome.device_seconds = cost_of(*last) - paid;
  for (const auto& name : objectives_) {
    if (outcome.metrics.contains(name)) continue;
    outcome.state = trial::State::failed;
    outcome.failure = trial::Failure::nan;
    outcome.reason = fmt::format("{} has no number for {} of {}", file_, name, params_text(params));
  }
  return found;
}

bool uses_table(const config::Config& config) { return config.has("trial.table"); }

}  // namespace assay::eval
