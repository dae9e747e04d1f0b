#include "pipeline/steering.hpp"

#include <algorithm>

#include "base/command.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "pipeline/intake.hpp"
#include "run/program.hpp"
#include "run/remedy.hpp"
#include "run/results.hpp"
#include "study/definition.hpp"
#include "study/liveness.hpp"
#include "study/names.hpp"

namespace assay::pipeline {

using base::Exit;
using run::Stage;

namespace {

[[noreturn]] void not_founded(const run::Run& run, Stage stage) {
  if (const auto why = run.lacks(stage); !why.empty())
    base::fail(Exit::upstream, "{} has no {} stage: {}", run.folder().string(), to_string(stage), why);
  const auto kept = stage == Stage::search ? kept_text(run) : "";
  base::fail(Exit::upstream, "the {} stage has no trials yet: {} starts it{}", to_string(stage),
             run::measuring_command(run, stage), kept.empty() ? "" : " (" + kept + ")");
}

/// The chosen proxy's. Where nothing but a script measures there are no earlier stages: the full fidelity.
trial::Fidelity search_fidelity(const run::Run& run) {
  const auto full = full_fidelity(run.config(), Stage::search);
  if (!can_measure(run)) return full;
  return run::proxy_figures(run.need(Stage::proxy)).chosen.value_or(full);
}

}  // namespace

trial::StudyView look_at(const run::Run& run, Stage stage) {
  auto reader = run.reader(stage);
  if (!reader.founded()) not_founded(run, stage);
  return reader.refresh();
}

study::Study join_study(const run::Run& run, Stage stage, double reservation) {
  if (!study::read_definition(study::Layout{run.folder(stage)})) not_founded(run, stage);
  auto study = study::Study::join(run.folder(stage), run.limits(stage), reservation);
  study.set_judge(run.judge());
  // Who reopens a study sets its limits first: what was read before this look may be what had ended it.
  if (study.generation() > 1) study.set_limits(run::Run::open(run.folder()).limits(stage));
  return study;
}

void need_search(const run::Run& run) {
  if (!study::read_definition(study::Layout{run.folder(Stage::search)})) search_fidelity(run);
}

SearchParts open_search(const run::Run& run) {
  const auto status = run.status(Stage::search);
  if (status.kind == run::Status::Kind::stale) {
    base::fail(Exit::upstream, "the search is stale ({}): {} makes it again", status.reason,
               run::making_command(run, Stage::search));
  }
  const study::Layout layout{run.folder(Stage::search)};
  const auto founded = study::read_definition(layout);
  const auto top = founded ? study::definition_from_json(*founded).fidelities.back() : search_fidelity(run);
  const auto level = base::verbosity();
  base::set_verbosity(base::Level::quiet);  // the choice of an algorithm was told by the workers
  auto parts = search_parts(run, top);
  base::set_verbosity(level);
  create_search(run, *parts.space, *parts.planner, parts.fidelities);
  if (!founded) base::log_info("created the search in {}", layout.stage.string());
  return parts;
}

bool can_open_search(const run::Run& run) {
  if (!can_measure(run) || study::read_definition(study::Layout{run.folder(Stage::search)})) return true;
  return run.status(Stage::proxy).has_result();
}

std::int64_t numbers_of(const run::Run& run, const trial::StudyView& view) {
  return run.limits(Stage::search).max_trials + view.imported();
}

std::int64_t free_numbers(const run::Run& run, const trial::StudyView& view) {
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

std::string after_closing(const run::Run& run, Stage stage, const trial::StudyView& view) {
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

const trial::Trial& trial_of(const trial::StudyView& view, trial::TrialId number) {
  if (const auto* trial = view.find(number)) return *trial;
  const auto count = std::count_if(view.trials().begin(), view.trials().end(), [](const auto& trial) { return trial; });
  base::fail(Exit::config, "there is no trial {}; the study has {} trial{}{}", number, count, count == 1 ? "" : "s",
             count > 0 ? fmt::format(", the last one is {}", view.trials().size() - 1) : "");
}

std::string count_text(const std::vector<trial::TrialId>& numbers) {
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

const trial::WorkerInfo* find_worker(const trial::StudyView& view, const std::string& worker) {
  const auto& all = view.workers();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == worker; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

double reservation_of(const trial::StudyView& view, const std::string& worker) {
  const auto* known = find_worker(view, worker);
  return known == nullptr ? 0 : known->reservation;
}

std::string held_text(const trial::StudyView& view, const std::string& worker, double lease) {
  const auto* known = find_worker(view, worker);
  if (known == nullptr || known->reservation <= 0) return "";
  if (study::reservation_over(*known, lease)) return "its time is over, the next worker takes it";
  const double left = study::hold_seconds(*known, lease) - (base::unix_seconds() - known->last_record);
  return fmt::format("it is held for {} more", base::format_duration(left));
}

}  // namespace assay::pipeline
