// split-data: the seeded, stratified search split of the training set, proved disjoint and compared with the real
// validation set. Index files, no copies.
#include "base/log.hpp"
#include "cli/stage.hpp"
#include "config/check.hpp"
#include "data/bytes.hpp"
#include "data/dataset.hpp"
#include "data/split.hpp"
#include "launch/summary.hpp"
#include "os/file.hpp"
#include "pipeline/pipeline_check.hpp"
#include "run/results.hpp"

using namespace assay;

namespace {

run::SplitFigures figures_of(const data::SplitReport& report, const data::Dataset& train) {
  return {.train = report.train,
          .valid = report.valid,
          .untouched = report.untouched,
          .data_hash = train.sha256,
          .p_value = report.p_value,
          .verdict = report.verdict,
          .task = train.task == data::Task::regression ? "regression" : "classification",
          .outputs = train.task == data::Task::regression ? 1 : train.classes()};
}

/// There is nothing to split, and the later stages may begin.
base::Exit no_data(cli::StageContext& stage) {
  const auto& config = stage.run.config();
  run::SplitFigures figures{.verdict = "no data to split: the command reads its own"};
  if (config.has("trial.table")) {
    const auto file = config.text("trial.table.file");
    figures.data_hash = data::read_content(file, config).sha256;
    figures.verdict = "no data to split: trials are looked up in " + file;
  }
  return stage.finish(run::Stage::split, run::to_json(figures), figures.verdict);
}

base::Exit split_data(cli::StageContext& stage) {
  const auto& config = stage.run.config();
  pipeline::check_pipeline(config);
  if (config::without_data(config)) return no_data(stage);
  const auto folder = stage.run.folder(run::Stage::split);
  const auto train = data::read(config, data::Part::train);
  const bool built_in = config.texts("trial.command").empty() && !config.has("trial.table");
  if (built_in)
    pipeline::check_reportable(config, train.task == data::Task::regression ? "regression" : "classification");
  const auto untouched = data::read(config, data::Part::valid, &train);

  const auto split = data::make_split(train, config.number("split.share"), stage.run.seed());
  data::check_split(split, train.rows());
  const auto report = data::describe_split(train, split, &untouched);
  for (const auto& warning : report.warnings) base::log_warning("{}", warning);

  os::make_folders(folder);
  data::write_indices(folder / "train.idx", split.train, train.sha256);
  data::write_indices(folder / "valid.idx", split.valid, train.sha256);
  os::publish(folder / "report.json", data::to_json(report).dump(2) + "\n");

  const auto figures = run::to_json(figures_of(report, train));
  return stage.finish(run::Stage::split, figures, launch::summary(run::Stage::split, figures));
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_stage(argc, argv, run::Stage::split,
                        "Splits the training set 90/10 for the search; the validation set stays untouched.",
                        split_data);
}
