#include "exchange/importer.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "exchange/dialect.hpp"
#include "trial/json.hpp"

namespace assay::exchange {
namespace {

using base::Exit;
using base::Json;
using Role = Column::Role;
using Cells = std::map<std::string, Json>;

std::string text_of(const Json& cell) { return cell.is_string() ? cell.get<std::string>() : cell.dump(); }

std::optional<double> number_of_cell(const Json& cell) {
  if (cell.is_number()) return cell.get<double>();
  if (cell.is_boolean()) return cell.get<bool>() ? 1 : 0;
  if (!cell.is_string()) return std::nullopt;
  return base::number_in(cell.get<std::string>());
}

/// The cells of a row by what they are.
struct Sorted {
  Cells parameters, facts;
  Import trial;
};

/// What is needed and has no column, and how columns would be mapped that look like it.
struct Missing {
  std::vector<std::string> metrics, parameters, maps;
};

class Reader {
 public:
  Reader(const std::string& source, const ImportTarget& target, const ImportOptions& options, const Columns& columns)
      : source_(source), target_(target), options_(options), columns_(columns) {}

  Reading read(const std::vector<Row>& rows);

 private:
  Sorted sort(const Row& row) const;
  bool has_result(const Sorted& row) const;
  void find_metrics(const std::vector<Sorted>& rows, Missing& missing) const;
  void find_parameters(const std::vector<Sorted>& rows, Missing& missing) const;
  void need_columns(const std::vector<Sorted>& rows, bool results) const;
  void finish(Sorted& row);
  void check_whole(const Import& trial) const;
  trial::Fidelity fidelity_of(const Cells& facts, const std::string& place) const;
  std::string map_text(const std::string& old, const std::string& now) const;
  void remark(Reading& reading) const;

  const std::string& source_;
  const ImportTarget& target_;
  const ImportOptions& options_;
  const Columns& columns_;
  std::int64_t other_fidelity_ = 0;
  std::map<std::string, std::int64_t> idle_;  ///< parameter -> rows that have it where it does not exist
};

std::string Reader::map_text(const std::string& old, const std::string& now) const {
  return options_.map_text ? options_.map_text(old, now) : base::command({"--map", old + "=" + now});
}

Sorted Reader::sort(const Row& row) const {
  Sorted sorted;
  sorted.trial.place = row.place;
  auto& measured = sorted.trial.measured;
  for (const auto& [column, cell] : row.cells) {
    const auto& role = columns_.all().at(column);
    switch (role.role) {
      case Role::parameter:
        if (!says_nothing(*target_.space.find(role.name), cell)) sorted.parameters[role.name] = cell;
        break;
      case Role::metric: {
        const auto number = number_of_cell(cell);
        const bool nothing = cell.is_string() && says_nothing(cell.get<std::string>());
        // DeepHyper writes "F" and why in the place of an objective that failed.
        const bool failed = cell.is_string() && cell.get<std::string>().starts_with("F");
        if (number)
          measured.metrics[role.name] = *number;
        else if (target_.wanted.contains(role.name) && !nothing && !failed)
          base::fail(Exit::config, "{}: {} is no number: {:.40}", row.place, column, text_of(cell));
        break;
      }
      case Role::attribute:
        measured.attributes[role.name] = text_of(cell);
        break;
      case Role::fact:
        sorted.facts.emplace(role.name, cell);
        break;
      case Role::reports:
        for (const auto& report : cell) {
          measured.reports.push_back({report.value("step", std::int64_t{0}), report.value("seconds", 0.0),
                                      trial::metrics_from_json(report.value("metrics", Json::object()))});
        }
        break;
      case Role::ignored:
        break;
    }
  }
  target_.reward.add(measured.metrics);
  return sorted;
}

bool Reader::has_result(const Sorted& row) const {
  const auto state = row.facts.find("state");
  if (state != row.facts.end() && !is_done(text_of(state->second))) return false;
  return std::all_of(target_.objectives.begin(), target_.objectives.end(), [&](const auto& objective) {
    const auto found = row.trial.measured.metrics.find(objective.metric);
    return found != row.trial.measured.metrics.end() && std::isfinite(found->second);
  });
}

/// Metrics that no row has although the objectives need them.
void Reader::find_metrics(const std::vector<Sorted>& rows, Missing& missing) const {
  std::set<std::string> proposed;
  for (const auto& objective : target_.objectives) {
    for (const auto& metric : target_.reward.measured({objective})) {
      const bool there = std::any_of(rows.begin(), rows.end(),
                                     [&](const auto& row) { return row.trial.measured.metrics.contains(metric); });
      if (there) continue;
      missing.metrics.push_back(metric);
      for (const auto& column : columns_.like_metric(metric)) {
        if (!proposed.insert(column).second) continue;
        missing.maps.push_back(map_text(column, metric));
        break;
      }
    }
  }
}

/// Parameters without a column that exist in some row.
void Reader::find_parameters(const std::vector<Sorted>& rows, Missing& missing) const {
  std::set<std::string> proposed;
  for (const auto& parameter : target_.space.parameters()) {
    if (columns_.has_parameter(parameter.name)) continue;
    const bool exists = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      space::Params written;
      for (const auto& [name, cell] : row.parameters) {
        try {
          written[name] = value_of(*target_.space.find(name), cell);
        } catch (const base::Error&) {
          continue;  // said when the row itself is read
        }
      }
      return target_.space.with_defaults(written).contains(parameter.name);
    });
    if (!exists) continue;
    missing.parameters.push_back(parameter.name);
    for (const auto& column : columns_.like(parameter)) {
      if (!proposed.insert(column).second) continue;
      missing.maps.push_back(map_text(column, parameter.name));
      break;
    }
  }
}

