// The end of a search whose trials are asked for by hand: there is no worker that would publish its result.
#include <cstdio>

#include "apps/assay/by_hand.hpp"
#include "apps/conclusion.hpp"
#include "apps/figures.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "run/remedy.hpp"
#include "study/founding.hpp"

namespace assay::apps {
namespace {

using run::Stage;

/// Asking a study for certain costs one more log in it: only where there is a sign of its end.
bool may_be_over(const run::Run& run, const study::StudyView& view, study::Planner& planner) {
  if (!view.running().empty()) return false;
  const auto limits = run.limits(Stage::search);
  if (view.closed() || view.generation() > 1 || limits.max_seconds > 0 || limits.max_device_seconds > 0) return true;
  return view.counts().failed >= limits.max_failed || free_numbers(run, view) == 0 ||
         std::holds_alternative<study::Finished>(planner.next(view));
}

}  // namespace

bool conclude_by_hand(const run::Run& run) {
  const study::Layout layout{run.folder(Stage::search)};
  if (!run.by_hand() || !study::read_founding(layout)) return false;
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

}  // namespace assay::apps
