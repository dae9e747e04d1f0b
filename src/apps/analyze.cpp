// analyze: the report of whatever is there: one HTML file, CSV and JSON tables, hints for the next space. Gaps are
// marked.
#include <cstdio>

#include "base/json.hpp"
#include "base/log.hpp"
#include "cli/stage.hpp"
#include "pipeline/conclusion.hpp"
#include "report/publish.hpp"
#include "run/line.hpp"

using namespace assay;

namespace {

base::Exit analyze(cli::StageContext& context) {
  const auto run_data = report::read_run_data(context.run);
  const auto published = report::publish(run_data, context.run.folder(run::Stage::report));
  if (!published.charts) {
    base::log_warning(
        "plotly.min.js was not found, so the page holds tables without charts; bin/setup fetches it, "
        "ASSAY_PLOTLY names it");
  }
  for (const auto& text : run_data.unreadable) base::log_warning("{}", text);
  const base::Json figures = {
      {"page", "report/index.html"}, {"headline", published.sentence}, {"charts", published.charts}};
  if (!run_data.whole()) {
    // Not done as long as a stage is missing: the next call shows what is new.
    const auto line = run::stage_line(run::Stage::report, "so far", published.page.string());
    std::printf("%s\n", context.options.json ? figures.dump(2).c_str() : line.c_str());
    return base::Exit::done;
  }
  return context.finish(run::Stage::report, figures, published.page.string());
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_stage(argc, argv, run::Stage::report,
                        "Makes the report of a run: report/index.html, tables as CSV and JSON; gaps are marked.",
                        analyze, {}, [](const cli::StageContext& context) { pipeline::conclude_search(context.run); });
}
