// Everything that a run folder holds for a report, read once. What is missing stays empty; nothing here judges.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "report/figure_text.hpp"
#include "run/results.hpp"
#include "run/run.hpp"
#include "space/space.hpp"
#include "trial/view.hpp"

namespace assay::report {

struct StageState {
  run::Stage stage = run::Stage::split;
  std::string state;              ///< "waiting", "begun", "done", "partial", "failed", "stale"
  std::string reason;             ///< why it failed or is stale
  std::optional<double> seconds;  ///< from its start to its end
  std::string revision;           ///< of the program that made it
};

struct RunData {
  std::string name, title, folder, settings;
  std::uint64_t seed = 0;
  trial::Judge judge;  ///< by the configuration as it is now; has objectives
  std::vector<StageState> stages;
  std::optional<run::SplitFigures> split;
  base::Json split_report;  ///< split/report.json: histograms, warnings; null if missing
  std::optional<run::BaselineFigures> baseline;
  std::optional<run::ProxyFigures> proxy;
  std::optional<run::SearchFigures> search;
  std::optional<run::FullFigures> full;
  std::map<run::Stage, trial::StudyView> studies;  ///< those that have begun
  std::optional<space::Space> space;
  std::int64_t parallel = 1;            ///< [search] parallel
  std::int64_t full_epochs = 0;         ///< 0: searched itself
  std::vector<std::string> unreadable;  ///< what is there and could not be read, one sentence each

  /// Objectives, then what rewards and limits name: each once.
  std::vector<std::string> named_metrics() const;
  /// The study of a stage, or nullptr.
  const trial::StudyView* study(run::Stage stage) const;
  const StageState& state(run::Stage stage) const;
  /// True if every stage but the report has its result.
  bool whole() const;
  /// In per cent only where the metric is named as a share and all that was measured of it lies in [0, 1].
  Scale scale(const std::string& metric) const;
};

RunData read_run_data(const run::Run& run);

}  // namespace assay::report
