// assay import: results measured elsewhere (another study, another tool) as trials of this search: a warm start.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "apps/assay/by_hand.hpp"
#include "apps/assay/importer.hpp"
#include "apps/assay/scribe.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "study/reward.hpp"

namespace assay::apps {
namespace {

using base::Exit;

struct Reading {
  std::vector<Import> trials;
  std::int64_t without_result = 0, skipped = 0, known = 0;
};

Reading read_rows(const std::vector<Row>& rows, Importer& importer, const std::string& source, bool skip) {
  Reading reading;
  const auto guarded = [&](const auto& read) {
    try {
      read();
    } catch (const base::Error& error) {
      if (!skip) throw base::Error(error.code(), std::string(error.what()) + " (--skip leaves such rows out)");
      base::log_warning("left out: {}", error.what());
      ++reading.skipped;
    }
  };
  std::vector<Import> points;
  for (const auto& row : rows) {
    guarded([&] {
      if (auto trial = importer.read(row, source))
        points.push_back(std::move(*trial));
      else
        ++reading.without_result;
    });
  }
  importer.check_map();
  for (auto& point : points) {
    guarded([&] {
      importer.check_whole(point);
      reading.trials.push_back(std::move(point));
    });
  }
  return reading;
}

bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same_trial(const Import& row, const study::Trial& trial) {
  const auto* result = trial.result();
  if (result == nullptr || !(result->at == row.measured.at)) return false;
  const auto& params = trial.what_of(*result).params;
  return std::equal(
             row.what.params.begin(), row.what.params.end(), params.begin(), params.end(),
             [](const auto& a, const auto& b) { return a.first == b.first && space::same(a.second, b.second); }) &&
         std::equal(row.measured.metrics.begin(), row.measured.metrics.end(), result->metrics.begin(),
                    result->metrics.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first && same_number(a.second, b.second); });
}

/// Rows with parameters and metrics of a trial that the study has are results that it knows.
void leave_out_known(Reading& reading, const study::StudyView& view, const std::string& metric) {
  std::multimap<double, const study::Trial*> trials;
  for (const auto& trial : view.trials()) {
    if (!trial || trial->result() == nullptr) continue;
    const auto score = trial->result()->metrics.find(metric);
    if (score != trial->result()->metrics.end()) trials.emplace(score->second, trial.get());
  }
  reading.known = std::erase_if(reading.trials, [&](const Import& row) {
    const auto [first, last] = trials.equal_range(row.measured.metrics.at(metric));
    return std::any_of(first, last, [&](const auto& entry) { return same_trial(row, *entry.second); });
  });
}

void tell(const Reading& reading, const Importer& importer, const space::Space& space) {
  for (const auto& name : importer.missing()) {
    base::log_warning("the table has no {}: its default {} is taken for every row", name,
                      space::to_text(space.find(name)->domain.initial));
  }
  if (importer.other_fidelity() > 0) {
    base::log_warning(
        "{} rows were measured at a fidelity that this search does not measure at; their scores may not compare",
        importer.other_fidelity());
  }
  if (reading.without_result > 0)
    std::printf("%lld rows without a result (not done, or an objective is missing) are left out\n",
                static_cast<long long>(reading.without_result));
  if (reading.skipped > 0)
    std::printf("%lld rows that are no points of the space are left out\n", static_cast<long long>(reading.skipped));
  if (reading.known > 0)
    std::printf("%lld were imported before and are left out (--again takes them once more)\n",
                static_cast<long long>(reading.known));
}

[[noreturn]] void no_result(const run::Run& run, const Importer& importer, const std::string& file) {
  for (const auto& objective : run.objectives()) {
    if (importer.metrics().contains(objective.metric)) continue;
    const std::vector<std::string> others(importer.metrics().begin(), importer.metrics().end());
    base::fail(Exit::config, "{} holds no row with a result of {}{}", file, objective.metric,
               others.empty() ? ""
                              : fmt::format("; if it is called {} there: --map {}={}", base::join(others, " or "),
                                            others.front(), objective.metric));
  }
  base::fail(Exit::config, "{} holds no row that is done and has a result of {}", file,
             run.objectives().front().metric);
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
  const auto rows = read_table(values.text("FILE", ""));
  const auto run = open_target(values, need_search);
  const auto stage = search_only(values, "results can be imported into the search alone");
  const auto file = values.text("FILE", "");
  const auto parts = open_search(run);
  const auto view = look_at(run, stage);
  Importer importer(*parts.space, run.objectives(), parts.fidelities, values.texts("--map"),
                    study::Reward(run.config()));
  auto reading = read_rows(rows, importer, file, values.flag("--skip"));
  if (reading.trials.empty()) no_result(run, importer, file);
  if (!values.flag("--again")) leave_out_known(reading, view, run.objectives().front().metric);
  tell(reading, importer, *parts.space);
  if (reading.trials.empty()) return Exit::done;
  const auto limit = run.limits(stage).max_trials;
  const auto wanted = static_cast<std::int64_t>(reading.trials.size());
  need_numbers(run, free_numbers(view, limit), wanted);
  if (const auto line = reopen_search(run, "assay import")) std::printf("%s\n", line->c_str());

  const auto numbers = write_down(run.folder(stage), reading.trials, view, limit);
  const auto left = free_numbers(look_at(run, stage), limit);
  std::printf("imported %s; %lld of %lld numbers are left\n", count_text(numbers).c_str(), static_cast<long long>(left),
              static_cast<long long>(limit));
  if (static_cast<std::int64_t>(numbers.size()) < wanted) {
    base::fail(Exit::config, "workers took the last numbers meanwhile: {} rows are not imported",
               wanted - static_cast<std::int64_t>(numbers.size()));
  }
  conclude_by_hand(run);
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
               {.kind = Kind::flag, .name = "--skip", .help = "leave rows out that are no points of the space"},
               {.kind = Kind::flag, .name = "--again", .help = "also results that this search has already"}}),
          import_trials};
}

}  // namespace assay::apps
