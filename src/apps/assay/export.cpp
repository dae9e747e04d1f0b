// assay export: all trials of a study as one table, for other tools and for `assay import`.
#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "exchange/export.hpp"
#include "os/file.hpp"
#include "pipeline/steering.hpp"

namespace assay::apps {
namespace {

using base::Exit;

Exit export_trials(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto file = values.text("-o");
  const bool named_json = file && file->ends_with(".json");
  if (values.flag("--json") && values.flag("--csv")) base::fail(Exit::config, "--csv and --json do not go together");
  const auto view = pipeline::look_at(run, stage);
  const auto text = values.flag("--json") || (named_json && !values.flag("--csv")) ? exchange::json_table(view)
                                                                                   : exchange::csv_table(view);
  if (!file) {
    std::fputs(text.c_str(), stdout);
    return Exit::done;
  }
  os::publish(*file, text, os::Durable::yes, os::Rights::by_umask);
  std::int64_t count = 0;
  for (const auto& trial : view.trials()) count += trial ? 1 : 0;
  std::printf("%s: %lld trials of %s\n", file->c_str(), static_cast<long long>(count), to_string(stage).c_str());
  return Exit::done;
}

}  // namespace

cli::Verb export_verb() {
  using Kind = cli::Option::Kind;
  return {"export",
          "all trials of a stage as a table for other tools and for assay import",
          {{.name = "RUN", .help = "run folder", .required = true},
           stage_option(),
           {.kind = Kind::flag, .name = "--csv", .help = "a row per trial, its seconds those of all rungs (default)"},
           {.kind = Kind::flag, .name = "--json", .help = "everything, with every rung and report"},
           {.name = "-o", .help = "file to write (.json: as JSON); default: standard output"}},
          export_trials};
}

}  // namespace assay::apps