/// A parameter without a column was measured with some value all the same: the defaults are never taken in its place.
void Reader::need_columns(const std::vector<Sorted>& rows, bool results) const {
  Missing missing;
  if (!results) find_metrics(rows, missing);
  find_parameters(rows, missing);
  if (options_.defaults) {
    for (const auto& name : missing.parameters) {
      base::log_warning("{} has no {}: its default {} is taken for every row", source_, name,
                        space::to_text(target_.space.find(name)->domain.initial));
    }
    missing.parameters.clear();
  }
  const auto maps = base::join(missing.maps, " ");
  const auto metrics = base::join(missing.metrics, " and "), names = base::join(missing.parameters, " and ");
  if (names.empty() && results) return;
  if (names.empty()) {
    base::fail(Exit::config, "{} holds no row {}{}", source_,
               metrics.empty() ? "that is done and has a result of " + target_.objectives.front().metric
                               : "with a result of " + metrics,
               maps.empty() ? "" : "; if it is called otherwise there: " + maps);
  }
  const auto otherwise = fmt::format("{} if every row was measured with the default", options_.defaults_text);
  const auto what = names + (metrics.empty() ? "" : ", and no result of " + metrics);
  if (maps.empty()) {
    base::fail(Exit::config, "{} has no column for {}, and none that looks like it: name it with {}, or {}", source_,
               what, map_text("COLUMN", missing.parameters.front()), otherwise);
  }
  base::fail(Exit::config, "{} has no column for {}; what looks most like it: {} (or {})", source_, what, maps,
             otherwise);
}

void Reader::check_whole(const Import& trial) const {
  for (const auto& [name, value] : trial.what.params) {
    if (!columns_.has_parameter(name) || trial.written.contains(name)) continue;
    base::fail(Exit::config,
               "{}: {} is empty, which other rows have: with what value was this row measured? Fill it in", trial.place,
               name);
  }
}

