// assay ask: claims the next trial for a script that measures it itself, and tells its result with `assay tell`.
#include <cstdio>
#include <optional>
#include <vector>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "exchange/trial_json.hpp"
#include "launch/slurm.hpp"
#include "pipeline/conclusion.hpp"
#include "pipeline/reopen.hpp"
#include "pipeline/steering.hpp"
#include "pipeline/stop_request.hpp"
#include "space/outside.hpp"
#include "study/names.hpp"
#include "trial/json.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using study::Study;

/// Parts that a batch should be computed in: the trial ran out of memory once.
int accumulate(const trial::Work& work) { return work.what.tags.contains(trial::halved_tag) ? 2 : 1; }

base::Json json_asked(const run::Run& run, const space::Space& space, const trial::Work& work) {
  return {{"trial", work.item.trial},
          {"rung", work.item.rung},
          {"attempt", work.attempt},
          {"params", space::outside_values(run.config(), space, work.what.params)},
          {"point", space::to_json(work.what.params)},
          {"fidelity", trial::to_json(work.at)},
          {"seed", work.seed % (1U << 31)},
          {"accumulate", accumulate(work)},
          {"note", work.what.note},
          {"from", work.what.from ? exchange::json_of(*work.what.from) : base::Json()}};
}

void show(const run::Run& run, const trial::Work& work) {
  std::printf("trial %lld\n", static_cast<long long>(work.item.trial));
  if (work.what.from) {
    std::printf("  goes on from where rung %d of trial %lld ended\n", work.what.from->rung,
                static_cast<long long>(work.what.from->trial));
  }
  for (const auto& [name, value] : work.what.params)
    std::printf("  %s = %s\n", name.c_str(), space::to_text(value).c_str());
  std::printf("  fidelity: %s\n  seed: %llu\n", trial::to_text(work.at, 0).c_str(),
              static_cast<unsigned long long>(work.seed % (1U << 31)));
  if (accumulate(work) > 1)
    std::printf("  accumulate: %d (it ran out of memory: half the batch, two steps)\n", accumulate(work));
  std::vector<std::string> words = {"assay", "tell", run.folder().string(), std::to_string(work.item.trial)};
  for (const auto& name : run.judge().named()) words.push_back(name + "=...");
  std::printf("then: %s\n", base::proposal(words).c_str());
}

/// A trial that was claimed and has no result may come back: the search is not over for whoever asks.
void check_open(const run::Run& run, const trial::StudyView& view, const std::string& why) {
  const auto running = view.running();
  if (running.empty()) return;
  const auto& first = *running.front();
  const auto held = pipeline::held_text(view, first.worker, run.limits(run::Stage::search).lease_seconds);
  base::fail(Exit::again, "nothing to measure now ({}; {} no result yet, trial {} among them{}): ask again later", why,
             running.size() == 1 ? "1 trial has" : fmt::format("{} trials have", running.size()), first.item.trial,
             held.empty() ? "" : ", " + held);
}

std::int64_t count_of(const cli::Values& values) {
  const auto count = values.integer("--count").value_or(1);
  if (count < 1) base::fail(Exit::config, "--count {}: a number from 1 is expected", count);
  return count;
}

/// A search that ended takes more trials if its numbers were all given away and there are more now. One that a rule or
/// a person ended only where that is asked for: a script that asks in a loop must come to its end.
void take_more(const run::Run& run, bool asked_for) {
  const auto generation = study::read_generation(study::Layout{run.folder(run::Stage::search)});
  if (!generation.closed() || (!asked_for && !pipeline::ended_by_number(generation.members->reason))) return;
  const auto free = pipeline::free_numbers(run, pipeline::look_at(run, run::Stage::search));
  if (asked_for) pipeline::need_numbers(run, free, 1);
  if (free == 0) return;
  if (const auto line = pipeline::reopen_search(run, "assay ask")) base::log_info("{}", *line);
}

[[noreturn]] void nothing_left(const run::Run& run, const trial::StudyView& view, const Study::Offer& offer) {
  if (const auto* nothing = std::get_if<Study::Nothing>(&offer)) {
    base::fail(Exit::again, "nothing to measure now ({}): ask again later", nothing->reason);
  }
  const auto free = pipeline::free_numbers(run, view);
  check_open(run, view, std::get<Study::Ended>(offer).reason);
  const auto folder = run.folder().string();
  auto next = fmt::format("{} concludes it once all results are there", base::proposal({"search-driver", folder}));
  if (run.by_hand()) {
    next = pipeline::conclude_by_hand(run)
               ? fmt::format("{} shows the best, {} makes a report",
                             base::proposal({"assay", "trials", folder, "--sort", run.judge().first().metric}),
                             base::proposal({"analyze", folder}))
               : "The last reported result ends it";
  }
  if (free > 0)
    next += fmt::format("; {} takes up to {} more", base::proposal({"assay", "ask", folder, "--reopen"}), free);
  base::fail(Exit::partial, "the search has no further trial: {}. {}", std::get<Study::Ended>(offer).reason, next);
}

Exit ask(const cli::Values& values) {
  const auto run = open_target(values, pipeline::need_search);
  const auto stage = search_only(values, "its workers measure it; only the search can be asked for trials");
  const auto reservation = base::parse_duration(values.text("--patience", "1d"), "--patience");
  if (reservation <= 0)
    base::fail(Exit::config, "--patience {}: a time is expected, such as 1d", values.text("--patience", ""));
  const auto count = count_of(values);
  if (run.asked_to_stop(stage)) {
    base::fail(Exit::again, "nothing is handed out: the search is asked to stop. {}", pipeline::how_to_resume(run));
  }
  const auto parts = pipeline::open_search(run);
  take_more(run, values.flag("--reopen"));
  auto study = pipeline::join_study(run, stage, reservation);
  // One after the other: each is planned with those before it as trials under way.
  std::vector<trial::Work> works;
  std::optional<Study::Offer> last;
  while (static_cast<std::int64_t>(works.size()) < count) {
    last = study.claim(*parts.planner);
    const auto* claim = std::get_if<study::Claim>(&*last);
    if (claim == nullptr) break;
    works.push_back(claim->work);
  }
  if (works.empty()) {
    const auto view = study.known();
    study.leave("asked for a trial, there was none");
    nothing_left(run, view, *last);
  }
  study.detach();
  auto all = base::Json::array();
  for (const auto& work : works) {
    if (values.flag("--json"))
      all.push_back(json_asked(run, *parts.space, work));
    else
      show(run, work);
  }
  const bool list = values.integer("--count").has_value();
  if (values.flag("--json")) std::printf("%s\n", (list ? all : all.front()).dump(2).c_str());
  return Exit::done;
}

}  // namespace

cli::Verb ask_verb() {
  return {"ask", "claim the next trial for a script of yours; 75: nothing now, 3: the search has no further trial",
          target_options({stage_option(),
                          {.kind = cli::Option::Kind::integer,
                           .name = "--count",
                           .help = "so many at once, or what there is; with --json a list"},
                          {.name = "--patience",
                           .help = "how long it is held for you without a word (default 1d); study.lease on top"},
                          {.kind = cli::Option::Kind::flag, .name = "--json", .help = "as JSON"},
                          {.kind = cli::Option::Kind::flag,
                           .name = "--reopen",
                           .help = "take more trials although a rule, or a person, ended the search"}}),
          ask};
}

}  // namespace assay::apps
