// assay import: results measured elsewhere (another study, another tool) as trials of this search: a warm start.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "apps/assay/by_hand.hpp"
#include "apps/assay/scribe.hpp"
#include "apps/assay/table.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "study/json.hpp"
#include "study/reward.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using base::Json;

/// Columns of an export that are neither parameter nor metric nor attribute.
const std::set<std::string> facts = {"trial",
                                     "state",
                                     "failure",
                                     "reason",
                                     "rung",
                                     "rungs",
                                     "attempt",
                                     "epochs",
                                     "data",
                                     "width",
                                     "resolution",
                                     "width_share",
                                     "resolution_share",
                                     "seconds",
                                     "device_seconds",
                                     "started",
                                     "ended",
                                     "worker",
                                     "host",
                                     "job",
                                     "note",
                                     "origin",
                                     "stage"};

std::optional<double> number_of_cell(const Json& cell) {
  if (cell.is_number()) return cell.get<double>();
  if (cell.is_boolean()) return cell.get<bool>() ? 1 : 0;
  if (!cell.is_string()) return std::nullopt;
  const auto text = cell.get<std::string>();
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0') return std::nullopt;
  return value;
}

std::string text_of(const Json& cell) { return cell.is_string() ? cell.get<std::string>() : cell.dump(); }

/// A row as a trial of this search.
struct Import {
  study::Proposal what;
  study::Measurement measured;
};

class Importer {
 public:
  Importer(const space::Space& space, std::vector<study::Objective> objectives, study::Fidelity fidelity,
           const std::vector<std::string>& map, study::Reward reward)
      : space_(space), objectives_(std::move(objectives)), fidelity_(fidelity), reward_(std::move(reward)) {
    for (const auto& word : map) {
      const auto [from, to] = cut_pair(word, "--map OLD=NEW (OLD= leaves a column out)");
      map_[from] = to;
    }
  }

  /// Nothing for rows without a result. Error(config) for what is no point of the space.
  std::optional<Import> read(const Row& row, const std::string& source) {
    const auto flat = flattened(row);
    Import result;
    std::map<std::string, Json> cells;
    for (const auto& [written, cell] : flat) {
      const auto mapped = map_.find(written);
      const auto column = mapped == map_.end() ? written : mapped->second;
      if (mapped != map_.end()) used_.insert(written);
      if (column.empty()) continue;
      place(column, cell, row, cells, result);
    }
    reward_.add(result.measured.metrics);
    if (!has_result(flat, result.measured)) return std::nullopt;
    result.what.params = point_of(space_, cells, row.place);
    for (const auto& [name, cell] : cells) seen_.insert(name);
    finish(flat, row, source, result);
    return result;
  }

  /// Parameters of the space that no row had.
  std::vector<std::string> missing() const {
    std::vector<std::string> names;
    for (const auto& parameter : space_.parameters()) {
      if (!seen_.contains(parameter.name)) names.push_back(parameter.name);
    }
    return names;
  }
  std::int64_t other_fidelity() const { return other_fidelity_; }
  void check_map() const {
    for (const auto& [from, to] : map_) {
      if (!used_.contains(from)) base::fail(Exit::config, "--map {}={}: the table has no column {}", from, to, from);
    }
  }

 private:
  /// The rows of `assay export --json` hold their measurements below "rungs": the highest finished one counts.
  static std::map<std::string, Json> flattened(const Row& row) {
    auto cells = row.cells;
    const auto rungs = cells.find("rungs");
    if (rungs == cells.end() || !rungs->second.is_array() || rungs->second.empty()) return cells;
    auto chosen = rungs->second.back();
    for (const auto& rung : rungs->second) {
      if (rung.value("state", "") == "done") chosen = rung;
    }
    cells.erase("rungs");
    for (const auto* group : {"metrics", "attributes"}) {
      const auto values = chosen.value(group, Json::object());
      for (const auto& [name, value] : values.items()) {
        if (!value.is_null()) cells[std::string(group) + "." + name] = value;
      }
    }
    const auto fidelity = chosen.value("fidelity", Json::object());
    for (const auto& [name, value] : fidelity.items()) cells[name] = value;
    for (const auto* name : {"host", "job", "started", "ended", "device_seconds", "state", "reason", "reports"}) {
      if (chosen.contains(name)) cells[name] = chosen[name];
    }
    return cells;
  }

