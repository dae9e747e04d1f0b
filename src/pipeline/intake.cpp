#include "pipeline/intake.hpp"

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "launch/slurm.hpp"
#include "search/planners.hpp"
#include "study/definition.hpp"
#include "study/record_writer.hpp"
#include "study/study.hpp"

namespace assay::pipeline {
namespace {

using base::Exit;
using run::Stage;

/// The words of the configuration for what `assay import` takes as options.
exchange::ImportOptions options_of(const config::Node& entry) {
  exchange::ImportOptions options;
  const auto file = entry.is_table() ? entry.at("file").string() : entry.string();
  const auto with = [file](const std::string& more) {
    return fmt::format("{{ file = {}, {} }}", base::Json(file).dump(), more);
  };
  options.map_text = [with](const std::string& old, const std::string& now) {
    return with(fmt::format("map = {{ {} = {} }}", base::Json(old).dump(), base::Json(now).dump()));
  };
  options.defaults_text = with("defaults = true");
  options.skip_text = with("skip = true");
  if (!entry.is_table()) return options;
  for (const auto& [old, now] : entry.at("map").items()) options.map[old] = now.string();
  if (const auto skip = entry.at("skip")) options.skip = skip.boolean();
  if (const auto defaults = entry.at("defaults")) options.defaults = defaults.boolean();
  return options;
}

void add_reading(Intake& intake, exchange::Reading reading, const exchange::ImportTarget& target,
                 const std::string& source, bool again) {
  if (!again) exchange::leave_out_known(reading, intake.results, target.objectives.front().metric);
  for (const auto& line : reading.remarks) intake.remarks.push_back(source + ": " + line);
  if (reading.known > 0)
    intake.remarks.push_back(
        fmt::format("{}: {} rows are in another table too and are left out", source, reading.known));
  for (auto& trial : reading.trials) intake.results.push_back(std::move(trial));
}

std::string counted(std::size_t count, const char* word) {
  return fmt::format("{} {}{}", base::with_commas(static_cast<long long>(count)), word, count == 1 ? "" : "s");
}

/// What was kept while somebody founded the search without it.
void bring_late(const run::Run& run, const space::Space& space, const std::vector<trial::Fidelity>& fidelities) {
  auto late = kept_for_search(run);
  std::erase_if(late, [&](const Kept& kept) { return !take_away(run, kept.name); });
  if (late.empty()) return;
  const auto target = exchange::import_target(run.config(), space, run.objectives(), fidelities);
  Intake intake;
  add_kept(intake, late, target);
  const auto folder = run.folder(Stage::search);
  const auto view = study::Reader(folder).refresh();
  const auto limit = run.limits(Stage::search).max_trials + view.imported();
  const auto brought = bring(folder, run.judge(), intake, view, fidelities.front(), limit);
  if (brought.points.size() < intake.points.size()) {
    const auto left = intake.points.size() - brought.points.size();
    const auto more = run.limits(Stage::search).max_trials + static_cast<std::int64_t>(left);
    base::log_warning(
        "{} of {} that were kept have no number left and are not added: {} makes room for them", left,
        counted(intake.points.size(), "point"),
        base::proposal({"assay", "set", run.folder().string(), fmt::format("search.max_trials={}", more)}));
  }
}

}  // namespace

std::vector<std::string> imported_files(const config::Config& config) {
  std::vector<std::string> files;
  const auto search = config.section("search");
  if (!search.contains("import")) return files;
  for (const auto& entry : search.at("import"))
    files.push_back((entry.is_object() ? entry.at("file") : entry).get<std::string>());
  return files;
}

Intake configured_intake(const config::Config& config, const exchange::ImportTarget& target) {
  Intake intake;
  const auto files = imported_files(config);
  std::size_t place = 0;
  for (const auto& [key, entry] : config.node("search.import").items()) {
    const auto& file = files[place++];
    try {
      add_reading(intake, exchange::read_results(exchange::read_table(file), file, target, options_of(entry)), target,
                  file, false);
    } catch (const base::Error& error) {
      entry.fail(error.what());
    }
  }
  if (config.text("search.algorithm") == "list") return intake;  // they are its list
  for (auto& point : search::listed_points(config, target.space)) {
    point.tags = {{trial::origin_tag, "points"}};
    intake.points.push_back(std::move(point));
  }
  return intake;
}

space::Params point_in(const space::Space& space, const exchange::Row& row) {
  std::map<std::string, base::Json> cells;
  for (const auto& [column, cell] : row.cells) {
    const auto name = exchange::parameter_of(space, column);
    if (!name) {
      std::vector<std::string> names;
      for (const auto& parameter : space.parameters()) names.push_back(parameter.name);
      const auto near = base::nearest_word(column, names);
      base::fail(Exit::config, "{}: the space has no parameter {}{}", row.place, column,
                 near.empty() ? "" : fmt::format("; did you mean {}?", near));
    }
    if (!cells.emplace(*name, cell).second)
      base::fail(Exit::config, "{}: {} is given twice, once as {}", row.place, *name, column);
  }
  return exchange::point_of(space, cells, row.place);
}

void add_kept(Intake& intake, const std::vector<Kept>& kept, const exchange::ImportTarget& target) {
  for (const auto& one : kept) {
    intake.kept.push_back(one.name);
    try {
      if (!one.points) {
        add_reading(intake, exchange::read_results(one.rows, one.source, target, one.options), target, one.source,
                    one.again);
        continue;
      }
      for (const auto& row : one.rows) {
        intake.points.push_back(
            {.params = point_in(target.space, row), .note = "added by hand", .tags = {{trial::origin_tag, "add"}}});
      }
    } catch (const base::Error& error) {
      base::fail(error.code(),
                 "{} (kept for the search in kept/{} of the run folder; the configuration has changed "
                 "since: remove that file, or take the change back)",
                 error.what(), one.name);
    }
  }
}

Intake first_intake(const run::Run& run, const std::vector<Kept>& kept, const exchange::ImportTarget& target) {
  auto intake = configured_intake(run.config(), target);
  add_kept(intake, kept, target);
  return intake;
}

void check_points(const Intake& intake, const run::Run& run, std::int64_t max_trials) {
  const auto count = static_cast<std::int64_t>(intake.points.size());
  if (count <= max_trials) return;
  base::fail(Exit::config, "{} are to be measured first and search.max_trials is {}: raise it, `{}`",
             counted(intake.points.size(), "point"), max_trials,
             base::command({"assay", "set", run.folder().string(), fmt::format("search.max_trials={}", count)}));
}

Brought bring(const std::filesystem::path& stage, const trial::Judge& judge, const Intake& intake,
              const trial::StudyView& view, const trial::Fidelity& first, std::int64_t numbers) {
  Brought brought;
  trial::TrialId next = 0;
  const auto claim = [&](study::RecordWriter& writer) {
    while (view.find(next) != nullptr || !writer.claim({next, 0})) ++next;
    return next++;
  };
  if (!intake.results.empty()) {
    study::RecordWriter writer(stage, judge, study::RecordWriter::Brings::results);
    for (const auto& trial : intake.results) {
      const auto number = claim(writer);
      writer.record({number, 0}, trial.what, trial.measured);
      brought.results.push_back(number);
    }
    writer.leave("imported results");
  }
  numbers += static_cast<std::int64_t>(intake.results.size());
  if (!intake.points.empty()) {
    study::RecordWriter writer(stage, judge);
    for (const auto& point : intake.points) {
      while (next < numbers && (view.find(next) != nullptr || !writer.claim({next, 0}))) ++next;
      if (next >= numbers) break;
      writer.offer({next, 0}, point, point.at.value_or(first), point.note);
      brought.points.push_back(next++);
    }
    writer.leave("added points");
  }
  return brought;
}

bool create_search(const run::Run& run, const space::Space& space, const trial::Planner& planner,
                   const std::vector<trial::Fidelity>& fidelities) {
  const study::Layout layout{run.folder(Stage::search)};
  const auto definition = definition_of(run, Stage::search, space, planner, fidelities);
  const bool fresh = !study::read_definition(layout);
  if (fresh) {
    check_reported(run);
    const auto target = exchange::import_target(run.config(), space, run.objectives(), fidelities);
    const auto intake = first_intake(run, kept_for_search(run), target);
    const auto limit = run.limits(Stage::search).max_trials;
    check_points(intake, run, limit);
    run.begin(Stage::search);
    if (!intake.results.empty() || !intake.points.empty()) {
      study::create_filled_or_join(layout, definition, [&](const std::filesystem::path& stage) {
        bring(stage, run.judge(), intake, {}, fidelities.front(), limit);
        note_taken_up(stage, intake.kept);
      });
      for (const auto& line : intake.remarks) base::log_info("{}", line);
      base::log_info("the search begins with {}, and {} to measure first",
                     counted(intake.results.size(), "imported result"), counted(intake.points.size(), "point"));
    }
  }
  study::create_or_join(layout, definition);
  for (const auto& name : taken_up(run)) take_away(run, name);
  bring_late(run, space, fidelities);
  return fresh;
}

}  // namespace assay::pipeline