trial::Fidelity Reader::fidelity_of(const Cells& facts, const std::string& place) const {
  const auto number = [&](const char* name, double otherwise, double most) {
    const auto found = facts.find(name);
    if (found == facts.end()) return otherwise;
    const auto value = number_of_cell(found->second);
    if (value && *value >= 0 && *value <= most) return *value;
    base::fail(Exit::config,
               "{}: {} = {} is not what the trial was measured at (a number from 0 to {:g}); {} gives the column "
               "another meaning, {} leaves it out",
               place, name, text_of(found->second), most, map_text(name, "NAME"), map_text(name, ""));
  };
  const auto share = [&](const char* name, double otherwise) { return number(name, otherwise, 1); };
  auto at = target_.fidelities.back();
  at.epochs = static_cast<int>(number("epochs", at.epochs, 1e9));
  at.data = share("data", at.data);
  at.width = share("width", share("width_share", at.width));
  at.resolution = share("resolution", share("resolution_share", at.resolution));
  return at;
}

void Reader::finish(Sorted& row) {
  auto& [parameters, facts, trial] = row;
  const auto number = [&, &facts = facts](const char* name, double otherwise) {
    const auto found = facts.find(name);
    return found == facts.end() ? otherwise : number_of_cell(found->second).value_or(otherwise);
  };
  const auto text = [&, &facts = facts](const char* name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string() : text_of(found->second);
  };
  std::vector<std::string> idle;
  trial.what.params = point_of(target_.space, parameters, trial.place, &idle);
  for (const auto& name : idle) ++idle_[name];
  for (const auto& [name, cell] : parameters) trial.written.insert(name);
  check_whole(trial);
  auto& measured = trial.measured;
  measured.state = trial::State::done;
  measured.at = fidelity_of(facts, trial.place);
  const auto& levels = target_.fidelities;
  if (!(measured.at == levels.front())) trial.what.at = measured.at;
  if (std::find(levels.begin(), levels.end(), measured.at) == levels.end()) ++other_fidelity_;
  measured.device_seconds = number("device_seconds", number("seconds", 0));
  measured.started = number("started", 0);
  measured.ended = number("ended", 0);
  if (const auto host = text("host"); !host.empty()) measured.attributes.emplace("host", host);
  const auto note = text("note").empty() ? text("origin") : text("note");
  trial.what.note =
      fmt::format("imported from {}{}{}", text("trial").empty() ? trial.place : source_ + " trial " + text("trial"),
                  note.empty() ? "" : ": ", note);
  trial.what.tags = {{trial::origin_tag, "import"}};
}

void Reader::remark(Reading& reading) const {
  auto& lines = reading.remarks;
  lines = columns_.remarks();
  for (const auto& [name, count] : idle_)
    lines.push_back(
        fmt::format("{} is ignored in {} rows, where it does not exist with their other values", name, count));
  if (reading.without_result > 0)
    lines.push_back(fmt::format("{} rows without a result (not done, or an objective is missing) are left out",
                                reading.without_result));
  if (reading.skipped > 0)
    lines.push_back(fmt::format("{} rows that are no points of the space are left out", reading.skipped));
  if (other_fidelity_ > 0) {
    base::log_warning(
        "{}: {} rows were measured at a fidelity that this search does not measure at; their scores may not compare",
        source_, other_fidelity_);
  }
}

Reading Reader::read(const std::vector<Row>& rows) {
  Reading reading;
  const auto guarded = [&](const auto& read) {
    try {
      read();
    } catch (const base::Error& error) {
      if (!options_.skip)
        throw base::Error(error.code(), fmt::format("{} ({} leaves such rows out)", error.what(), options_.skip_text));
      base::log_warning("left out: {}", error.what());
      ++reading.skipped;
    }
  };
  std::vector<Sorted> sorted;
  for (const auto& row : rows) guarded([&] { sorted.push_back(sort(row)); });
  reading.without_result = static_cast<std::int64_t>(sorted.size());
  const auto all = sorted;
  std::erase_if(sorted, [&](const Sorted& row) { return !has_result(row); });
  reading.without_result -= static_cast<std::int64_t>(sorted.size());
  need_columns(sorted.empty() ? all : sorted, !sorted.empty());
  for (auto& row : sorted) {
    guarded([&] {
      finish(row);
      reading.trials.push_back(std::move(row.trial));
    });
  }
  remark(reading);
  return reading;
}

