#include "apps/assay/by_hand.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
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

std::string stage_words(Stage stage) { return stage == Stage::search ? "" : " --stage " + to_string(stage); }

namespace {

[[noreturn]] void not_founded(const run::Run& run, Stage stage) {
  base::fail(Exit::upstream, "the {} stage has no trials yet: start it with `{} {}`", to_string(stage),
             executable(stage), run.folder().string());
}

/// The chosen proxy's. Where nothing but a script measures there are no earlier stages: the full fidelity.
study::Fidelity search_fidelity(const run::Run& run) {
  const auto full = full_fidelity(run.config(), Stage::search);
  if (!can_measure(run)) return full;
  return run::proxy_figures(run.need(Stage::proxy)).chosen.value_or(full);
}

}  // namespace

study::StudyView look_at(const run::Run& run, Stage stage) {
  study::Reader reader(run.folder(stage));
  if (!reader.founded()) not_founded(run, stage);
  return reader.refresh();
}

study::Study join_study(const run::Run& run, Stage stage, double patience) {
  if (!study::read_founding(study::Layout{run.folder(stage)})) not_founded(run, stage);
  auto study = study::Study::join(run.folder(stage), run.limits(stage), patience);
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
    base::fail(Exit::upstream, "the search is stale ({}): `search-driver {}` makes it anew", status.reason,
               run.folder().string());
  }
  const study::Layout layout{run.folder(Stage::search)};
  const auto founded = study::read_founding(layout);
  const auto top = founded ? study::founding_from_json(*founded).fidelities.back() : search_fidelity(run);
  const auto level = base::verbosity();
  base::set_verbosity(base::Level::quiet);  // the choice of an algorithm was told by the workers
  auto parts = search_parts(run, top);
  base::set_verbosity(level);
  if (!founded) run.begin(Stage::search);
  study::found_or_join(layout, founding_of(run, Stage::search, *parts.space, *parts.planner, parts.fidelities));
  if (!founded) base::log_info("founded the search in {}", layout.stage.string());
  return parts;
}

std::int64_t free_numbers(const study::StudyView& view, std::int64_t max_trials) {
  std::int64_t taken = 0;
  for (const auto& trial : view.trials()) taken += trial && trial->id < max_trials ? 1 : 0;
  return std::max<std::int64_t>(0, max_trials - taken);
}

void need_numbers(const run::Run& run, std::int64_t free, std::int64_t wanted) {
  if (wanted <= free) return;
  const auto limit = run.limits(Stage::search).max_trials;
  base::fail(Exit::config,
             "{} of {} numbers are free, {} are wanted: raise the limit first, `assay set {} search.max_trials={}`",
             free, limit, wanted, run.folder().string(), limit + wanted - free);
}

std::string after_closing(const run::Run& run, Stage stage, const study::StudyView& view) {
  const auto folder = run.folder().string();
  std::string text;
  if (view.counts().failed > 0) {
    text = fmt::format(
        "`assay retry {} --failed{}` opens it again with all other results and measures what failed once more", folder,
        stage_words(stage));
    text += stage == Stage::search ? ", then the rest up to search.max_trials. " : ". ";
  }
  if (stage == Stage::search) {
    text += fmt::format(
        "`assay export {} -o trials.json` and `assay import OTHER trials.json` take its results into another run. ",
        folder);
  }
  return text + fmt::format("`{} {} --force` {} (the old one stays as {}.1).", executable(stage), folder,
                            run.by_hand() ? "makes room for a new one" : "makes it anew", to_string(stage));
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

std::pair<std::string, std::string> cut_pair(const std::string& word, const std::string& example) {
  const auto equals = word.find('=');
  if (equals == std::string::npos || equals == 0) base::fail(Exit::config, "\"{}\": write {}", word, example);
  return {std::string(base::trim(word.substr(0, equals))), std::string(base::trim(word.substr(equals + 1)))};
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
