#include "report/publish.hpp"

#include "report/document.hpp"
#include "report/page.hpp"
#include "report/trial_table.hpp"

namespace assay::report {

Published publish(const RunData& run_data, const os::Path& folder) {
  const auto plotly = find_plotly();
  const auto content = document(run_data);
  os::make_folders(folder);
  const auto* view = run_data.study(run::Stage::search);
  const auto table = view != nullptr ? trial_table(*view) : trial_table(trial::StudyView());
  os::publish(folder / "trials.csv", to_csv(table));
  os::publish(folder / "trials.json", to_json(table).dump(1) + "\n");
  os::publish(folder / "candidates.csv", candidates_csv(run_data));
  os::publish(folder / "finalists.csv", finalists_csv(run_data));
  os::publish(folder / "summary.json", summary(content).dump(2) + "\n");
  std::optional<std::string> script;
  if (plotly) script = os::read_file(*plotly);
  os::publish(folder / "index.html", page(content, script));
  return {folder / "index.html", content.at("headline").at("sentence").get<std::string>(), plotly.has_value()};
}

}  // namespace assay::report
