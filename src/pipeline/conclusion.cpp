#include "pipeline/conclusion.hpp"

#include <cstdio>

#include "base/command.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "launch/summary.hpp"
#include "pipeline/figures.hpp"
#include "pipeline/steering.hpp"
#include "run/line.hpp"
#include "run/remedy.hpp"
#include "study/definition.hpp"
#include "study/names.hpp"

namespace assay::pipeline {

using run::Stage;

namespace {

/// Asking a study for certain costs one more log in it: only where there is a sign of its end.
bool may_be_over(const run::Run& run, const trial::StudyView& view, trial::Planner& planner) {
  if (!view.running().empty()) return false;
  const auto limits = run.limits(Stage::search);
  if (view.closed() || view.generation() > 1 || limits.max_seconds > 0 || limits.max_device_seconds > 0) return true;
  return view.counts().failed >= limits.max_failed || free_numbers(run, view) == 0 ||
         std::holds_alternative<trial::Finished>(planner.next(view));
}

}  // namespace

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

bool conclude_by_hand(const run::Run& run) {
  const study::Layout layout{run.folder(Stage::search)};
  if (!run.by_hand() || !study::read_definition(layout)) return false;
  if (run.status(Stage::search).has_result()) {
    judge_search_again(run);
    return true;
  }
  const auto parts = open_search(run);
  if (!may_be_over(run, look_at(run, Stage::search), *parts.planner)) return false;
  auto study = join_study(run, Stage::search);
  const auto ended = study.over(*parts.planner);
  const bool closed = ended && study.close(ended->reason);
  study.leave(closed ? "concluded the search" : "looked whether the search is over");
  if (!closed) return false;
  const bool published = conclude_search(run, [](const std::string& line) { std::printf("%s\n", line.c_str()); });
  if (!published)
    std::printf("the search is closed and none of its trials succeeded: %s\n",
                base::proposal({"assay", "trials", run.folder().string()}).c_str());
  return true;
}

void need_measuring(const run::Run& run) {
  if (!run.by_hand() || run.status(Stage::search).has_result()) return;
  const auto folder = run.folder().string();
  base::fail(base::Exit::config,
             "nothing in this configuration measures trials ([model] blocks, [trial] command or a table): a script "
             "asks for them, {}, and tells their results, {}",
             run::asking_command(run),
             base::proposal({"assay", "tell", folder, "N", run.judge().first().metric + "=..."}));
}

}  // namespace assay::pipeline
