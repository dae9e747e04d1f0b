// assay set: change keys of a run, and say what that does.
#include <algorithm>
#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "pipeline/figures.hpp"
#include "pipeline/reopen.hpp"
#include "pipeline/steering.hpp"
#include "run/change.hpp"
#include "run/remedy.hpp"
#include "study/study.hpp"

namespace assay::apps {
namespace {

using config::KeyClass;
using run::Stage;
using Kind = run::Status::Kind;

std::string trials_text(std::int64_t count) { return std::to_string(count) + (count == 1 ? " trial" : " trials"); }

/// The stage that a key belongs to, if its study is closed: such a study takes up no limits any more.
std::optional<Stage> closed_stage(const run::Run& run, const std::string& key) {
  for (const auto stage : run::all_stages) {
    if (!key.starts_with(to_string(stage) + ".")) continue;
    study::Reader reader(run.folder(stage));
    if (reader.founded() && reader.refresh().closed()) return stage;
  }
  return std::nullopt;
}

/// When a limit counts.
std::string limit_text(const run::Run& run, const std::string& key, const std::string& value) {
  if (const auto stage = closed_stage(run, key)) {
    if (*stage == Stage::search) return "the search has ended";  // reopen_after says more
    return fmt::format("the study of {} is closed and takes no more trials. {}", to_string(*stage),
                       pipeline::after_closing(run, *stage, pipeline::look_at(run, *stage)));
  }
  if (key.ends_with(".parallel")) {
    const auto stage = key.substr(0, key.find('.'));
    return fmt::format("a run on this machine takes it up within seconds; {} adds workers to jobs in Slurm's queue",
                       base::proposal({"assay", "scale", run.folder().string(), stage + "=" + value}));
  }
  return "running stages take it up at their next trial";
}

/// What a key that judges does to the search.
std::string judging_text(const run::Run& run, const std::string& key, bool reward) {
  if (key.starts_with("report.")) return "the report says so when it is written next";
  study::Reader reader(run.folder(Stage::search));
  if (!reader.founded()) return "the search will judge by it";
  const auto view = reader.refresh();
  if (!reward && pipeline::is_stop_rule(key)) {
    return view.closed() ? "it counts when the search takes more trials"
                         : "workers of the search take it up at their next trial";
  }
  const auto done = view.counts().done;
  const auto measured =
      done == 0 ? "nothing is measured yet" : fmt::format("what {} measured stays", trials_text(done));
  return measured + (view.closed() ? ", and is judged by it from now on"
                                   : "; it is judged by it from now on, by running workers from their next trial on");
}

std::string effect(const run::Run& run, const run::KeyChange& change) {
  if (!change.key_class) return "had this value before: nothing changes";
  switch (*change.key_class) {
    case KeyClass::identity:
      return "it says what is trained";
    case KeyClass::judging:
      return judging_text(run, change.key, change.key.starts_with("reward"));
    case KeyClass::limit:
      return limit_text(run, change.key, change.is);
    case KeyClass::site:
      return "it counts for workers that start from now on";
  }
  return "";
}

/// "trial 3 (0.91)", or "none".
std::string best_text(const run::SearchFigures& figures) {
  return figures.best < 0 ? "none" : fmt::format("trial {} ({:.6g})", figures.best, figures.best_score);
}

void tell_judged(const run::Run& run, const pipeline::Rejudged& search) {
  const auto was = best_text(search.before), is = best_text(search.now);
  if (was == is) {
    std::printf("the best of the search is as before: %s\n", is.c_str());
  } else {
    std::printf("the best of the search was %s, is %s now\n", was.c_str(), is.c_str());
  }
  const auto full = run.status(Stage::full).kind;
  if (full == Kind::waiting) return;
  std::printf("%s\n", full == Kind::stale ? "its finalists are others than those that were trained in full"
                                          : "its finalists are those that were trained in full");
}

/// Stages that change by it, and what to do.
void tell_stages(const run::Run& run, const std::vector<Kind>& before) {
  std::size_t place = 0;
  for (const auto stage : run::all_stages) {
    const auto was = before[place++];
    const auto status = run.status(stage);
    const auto command = making_command(run, stage);
    if (status.kind == Kind::stale && was != Kind::stale && was != Kind::waiting && was != Kind::failed) {
      std::printf("%s becomes stale and is made again at its next start, what is there is kept: %s\n",
                  to_string(stage).c_str(), command.c_str());
    } else if (!status.judged.empty() && status.kind != Kind::stale) {
      std::printf("the result of %s is derived again at its next start, without measuring anything: %s\n",
                  to_string(stage).c_str(), command.c_str());
    }
  }
}

base::Exit set(const cli::Values& values) {
  const std::filesystem::path folder = values.text("RUN", "");
  std::vector<Kind> before;
  {
    const auto run = run::Run::open(folder);
    for (const auto stage : run::all_stages) before.push_back(run.status(stage).kind);
  }
  const auto changed = run::change_keys(folder, values.texts("KEY=VALUE"));
  const auto run = run::Run::open(folder);
  for (const auto& change : changed.keys) {
    std::printf("%s: %s -> %s; %s\n", change.key.c_str(), change.was.c_str(), change.is.c_str(),
                effect(run, change).c_str());
  }
  const auto is_identity = [](const auto& change) { return change.key_class == KeyClass::identity; };
  const bool identity = std::any_of(changed.keys.begin(), changed.keys.end(), is_identity);
  if (identity && changed.stale.empty()) std::printf("no stage that is begun or done depends on it\n");
  if (const auto line = pipeline::reopen_after(run, values.texts("KEY=VALUE"))) {
    std::printf("%s\n", line->c_str());
    for (const auto stage : run::all_stages) {  // the line has said what becomes stale by it
      if (stage > Stage::search) before[static_cast<std::size_t>(stage)] = run.status(stage).kind;
    }
  }
  if (const auto search = pipeline::judge_search_again(run)) tell_judged(run, *search);
  tell_stages(run, before);
  return base::Exit::done;
}

}  // namespace

cli::Verb set_verb() {
  return {
      "set",
      "change keys of a run: assay set RUN search.max_trials=200 'model.blocks[0].width.choice=[8,12]'; KEY= takes "
      "a key out, so that its default counts",
      {{.name = "RUN", .help = "run folder", .required = true},
       {.kind = cli::Option::Kind::list, .name = "KEY=VALUE", .help = "keys and their new values", .required = true}},
      set};
}

}  // namespace assay::apps
