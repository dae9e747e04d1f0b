// assay import: results measured elsewhere (another study, another tool) as trials of this search: a warm start.
#include <cstdio>

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
  if (reading.trials.empty()) no_result(run, importer, file);
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