/// Ray Tune logs a line per report: of one trial the last one counts.
std::int64_t keep_last_reports(std::vector<Row>& rows) {
  std::map<std::string, std::size_t> last;
  const auto step = [](const Row& row) {
    const auto found = row.cells.find("training_iteration");
    return found == row.cells.end() ? std::nullopt : number_of_cell(found->second);
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto id = rows[i].cells.find("trial_id");
    if (id == rows[i].cells.end() || !step(rows[i])) continue;
    const auto [known, fresh] = last.emplace(text_of(id->second), i);
    if (!fresh && *step(rows[i]) >= *step(rows[known->second])) known->second = i;
  }
  std::vector<Row> kept;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto id = rows[i].cells.find("trial_id");
    if (id == rows[i].cells.end() || !step(rows[i]) || last.at(text_of(id->second)) == i) kept.push_back(rows[i]);
  }
  const auto dropped = static_cast<std::int64_t>(rows.size() - kept.size());
  rows = std::move(kept);
  return dropped;
}

bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

ImportTarget import_target(const config::Config& config, const space::Space& space,
                           std::vector<trial::Objective> objectives, std::vector<trial::Fidelity> fidelities) {
  ImportTarget target{space, std::move(objectives), std::move(fidelities), {}, trial::Reward(config)};
  target.wanted = target.reward.measured(target.objectives);
  for (const auto& objective : target.objectives) target.wanted.insert(objective.metric);
  for (const auto* section : {"constraint", "reward"}) {
    for (const auto& [key, entry] : config.node(section).items()) {
      if (const auto metric = entry.at("metric")) target.wanted.insert(metric.string());
    }
  }
  return target;
}

Reading read_results(const std::vector<Row>& rows, const std::string& source, const ImportTarget& target,
                     const ImportOptions& options) {
  std::vector<Row> flat;
  for (const auto& row : rows) flat.push_back(flattened(row));
  const auto earlier = keep_last_reports(flat);
  const Columns columns(flat, target.space, target.wanted, options.map, source);
  auto reading = Reader(source, target, options, columns).read(flat);
  if (earlier > 0) {
    reading.remarks.push_back(
        fmt::format("{} rows are earlier reports of a trial (training_iteration): its last one counts", earlier));
  }
  return reading;
}

bool same_result(const Import& row, const trial::Proposal& what, const trial::Measurement& result) {
  return row.measured.at == result.at &&
         std::equal(
             row.what.params.begin(), row.what.params.end(), what.params.begin(), what.params.end(),
             [](const auto& a, const auto& b) { return a.first == b.first && space::same(a.second, b.second); }) &&
         std::equal(row.measured.metrics.begin(), row.measured.metrics.end(), result.metrics.begin(),
                    result.metrics.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first && same_number(a.second, b.second); });
}

void leave_out_known(Reading& reading, const std::vector<Import>& known, const std::string& metric) {
  std::multimap<double, const Import*> by_score;
  for (const auto& one : known) {
    const auto score = one.measured.metrics.find(metric);
    if (score != one.measured.metrics.end()) by_score.emplace(score->second, &one);
  }
  reading.known += std::erase_if(reading.trials, [&](const Import& row) {
    const auto [first, last] = by_score.equal_range(row.measured.metrics.at(metric));
    return std::any_of(first, last,
                       [&](const auto& entry) { return same_result(row, entry.second->what, entry.second->measured); });
  });
}

}  // namespace assay::exchange