  void place(const std::string& column, const Json& cell, const Row& row, std::map<std::string, Json>& cells,
             Import& result) const {
    if (column == "reports") {
      for (const auto& report : cell) {
        result.measured.reports.push_back({report.value("step", std::int64_t{0}), report.value("seconds", 0.0),
                                           study::metrics_from_json(report.value("metrics", Json::object()))});
      }
      return;
    }
    if (column.starts_with("metrics.")) return metric(column.substr(8), cell, row, result);
    if (column.starts_with("attributes.")) {
      result.measured.attributes[column.substr(11)] = text_of(cell);
      return;
    }
    if (column.starts_with("tags.") || column.starts_with("from.") || column.starts_with("fidelity.")) return;
    const bool says_parameter = column.starts_with("params.") || column.starts_with("parameters.");
    const auto objective =
        std::any_of(objectives_.begin(), objectives_.end(), [&](const auto& one) { return one.metric == column; });
    if (!says_parameter && (objective || facts.contains(column)) && space_.find(column) == nullptr) {
      if (objective) metric(column, cell, row, result);
      return;
    }
    if (const auto name = parameter_of(space_, column)) {
      cells[*name] = cell;
    } else if (says_parameter) {
      unknown(column, row);
    } else if (number_of_cell(cell)) {
      metric(column, cell, row, result);
    } else {
      result.measured.attributes[column] = text_of(cell);
    }
  }

  static void metric(const std::string& name, const Json& cell, const Row& row, Import& result) {
    const auto value = number_of_cell(cell);
    if (!value) base::fail(Exit::config, "{}: {} is no number: {:.40}", row.place, name, text_of(cell));
    result.measured.metrics[name] = *value;
  }

  [[noreturn]] void unknown(const std::string& column, const Row& row) const {
    std::vector<std::string> names;
    for (const auto& parameter : space_.parameters()) names.push_back(parameter.name);
    const auto bare = column.substr(column.find('.') + 1);
    const auto near = base::nearest_word(bare, names);
    base::fail(Exit::config,
               "{}: the space has no parameter {}{}; --map {}=NAME maps the column, --map {}= leaves it out", row.place,
               bare, near.empty() ? "" : " (did you mean " + near + "?)", column, column);
  }

  bool has_result(const std::map<std::string, Json>& cells, const study::Measurement& measured) const {
    const auto state = cells.find("state");
    if (state != cells.end() && text_of(state->second) != "done") return false;
    return std::all_of(objectives_.begin(), objectives_.end(), [&](const auto& objective) {
      const auto found = measured.metrics.find(objective.metric);
      return found != measured.metrics.end() && std::isfinite(found->second);
    });
  }

  void finish(const std::map<std::string, Json>& cells, const Row& row, const std::string& source, Import& result) {
    const auto number = [&](const char* name, double otherwise) {
      const auto found = cells.find(name);
      if (found == cells.end() || space_.find(name) != nullptr) return otherwise;
      return number_of_cell(found->second).value_or(otherwise);
    };
    auto& measured = result.measured;
    measured.state = study::State::done;
    measured.at = fidelity_;
    measured.at.epochs = static_cast<int>(number("epochs", fidelity_.epochs));
    measured.at.data = number("data", fidelity_.data);
    measured.at.width = number("width", number("width_share", fidelity_.width));
    measured.at.resolution = number("resolution", number("resolution_share", fidelity_.resolution));
    if (!(measured.at == fidelity_)) {
      result.what.at = measured.at;
      ++other_fidelity_;
    }
    measured.device_seconds = number("device_seconds", number("seconds", 0));
    measured.started = number("started", 0);
    measured.ended = number("ended", 0);
    const auto text = [&](const char* name) {
      const auto found = cells.find(name);
      return found == cells.end() ? std::string() : text_of(found->second);
    };
    if (const auto host = text("host"); !host.empty()) measured.attributes.emplace("host", host);
    const auto note = text("note").empty() ? text("origin") : text("note");
    result.what.note =
        fmt::format("imported from {}{}{}", text("trial").empty() ? row.place : source + " trial " + text("trial"),
                    note.empty() ? "" : ": ", note);
    result.what.tags = {{"origin", "import"}};
  }

  const space::Space& space_;
  std::vector<study::Objective> objectives_;
  study::Fidelity fidelity_;
  study::Reward reward_;
  std::map<std::string, std::string> map_;
  std::set<std::string> used_, seen_;
  std::int64_t other_fidelity_ = 0;
};

