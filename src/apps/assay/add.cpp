// assay add: trials with given parameters, for the workers to measure.
#include <cstdio>

#include "apps/assay/by_hand.hpp"
#include "apps/assay/table.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace assay::apps {
namespace {

using base::Exit;

/// Every column must be a parameter: what would be ignored was meant.
space::Params point_in(const space::Space& space, const Row& row) {
  std::map<std::string, base::Json> cells;
  for (const auto& [column, cell] : row.cells) {
    const auto name = parameter_of(space, column);
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
  return point_of(space, cells, row.place);
}

Exit add(const cli::Values& values) {
  const auto run = open_target(values, need_search);
  const auto stage = search_only(values, "trials can be added to the search alone");
  const auto words = values.texts("FILE|KEY=VALUE");
  const bool pairs = words.front() != "-" && words.front().find('=') != std::string::npos;
  if (!pairs && words.size() > 1)
    base::fail(Exit::config, "one file, or key=value words: \"{}\" is too much", words[1]);
  const auto rows = pairs ? std::vector<Row>{row_of(words)} : read_table(words.front());
  if (rows.empty()) base::fail(Exit::config, "{} holds no point: there is nothing to add", words.front());

  const auto parts = open_search(run);
  std::vector<space::Params> points;
  for (const auto& row : rows) points.push_back(point_in(*parts.space, row));
  auto study = join_study(run, stage);
  const auto view = study.refresh();
  const auto limit = run.limits(stage).max_trials;
  const auto count = static_cast<std::int64_t>(points.size());
  const auto free = free_numbers(view, limit);
  need_numbers(run, free, count);
  if (const auto line = reopen_search(run, "assay add")) std::printf("%s\n", line->c_str());

  std::vector<study::TrialId> numbers;
  for (const auto& point : points) {
    const auto claim = study.put({.params = point, .note = "added by hand", .tags = {{study::origin_tag, "add"}}});
    if (!claim) break;
    study.release(*claim, "added by hand");
    numbers.push_back(claim->work.item.trial);
  }
  study.leave("added by hand");
  if (!numbers.empty()) std::printf("added %s\n", count_text(numbers).c_str());
  if (numbers.size() < points.size()) {
    base::fail(Exit::config,
               "workers took the last numbers meanwhile: {} of {} rows are not added; raise the limit, `assay set {} "
               "search.max_trials={}`",
               points.size() - numbers.size(), points.size(), run.folder().string(),
               limit + count - static_cast<std::int64_t>(numbers.size()));
  }
  std::printf("the next workers that look for work measure them: search-driver %s\n", run.folder().c_str());
  return Exit::done;
}

}  // namespace

cli::Verb add_verb() {
  return {
      "add", "trials with given parameters: assay add RUN training.lr=0.01",
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
