#include "apps/conclusion.hpp"

#include "apps/figures.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "launch/summary.hpp"
#include "run/line.hpp"
#include "study/names.hpp"

namespace assay::apps {

using run::Stage;

bool conclude_search(const run::Run& run, const std::function<void(const std::string&)>& say) {
  const auto status = run.status(Stage::search);
  if (status.has_result()) return true;
  if (status.kind == run::Status::Kind::stale) return false;
  const auto generation = study::read_generation(study::Layout{run.folder(Stage::search)});
  if (!generation.closed()) return false;
  auto reader = run.reader(Stage::search);
  if (!reader.founded()) return false;
  const auto view = reader.refresh();
  if (!view.closed() || view.generation() != generation.number || !view.running().empty()) return false;
  const bool failed = generation.members->failed;
  const auto figures = search_figures(view, run, view.fidelities().back(), failed);
  if (figures.comparable == 0) return false;
  const auto json = run::to_json(figures);
  const double seconds = run.finish(Stage::search, json, base::unix_seconds(), failed, generation.number);
  const auto text = launch::summary(Stage::search, json, run.judge().first().metric);
  say(run::stage_line(Stage::search, failed ? "partial" : "done", text, seconds));
  return true;
}

void conclude_search(const run::Run& run) {
  conclude_search(run, [](const std::string& line) { base::log_info("{}", line); });
}

}  // namespace assay::apps
