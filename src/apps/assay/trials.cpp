// assay trials: the trials of a stage as a table, CSV or JSON; failed ones too.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "pipeline/steering.hpp"
#include "report/trial_table.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using report::TrialTable;

std::size_t column_of(const TrialTable& table, const std::string& key) {
  std::vector<std::string> keys;
  for (const auto& column : table.columns) {
    if (column.key == key || column.label == key) return keys.size();
    keys.push_back(column.key);
  }
  const auto near = base::nearest_word(key, keys);
  base::fail(Exit::config, "there is no column \"{}\"{}; there are {}", key,
             near.empty() ? "" : " (did you mean " + near + "?)", base::join(keys, ", "));
}

std::optional<double> number(const report::Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return std::nullopt;
}

/// Objectives best first; other numbers by size, texts by letters; empty cells last. "-KEY" turns it round.
void sort_rows(TrialTable& table, std::string key, const std::vector<trial::Objective>& objectives) {
  bool descending = key.starts_with("-");
  if (descending) key.erase(0, 1);
  for (const auto& objective : objectives) {
    if (objective.metric == key && objective.maximise) descending = !descending;
  }
  const auto column = column_of(table, key);
  std::stable_sort(table.rows.begin(), table.rows.end(), [&](const auto& a, const auto& b) {
    const auto &x = a[column], &y = b[column];
    const bool no_x = std::holds_alternative<std::monostate>(x), no_y = std::holds_alternative<std::monostate>(y);
    if (no_x || no_y) return !no_x && no_y;
    const auto p = number(x), q = number(y);
    if (p && q) return descending ? *p > *q : *p < *q;
    return descending ? report::to_text(x) > report::to_text(y) : report::to_text(x) < report::to_text(y);
  });
}

std::optional<std::string> state_of(const cli::Values& values) {
  const auto state = values.text("--state");
  static const std::vector<std::string> states = {"waiting", "running",    "done",  "stopped",
                                                  "failed",  "infeasible", "voided"};
  if (!state || std::find(states.begin(), states.end(), *state) != states.end()) return state;
  const auto near = base::nearest_word(*state, states);
  base::fail(Exit::config, "--state {}: there is no such state{}; there are {}", *state,
             near.empty() ? "" : " (did you mean " + near + "?)", base::join(states, ", "));
}

void keep_state(TrialTable& table, const std::string& state) {
  const auto column = column_of(table, "state");
  std::erase_if(table.rows, [&](const auto& row) { return report::to_text(row[column]) != state; });
}

std::string short_text(const report::Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) {
    const bool whole = *real == std::round(*real) && std::abs(*real) < 1e15;
    return whole ? fmt::format("{:.0f}", *real) : fmt::format("{:.5g}", *real);
  }
  auto text = report::to_text(cell);
  if (text.size() > 40) text = text.substr(0, 37) + "...";
  return text;
}

/// Columns without any value are left out.
void print_table(const TrialTable& table) {
  for (std::size_t line = 0; line <= table.rows.size(); ++line) {
    std::string text;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      std::size_t width = 0;
      for (const auto& row : table.rows) width = std::max(width, short_text(row[c]).size());
      if (width == 0) continue;
      width = std::max(width, table.columns[c].label.size());
      const auto cell = line == 0 ? table.columns[c].label : short_text(table.rows[line - 1][c]);
      const bool right = line > 0 && number(table.rows[line - 1][c]).has_value();
      text += right ? fmt::format("{:>{}}  ", cell, width) : fmt::format("{:<{}}  ", cell, width);
    }
    std::printf("%s\n", text.substr(0, text.find_last_not_of(' ') + 1).c_str());
  }
}

Exit trials(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto state = state_of(values);
  auto table = report::trial_table(pipeline::look_at(run, stage));
  if (state) keep_state(table, *state);
  if (const auto key = values.text("--sort")) sort_rows(table, *key, run.objectives());
  if (values.flag("--csv"))
    std::fputs(report::to_csv(table).c_str(), stdout);
  else if (values.flag("--json"))
    std::printf("%s\n", report::to_json(table).dump(2).c_str());
  else
    print_table(table);
  return Exit::done;
}

}  // namespace

cli::Verb trials_verb() {
  using Kind = cli::Option::Kind;
  return {"trials",
          "the trials of a stage, failed ones too",
          {{.name = "RUN", .help = "run folder", .required = true},
           stage_option(),
           {.name = "--state", .help = "only these: done, failed, running, ..."},
           {.name = "--sort", .help = "column to sort by, an objective best first; -COLUMN: the other way"},
           {.kind = Kind::flag, .name = "--csv", .help = "as CSV"},
           {.kind = Kind::flag, .name = "--json", .help = "as JSON"}},
          trials};
}

}  // namespace assay::apps
