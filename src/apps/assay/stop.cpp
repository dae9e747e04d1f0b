// assay stop: asks the workers of a stage to leave, or ends its study with what it has.
#include <algorithm>
#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "pipeline/conclusion.hpp"
#include "pipeline/steering.hpp"
#include "pipeline/stop_request.hpp"
#include "run/remedy.hpp"
#include "study/names.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using run::Stage;

Exit close_study(const run::Run& run, Stage stage) {
  if ((stage == Stage::baseline || stage == Stage::proxy) && !pipeline::look_at(run, stage).closed()) {
    base::fail(Exit::config, "the {} stage cannot conclude from a part of its list; {} pauses it", to_string(stage),
               base::proposal({"assay", "stop", run.folder().string(), "--stage", to_string(stage)}));
  }
  auto study = pipeline::join_study(run, stage);
  const auto view = study.refresh();
  if (view.closed()) {
    std::printf("%s is closed already: %s\n", to_string(stage).c_str(), view.end_reason().c_str());
    pipeline::conclude_by_hand(run);
    return Exit::done;
  }
  const bool complete =
      study.close(fmt::format("{} on {}", pipeline::closed_by_hand, base::utc_text(base::unix_seconds())));
  const auto counts = study.refresh().counts();
  study.leave("closed the study");
  std::printf("%s is closed with %lld results; it takes no new trials\n", to_string(stage).c_str(),
              static_cast<long long>(counts.done));
  if (!complete) {
    const auto open = study.refresh().running();
    std::vector<std::string> drop = {"assay", "drop", run.folder().string(),
                                     std::to_string(open.empty() ? 0 : open.front()->item.trial)};
    for (const auto& word : stage_words(stage)) drop.push_back(word);
    std::printf("%zu trials that are under way still count: %s (%s ends one at once)\n", open.size(),
                run.by_hand() ? "the last reported result ends the search" : "their workers end them",
                base::proposal(drop).c_str());
  }
  if (run.by_hand()) {
    pipeline::conclude_by_hand(run);
    return Exit::done;
  }
  std::printf("its workers conclude and leave; where none is at work: %s\n", run::making_command(run, stage).c_str());
  return Exit::done;
}

bool over(const trial::StudyView& view) { return view.closed() && view.running().empty(); }

/// The stages whose studies are under way: also closed ones, until their last trial has ended.
std::vector<Stage> at_work(const run::Run& run) {
  std::vector<Stage> stages;
  for (const auto stage : run::all_stages) {
    study::Reader reader(run.folder(stage));
    if (reader.founded() && !over(reader.refresh())) stages.push_back(stage);
  }
  return stages;
}

/// All stages have their results: there is nothing that could be stopped.
bool complete(const run::Run& run) {
  const auto stages = run.stages();
  return std::all_of(stages.begin(), stages.end(), [&](Stage stage) { return run.status(stage).has_result(); });
}

void ask_to_stop(const std::filesystem::path& file) {
  os::publish(file,
              fmt::format("asked by assay stop on {}, {}\n", os::host_name(), base::utc_text(base::unix_seconds())));
}

Exit stop(const cli::Values& values) {
  const auto run = open_run(values);
  if (values.flag("--close")) {
    if (values.flag("--lift")) base::fail(Exit::config, "--close and --lift do not go together");
    return close_study(run, stage_of(values));
  }
  if (values.flag("--lift")) {
    const auto lifted = pipeline::withdraw_stop(run);
    if (lifted.empty()) std::printf("nobody is asked to stop\n");
    for (const auto& line : lifted) std::printf("%s\n", line.c_str());
    return Exit::done;
  }
  const bool whole = !values.text("--stage");
  if (whole && complete(run))
    base::fail(Exit::config, "nothing of {} is left to stop: all its stages are done", run.folder().string());
  // The run's own file first: a stage may begin at this moment, and the study's is for those that are at work.
  if (whole) ask_to_stop(run.stop_file());
  const auto stages = whole ? at_work(run) : std::vector<Stage>{stage_of(values)};
  if (stages.empty()) std::printf("no study of %s is at work; none begins (exit code 75)\n", run.folder().c_str());
  for (const auto stage : stages) {
    const auto view = pipeline::look_at(run, stage);
    if (!whole && over(view))
      base::fail(Exit::config, "the study of {} has ended already: {}", to_string(stage), view.end_reason());
    ask_to_stop(study::Layout{run.folder(stage)}.stop());
    if (run.by_hand()) {
      std::printf("`ask` hands out no trial (exit code 75), `tell --step` answers stop; results still count\n");
      continue;
    }
    std::printf("the workers of %s leave at their next step (exit code 75); what is finished is kept\n",
                to_string(stage).c_str());
  }
  std::printf("%s\n", pipeline::how_to_resume(run).c_str());
  return Exit::done;
}

}  // namespace

cli::Verb stop_verb() {
  using Kind = cli::Option::Kind;
  return {
      "stop",
      "ask the workers to leave, ask and tell to pause; --close ends the study with what it has",
      {{.name = "RUN", .help = "run folder", .required = true},
       {.name = "--stage", .help = "baseline, proxy, search or full; default: the whole run (with --close: search)"},
       {.kind = Kind::flag, .name = "--close", .help = "no new trials; those running end and count"},
       {.kind = Kind::flag, .name = "--lift", .help = "withdraw the request to stop"}},
      stop};
}

}  // namespace assay::apps
