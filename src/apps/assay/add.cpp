// assay add: trials with given parameters, for the workers to measure.
#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "exchange/table.hpp"
#include "os/file.hpp"
#include "pipeline/intake.hpp"
#include "pipeline/reopen.hpp"
#include "pipeline/steering.hpp"
#include "run/remedy.hpp"
#include "space/space.hpp"

namespace assay::apps {
namespace {

using base::Exit;

struct GivenPoints {
  std::string source;
  std::vector<exchange::Row> rows;
};

GivenPoints read_points(const std::vector<std::string>& words) {
  const bool pairs = words.front() != "-" && words.front().find('=') != std::string::npos;
  if (!pairs && words.size() > 1)
    base::fail(Exit::config, "one file, or key=value words: \"{}\" is too much", words[1]);
  if (!pairs && words.front() != "-" && !os::file_size(words.front()))
    base::fail(Exit::config, "there is no file {} (and without \"=\" it is no key=value)", words.front());
  GivenPoints given{pairs ? "the command line" : words.front(),
                    pairs ? std::vector<exchange::Row>{exchange::row_of(words)} : exchange::read_table(words.front())};
  if (given.rows.empty()) base::fail(Exit::config, "{} holds no point: there is nothing to add", words.front());
  return given;
}

/// What is no point of the space, or too much, is said now, not when the search begins.
void check_for_later(const run::Run& run, const GivenPoints& given) {
  const auto space = space::Space::load(run.config());
  for (const auto& row : given.rows) pipeline::point_in(space, row);
  auto before = static_cast<std::int64_t>(given.rows.size());
  for (const auto& kept : pipeline::kept_for_search(run)) before += kept.points ? kept.count : 0;
  const auto limit = run.limits(run::Stage::search).max_trials;
  if (before > limit) {
    base::fail(Exit::config, "{} points would be kept for the search, which measures {}: raise the limit first, `{}`",
               before, limit,
               base::command({"assay", "set", run.folder().string(), fmt::format("search.max_trials={}", before)}));
  }
}

/// The search does not exist yet, and its stages before are not done. False if it was founded meanwhile, without them.
bool keep_points(const run::Run& run, const GivenPoints& given) {
  check_for_later(run, given);
  const auto count = static_cast<std::int64_t>(given.rows.size());
  const auto name = pipeline::keep(run, {.points = true, .source = given.source, .count = count, .rows = given.rows});
  if (pipeline::can_open_search(run) && pipeline::take_away(run, name)) return false;
  std::printf("kept %lld point%s for the search, which measures %s first\n", static_cast<long long>(count),
              count == 1 ? "" : "s", count == 1 ? "it" : "them");
  return true;
}

Exit add(const cli::Values& values) {
  const auto stage = search_only(values, "trials can be added to the search alone");
  const auto given = read_points(values.texts("FILE|KEY=VALUE"));
  if (const auto look = preview_target(values); !pipeline::can_open_search(look)) check_for_later(look, given);
  const auto run = open_target(values);
  if (!pipeline::can_open_search(run) && keep_points(run, given)) return Exit::done;

  const auto parts = pipeline::open_search(run);
  std::vector<space::Params> points;
  for (const auto& row : given.rows) points.push_back(pipeline::point_in(*parts.space, row));
  auto study = pipeline::join_study(run, stage);
  const auto view = study.refresh();
  const auto count = static_cast<std::int64_t>(points.size());
  pipeline::need_numbers(run, pipeline::free_numbers(run, view), count);
  if (const auto line = pipeline::reopen_search(run, "assay add")) std::printf("%s\n", line->c_str());

  std::vector<trial::TrialId> numbers;
  for (const auto& point : points) {
    const auto claim = study.enqueue({.params = point, .note = "added by hand", .tags = {{trial::origin_tag, "add"}}});
    if (!claim) break;
    study.requeue(*claim, "added by hand");
    numbers.push_back(claim->work.item.trial);
  }
  study.leave("added by hand");
  if (!numbers.empty()) std::printf("added %s\n", pipeline::count_text(numbers).c_str());
  if (numbers.size() < points.size()) {
    const auto more = run.limits(stage).max_trials + count - static_cast<std::int64_t>(numbers.size());
    base::fail(Exit::config,
               "workers took the last numbers meanwhile: {} of {} rows are not added; raise the limit, {}",
               points.size() - numbers.size(), points.size(),
               base::proposal({"assay", "set", run.folder().string(), fmt::format("search.max_trials={}", more)}));
  }
  std::printf("the next workers that look for work measure them: %s\n",
              run::measuring_command(run, run::Stage::search).c_str());
  return Exit::done;
}

}  // namespace

cli::Verb add_verb() {
  return {
      "add", "trials with given parameters: assay add RUN training.lr=0.01; kept for a search that does not exist yet",
      target_options(
          {{.kind = cli::Option::Kind::list,
            .name = "FILE|KEY=VALUE",
            .help = "JSON (an object or a list) or CSV with a head, - for standard input; or parameter=value words. "
                    "Parameters without a value take their defaults",
            .required = true},
           stage_option()}),
      add};
}

}  // namespace assay::apps
