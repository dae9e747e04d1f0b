// assay import: results measured elsewhere (another study, another tool) as trials of this search: a warm start.
#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "exchange/importer.hpp"
#include "pipeline/conclusion.hpp"
#include "pipeline/intake.hpp"
#include "pipeline/reopen.hpp"
#include "pipeline/steering.hpp"

namespace assay::apps {
namespace {

using base::Exit;

struct GivenResults {
  std::string file;
  std::vector<exchange::Row> rows;
  exchange::ImportOptions options;
  bool again = false;
};

/// What the study has, as rows of a table would be.
std::vector<exchange::Import> known_results(const trial::StudyView& view) {
  std::vector<exchange::Import> known;
  for (const auto& trial : view.trials()) {
    const auto* result = trial ? trial->result() : nullptr;
    if (result != nullptr) known.push_back({.what = trial->what_of(*result), .measured = *result});
  }
  return known;
}

void say(const exchange::Reading& reading) {
  for (const auto& line : reading.remarks) std::printf("%s\n", line.c_str());
  if (reading.known > 0)
    std::printf("%lld were imported before and are left out (--again takes them once more)\n",
                static_cast<long long>(reading.known));
}

/// As the search will read it once it exists: what does not fit is said now.
exchange::Reading read_for_later(const run::Run& run, const GivenResults& given) {
  const auto space = space::Space::load(run.config());
  const auto full = pipeline::full_fidelity(run.config(), run::Stage::search);
  return exchange::read_results(given.rows, given.file,
                                exchange::import_target(run.config(), space, run.objectives(), {full}), given.options);
}

/// The search does not exist yet, and its stages before are not done. False if it was founded meanwhile, without them.
bool keep_results(const run::Run& run, const GivenResults& given) {
  const auto reading = read_for_later(run, given);
  const auto count = static_cast<std::int64_t>(reading.trials.size());
  const auto name = pipeline::keep(
      run, {.source = given.file, .count = count, .again = given.again, .options = given.options, .rows = given.rows});
  if (pipeline::can_open_search(run) && pipeline::take_away(run, name)) return false;
  say(reading);
  std::printf("kept %lld result%s for the search, which begins with %s\n", static_cast<long long>(count),
              count == 1 ? "" : "s", count == 1 ? "it" : "them");
  return true;
}

Exit import_trials(const cli::Values& values) {
  const auto stage = search_only(values, "results can be imported into the search alone");
  GivenResults given{values.text("FILE", ""), {}, {}, values.flag("--again")};
  given.options.map = exchange::column_map(values.texts("--map"));
  given.options.skip = values.flag("--skip");
  given.options.defaults = values.flag("--defaults");
  given.rows = exchange::read_table(given.file);
  if (given.rows.empty()) base::fail(Exit::config, "{} holds no row: there is nothing to import", given.file);
  if (const auto look = preview_target(values); !pipeline::can_open_search(look)) read_for_later(look, given);
  const auto run = open_target(values);
  if (!pipeline::can_open_search(run) && keep_results(run, given)) return Exit::done;

  const auto parts = pipeline::open_search(run);
  const auto view = pipeline::look_at(run, stage);
  const auto target = exchange::import_target(run.config(), *parts.space, run.objectives(), parts.fidelities);
  auto reading = exchange::read_results(given.rows, given.file, target, given.options);
  if (!given.again) exchange::leave_out_known(reading, known_results(view), run.objectives().front().metric);
  say(reading);
  if (reading.trials.empty()) return Exit::done;
  if (const auto line = pipeline::reopen_search(run, "assay import")) std::printf("%s\n", line->c_str());
  const pipeline::Intake intake{.results = std::move(reading.trials)};
  const auto brought = pipeline::bring(run.folder(stage), run.judge(), intake, view, parts.fidelities.front(), 0);
  const auto left = pipeline::free_numbers(run, pipeline::look_at(run, stage));
  std::printf("imported %s; %lld of %lld trials are left to be measured\n",
              pipeline::count_text(brought.results).c_str(), static_cast<long long>(left),
              static_cast<long long>(run.limits(stage).max_trials));
  if (run.by_hand()) pipeline::conclude_by_hand(run);
  return Exit::done;
}

}  // namespace

cli::Verb import_verb() {
  using Kind = cli::Option::Kind;
  return {"import",
          "results measured elsewhere as trials of the search: a warm start, kept for a search that does not exist yet",
          target_options(
              {{.name = "FILE",
                .help = "CSV or JSON: assay export's, a table of Ray Tune, Weights & Biases, Optuna, Ax, DeepHyper or "
                        "NNI, or any with parameters and objectives; -: standard input",
                .required = true},
               stage_option(),
               {.kind = Kind::list,
                .name = "--map",
                .help = "OLD=NEW: a column by another name; OLD=: leave it out; may be given several times"},
               {.kind = Kind::flag,
                .name = "--defaults",
                .help = "parameters that the table does not have were at their defaults"},
               {.kind = Kind::flag, .name = "--skip", .help = "leave rows out that are no points of the space"},
               {.kind = Kind::flag, .name = "--again", .help = "also results that this search has already"}}),
          import_trials};
}

}  // namespace assay::apps
