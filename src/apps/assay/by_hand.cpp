#include "apps/assay/by_hand.hpp"

#include <algorithm>

#include "apps/intake.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "run/program.hpp"
#include "run/remedy.hpp"
#include "run/results.hpp"
#include "study/founding.hpp"
#include "study/liveness.hpp"
#include "study/names.hpp"

namespace assay::apps {

using base::Exit;
using run::Stage;

cli::Option stage_option() { return {.name = "--stage", .help = "baseline, proxy, search (default) or full"}; }

Stage stage_of(const cli::Values& values) {
  const auto stage = run::stage_from(values.text("--stage", "search"));
  if (stage == Stage::split || stage == Stage::report) {
    base::fail(Exit::config, "the {} stage has no trials; baseline, proxy, search and full have", to_string(stage));
  }
  return stage;
}

Stage search_only(const cli::Values& values, const std::string& why) {
  const auto stage = stage_of(values);
  if (stage != Stage::search) base::fail(Exit::config, "the {} stage measures a fixed list: {}", to_string(stage), why);
  return stage;
}

std::vector<std::string> stage_words(Stage stage) {
  if (stage == Stage::search) return {};
  return {"--stage", to_string(stage)};
}

namespace {

[[noreturn]] void not_founded(const run::Run& run, Stage stage) {
  if (const auto why = run.lacks(stage); !why.empty())
    base::fail(Exit::upstream, "{} has no {} stage: {}", run.folder().string(), to_string(stage), why);
  const auto kept = stage == Stage::search ? kept_text(run) : "";
  base::fail(Exit::upstream, "the {} stage has no trials yet: {} starts it{}", to_string(stage),
             run::measuring_command(run, stage), kept.empty() ? "" : " (" + kept + ")");
}

/// The chosen proxy's. Where nothing but a script measures there are no earlier stages: the full fidelity.
study::Fidelity search_fidelity(const run::Run& run) {
  const auto full = full_fidelity(run.config(), Stage::search);
  if (!can_measure(run)) return full;
  return run::proxy_figures(run.need(Stage::proxy)).chosen.value_or(full);
}

}  // namespace

study::StudyView look_at(const run::Run& run, Stage stage) {
  auto reader = run.reader(stage);
  if (!reader.founded()) not_founded(run, stage);
  return reader.refresh();
}

study::Study join_study(const run::Run& run, Stage stage, double patience) {
  if (!study::read_founding(study::Layout{run.folder(stage)})) not_founded(run, stage);
  auto study = study::Study::join(run.folder(stage), run.limits(stage), patience);
  study.set_judge(run.judge());
  // Who reopens a study sets its limits first: what was read before this look may be what had ended it.
  if (study.generation() > 1) study.set_limits(run::Run::open(run.folder()).limits(stage));
  return study;
}

void need_search(const run::Run& run) {
  if (!study::read_founding(study::Layout{run.folder(Stage::search)})) search_fidelity(run);
}

SearchParts open_search(const run::Run& run) {
  const auto status = run.status(Stage::search);
  if (status.kind == run::Status::Kind::stale) {
    base::fail(Exit::upstream, "the search is stale ({}): {} makes it again", status.reason,
               run::making_command(run, Stage::search));
  }
  const study::Layout layout{run.folder(Stage::search)};
  const auto founded = study::read_founding(layout);
  const auto top = founded ? study::founding_from_json(*founded).fidelities.back() : search_fidelity(run);
  const auto level = base::verbosity();
  base::set_verbosity(base::Level::quiet);  // the choice of an algorithm was told by the workers
  auto parts = search_parts(run, top);
  base::set_verbosity(level);
  found_search(run, *parts.space, *parts.planner, parts.fidelities);
  if (!founded) base::log_info("created the search in {}", layout.stage.string());
  return parts;
}

bool can_open_search(const run::Run& run) {
  if (!can_measure(run) || study::read_founding(study::Layout{run.folder(Stage::search)})) return true;
  return run.status(Stage::proxy).has_result();
}

std::int64_t numbers_of(const run::Run& run, const study::StudyView& view) {
  return run.limits(Stage::search).max_trials + view.imported();
}

std::int64_t free_numbers(const run::Run& run, const study::StudyView& view) {
  const auto numbers = numbers_of(run, view);
  std::int64_t taken = 0;
  for (const auto& trial : view.trials()) taken += trial && trial->id < numbers ? 1 : 0;
  return std::max<std::int64_t>(0, numbers - taken);
}

void need_numbers(const run::Run& run, std::int64_t free, std::int64_t wanted) {
  if (wanted <= free) return;
  const auto limit = run.limits(Stage::search).max_trials;
  base::fail(Exit::config, "{} of {} numbers are free, {} are wanted: raise the limit first, {}", free, limit, wanted,
             base::proposal(
                 {"assay", "set", run.folder().string(), fmt::format("search.max_trials={}", limit + wanted - free)}));
}

std::string after_closing(const run::Run& run, Stage stage, const study::StudyView& view) {
  const auto folder = run.folder().string();
  std::string text;
  if (view.counts().failed > 0)
    text = fmt::format("{} measures what failed again, with all other results kept. ", run::retry_command(run, stage));
  return text + fmt::format("{} makes it again (the old one stays as {}.1).",
                            base::proposal({executable(stage), folder, "--force"}), to_string(stage));
}

bool can_measure(const run::Run& run) {
  const auto& config = run.config();
  return !config.texts("trial.command").empty() || config.has("trial.table") || config.node("model.blocks").size() > 0;
}

study::TrialId number_of(const std::string& word) {
  const auto number = base::integer_in(word);
  if (!number || *number < 0) base::fail(Exit::config, "\"{}\" is no number of a trial", word);
  return *number;
}

const study::Trial& trial_of(const study::StudyView& view, study::TrialId number) {
  if (const auto* trial = view.find(number)) return *trial;
  const auto count = std::count_if(view.trials().begin(), view.trials().end(), [](const auto& trial) { return trial; });
  base::fail(Exit::config, "there is no trial {}; the study has {} trial{}{}", number, count, count == 1 ? "" : "s",
             count > 0 ? fmt::format(", the last one is {}", view.trials().size() - 1) : "");
}

std::string count_text(const std::vector<study::TrialId>& numbers) {
  if (numbers.size() == 1) return fmt::format("trial {}", numbers.front());
  std::vector<std::string> words;
  for (const auto number : numbers) {
    if (words.size() == 12 && numbers.size() > 13) {
      words.push_back(fmt::format("... {}", numbers.back()));
      break;
    }
    words.push_back(std::to_string(number));
  }
  return fmt::format("{} trials{}", numbers.size(), words.empty() ? "" : " (" + base::join(words, ", ") + ")");
}

namespace {

const study::WorkerInfo* find_worker(const study::StudyView& view, const std::string& worker) {
  const auto& all = view.workers();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == worker; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

double patience_of(const study::StudyView& view, const std::string& worker) {
  const auto* known = find_worker(view, worker);
  return known == nullptr ? 0 : known->patience;
}

std::string held_text(const study::StudyView& view, const std::string& worker, double lease) {
  const auto* known = find_worker(view, worker);
  if (known == nullptr || known->patience <= 0) return "";
  if (study::patience_over(*known, lease)) return "its time is over, the next worker takes it";
  const double left = study::hold_seconds(*known, lease) - (base::unix_seconds() - known->last_record);
  return fmt::format("it is held for {} more", base::format_duration(left));
}

}  // namespace assay::apps
