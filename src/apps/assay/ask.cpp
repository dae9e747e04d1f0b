// assay ask: claims the next trial for a script that measures it itself, and tells its result with `assay tell`.
#include <cstdio>

#include "apps/assay/by_hand.hpp"
#include "apps/assay/record.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "study/json.hpp"
#include "study/names.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using study::Study;

/// Parts that a batch should be computed in: the trial ran out of memory once.
int accumulate(const study::Work& work) { return work.what.tags.contains(study::halved_tag) ? 2 : 1; }

/// The point in the form of the configuration. By hand only the sections that the configuration has: defaults of ours
/// say nothing about somebody else's training.
base::Json values_of(const run::Run& run, const space::Space& space, const space::Params& params) {
  auto values = space.instantiate(params);
  for (const std::string section : {"training", "augment"}) {
    if (run.by_hand() && !run.config().has(section) && !run.config().has("search." + section)) values.erase(section);
  }
  return values;
}

void show(const run::Run& run, const space::Space& space, const study::Work& work, bool json) {
  const auto folder = run.folder().string();
  if (json) {
    const base::Json all = {{"trial", work.item.trial},
                            {"rung", work.item.rung},
                            {"attempt", work.attempt},
                            {"params", space::to_json(work.what.params)},
                            {"values", values_of(run, space, work.what.params)},
                            {"fidelity", study::to_json(work.at)},
                            {"seed", work.seed % (1U << 31)},
                            {"accumulate", accumulate(work)},
                            {"note", work.what.note},
                            {"from", work.what.from ? json_of(*work.what.from) : base::Json()}};
    std::printf("%s\n", all.dump(2).c_str());
    return;
  }
  std::printf("trial %lld\n", static_cast<long long>(work.item.trial));
  if (work.what.from) {
    std::printf("  goes on from where rung %d of trial %lld ended\n", work.what.from->rung,
                static_cast<long long>(work.what.from->trial));
  }
  for (const auto& [name, value] : work.what.params)
    std::printf("  %s = %s\n", name.c_str(), space::to_text(value).c_str());
  std::printf("  fidelity: %s\n  seed: %llu\n", study::to_text(work.at, 0).c_str(),
              static_cast<unsigned long long>(work.seed % (1U << 31)));
  if (accumulate(work) > 1)
    std::printf("  accumulate: %d (it ran out of memory: half the batch, two steps)\n", accumulate(work));
  std::string metrics;
  for (const auto& objective : run.objectives()) metrics += " " + objective.metric + "=...";
  std::printf("then: assay tell %s %lld%s\n", folder.c_str(), static_cast<long long>(work.item.trial), metrics.c_str());
}

/// A trial that was claimed and has no result may come back: the search is not over for whoever asks.
void check_open(const run::Run& run, const study::StudyView& view, const std::string& why) {
  const auto running = view.running();
  if (running.empty()) return;
  const auto& first = *running.front();
  const auto held = held_text(view, first.worker, run.limits(run::Stage::search).lease_seconds);
  base::fail(Exit::again, "nothing to measure now ({}; {} no result yet, trial {} among them{}): ask again later", why,
             running.size() == 1 ? "1 trial has" : fmt::format("{} trials have", running.size()), first.item.trial,
             held.empty() ? "" : ", " + held);
}

/// A search that ended takes more trials if its numbers were all given away and there are more now. One that a rule or
/// a person ended only where that is asked for: a script that asks in a loop must come to its end.
void take_more(const run::Run& run, bool asked_for) {
  const auto generation = study::read_generation(study::Layout{run.folder(run::Stage::search)});
  if (!generation.closed() || (!asked_for && !ended_by_number(generation.members->reason))) return;
  const auto free = free_numbers(look_at(run, run::Stage::search), run.limits(run::Stage::search).max_trials);
  if (asked_for) need_numbers(run, free, 1);
  if (free == 0) return;
  if (const auto line = reopen_search(run, "assay ask")) base::log_info("{}", *line);
}

Exit ask(const cli::Values& values) {
  const auto run = open_target(values, need_search);
  const auto stage = search_only(values, "its workers measure it; only the search can be asked for trials");
  const auto patience = base::parse_duration(values.text("--patience", "1d"), "--patience");
  if (patience <= 0)
    base::fail(Exit::config, "--patience {}: a time is expected, such as 1d", values.text("--patience", ""));
  if (asked_to_stop(run, stage)) {
    base::fail(Exit::again, "nothing is handed out: the search is asked to stop. {}", how_to_go_on(run));
  }
  const auto parts = open_search(run);
  take_more(run, values.flag("--reopen"));
  auto study = join_study(run, stage, patience);
  auto offer = study.claim(*parts.planner);
  if (const auto* claim = std::get_if<study::Claim>(&offer)) {
    study.detach();
    show(run, *parts.space, claim->work, values.flag("--json"));
    return Exit::done;
  }
  const auto view = study.known();
  study.leave("asked for a trial, there was none");
  if (const auto* nothing = std::get_if<Study::Nothing>(&offer)) {
    base::fail(Exit::again, "nothing to measure now ({}): ask again later", nothing->reason);
  }
  const auto free = free_numbers(view, run.limits(stage).max_trials);
  check_open(run, view, std::get<Study::Ended>(offer).reason);
  const auto folder = run.folder().string();
  auto next = fmt::format("`search-driver {}` draws the conclusion once all are told", folder);
  if (run.by_hand()) {
    next = conclude_by_hand(run)
               ? fmt::format("`assay trials {} --sort {}` shows the best, `analyze {}` makes a report", folder,
                             run.objectives().front().metric, folder)
               : "The last result that is told ends it";
  }
  if (free > 0) next += fmt::format("; `assay ask {} --reopen` takes up to {} trials more", folder, free);
  base::fail(Exit::partial, "the search has no further trial: {}. {}", std::get<Study::Ended>(offer).reason, next);
}

}  // namespace

cli::Verb ask_verb() {
  return {"ask", "claim the next trial for a script of yours; 75: nothing now, 3: the search has no further trial",
          target_options({stage_option(),
                          {.name = "--patience",
                           .help = "how long it is held for you without a word (default 1d); study.lease on top"},
                          {.kind = cli::Option::Kind::flag, .name = "--json", .help = "as JSON"},
                          {.kind = cli::Option::Kind::flag,
                           .name = "--reopen",
                           .help = "take more trials although a rule, or a person, ended the search"}}),
          ask};
}

}  // namespace assay::apps
