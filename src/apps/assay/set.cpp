// assay set: change keys of a run; limits count at once, identity keys make stages stale.
#include <algorithm>
#include <cstdio>
#include <set>

#include "apps/assay/by_hand.hpp"
#include "config/settings.hpp"
#include "study/study.hpp"

namespace assay::apps {
namespace {

/// The stage that a key belongs to, if its study is closed: such a study takes up no limits any more.
std::optional<run::Stage> closed_stage(const run::Run& run, const std::string& change) {
  for (const auto stage : run::all_stages) {
    if (!change.starts_with(to_string(stage) + ".")) continue;
    study::Reader reader(run.folder(stage));
    if (reader.founded() && reader.refresh().closed()) return stage;
  }
  return std::nullopt;
}

/// When a key that a closed study does not concern counts.
std::string taken_up(const std::string& key) {
  if (key.ends_with(".parallel")) {
    return "`assay run` takes it up within seconds; workers of jobs that are submitted stay as many, `assay scale` "
           "changes them";
  }
  return config::key_class(key) == config::KeyClass::limit ? "running stages take it up at their next trial"
                                                           : "it counts for workers that start from now on";
}

/// What becomes of changed limits, one line each.
void tell_limits(const run::Run& run, const std::vector<std::string>& changes) {
  std::vector<run::Stage> closed;
  std::set<std::string> open;
  for (const auto& change : changes) {
    const auto stage = closed_stage(run, change);
    if (!stage) {
      open.insert(taken_up(change.substr(0, change.find('='))));
    } else if (std::find(closed.begin(), closed.end(), *stage) == closed.end()) {
      closed.push_back(*stage);
    }
  }
  for (const auto& line : open) std::printf("%s\n", line.c_str());
  for (const auto stage : closed) {
    if (stage == run::Stage::search) continue;  // what takes more trials is opened again
    std::printf("the study of %s is closed and takes no more trials. %s\n", to_string(stage).c_str(),
                after_closing(run, stage, look_at(run, stage)).c_str());
  }
}

base::Exit set(const cli::Values& values) {
  const auto changes = values.texts("KEY=VALUE");
  const std::filesystem::path folder = values.text("RUN", "");
  const auto stale = run::set_keys(folder, changes);
  for (const auto& change : changes) std::printf("%s\n", change.c_str());
  const auto reopened = reopen_after(run::Run::open(folder), changes);
  if (reopened) std::printf("%s\n", reopened->c_str());
  if (stale.empty()) {
    if (run::only_limits(changes))
      tell_limits(run::Run::open(folder), changes);
    else if (!reopened)
      std::printf("no finished stage depends on it\n");
  }
  for (const auto stage : stale) {
    std::printf("%s becomes stale and is made anew at its next start (%s %s)\n", to_string(stage).c_str(),
                executable(stage).c_str(), folder.c_str());
  }
  return base::Exit::done;
}

}  // namespace

cli::Verb set_verb() {
  return {
      "set",
      "change keys of a run: assay set RUN search.max_trials=200",
      {{.name = "RUN", .help = "run folder", .required = true},
       {.kind = cli::Option::Kind::list, .name = "KEY=VALUE", .help = "keys and their new values", .required = true}},
      set};
}

}  // namespace assay::apps