struct Reading {
  std::vector<Import> trials;
  std::int64_t without_result = 0, skipped = 0;
};

Reading read_rows(const std::vector<Row>& rows, Importer& importer, const std::string& source, bool skip) {
  Reading reading;
  for (const auto& row : rows) {
    try {
      if (auto trial = importer.read(row, source))
        reading.trials.push_back(std::move(*trial));
      else
        ++reading.without_result;
    } catch (const base::Error& error) {
      if (!skip) throw base::Error(error.code(), std::string(error.what()) + " (--skip leaves such rows out)");
      base::log_warning("left out: {}", error.what());
      ++reading.skipped;
    }
  }
  importer.check_map();
  return reading;
}

void tell(const Reading& reading, const Importer& importer, const space::Space& space) {
  for (const auto& name : importer.missing()) {
    base::log_warning("the table has no {}: its default {} is taken for every row", name,
                      space::to_text(space.find(name)->domain.initial));
  }
  if (importer.other_fidelity() > 0) {
    base::log_warning(
        "{} rows were measured at another fidelity than this search measures at; their scores may not compare",
        importer.other_fidelity());
  }
  if (reading.without_result > 0)
    std::printf("%lld rows without a result (not done, or an objective is missing) are left out\n",
                static_cast<long long>(reading.without_result));
  if (reading.skipped > 0)
    std::printf("%lld rows that are no points of the space are left out\n", static_cast<long long>(reading.skipped));
}

std::vector<study::TrialId> write_down(const std::filesystem::path& folder, const std::vector<Import>& trials,
                                       const study::StudyView& view, std::int64_t limit) {
  Scribe scribe(folder);
  std::vector<study::TrialId> numbers;
  study::TrialId next = 0;
  for (const auto& trial : trials) {
    // Workers may take numbers meanwhile: a lost one is passed over.
    while (next < limit && (view.find(next) != nullptr || !scribe.claim({next, 0}))) ++next;
    if (next >= limit) break;
    scribe.record({next, 0}, trial.what, trial.measured);
    numbers.push_back(next++);
  }
  scribe.leave("imported results");
  return numbers;
}

Exit import_trials(const cli::Values& values) {
  const auto run = open_target(values);
  const auto stage = search_only(values, "results can be imported into the search alone");
  const auto file = values.text("FILE", "");
  const auto rows = read_table(file);
  const auto parts = open_search(run);
  const auto view = look_at(run, stage);
  need_open(run, stage, view);
  Importer importer(*parts.space, run.objectives(), parts.fidelity, values.texts("--map"), study::Reward(run.config()));
  const auto reading = read_rows(rows, importer, file, values.flag("--skip"));
  tell(reading, importer, *parts.space);
  if (reading.trials.empty())
    base::fail(Exit::config, "{} holds no row with a result of {}", file, run.objectives().front().metric);
  const auto limit = run.limits(stage).max_trials;
  const auto wanted = static_cast<std::int64_t>(reading.trials.size());
  need_numbers(run, free_numbers(view, limit), wanted);

  const auto numbers = write_down(run.folder(stage), reading.trials, view, limit);
  const auto left = free_numbers(look_at(run, stage), limit);
  std::printf("imported %s; %lld of %lld numbers are left\n", count_text(numbers).c_str(), static_cast<long long>(left),
              static_cast<long long>(limit));
  if (static_cast<std::int64_t>(numbers.size()) < wanted) {
    base::fail(Exit::config, "workers took the last numbers meanwhile: {} rows are not imported",
               wanted - static_cast<std::int64_t>(numbers.size()));
  }
  return Exit::done;
}

}  // namespace

cli::Verb import_verb() {
  using Kind = cli::Option::Kind;
  return {"import", "results measured elsewhere as trials of the search: a warm start",
          target_options(
              {{.name = "FILE",
                .help = "CSV or JSON: assay export's, or any table with parameters and objectives; -: standard input",
                .required = true},
               stage_option(),
               {.kind = Kind::list,
                .name = "--map",
                .help = "OLD=NEW: a column by another name; OLD=: leave it out; may be given several times"},
               {.kind = Kind::flag, .name = "--skip", .help = "leave rows out that are no points of the space"}}),
          import_trials};
}

}  // namespace assay::apps
