// assay retry: failed trials once more. In a study that is open they get new numbers; one that is closed is set aside
// and founded anew with all that was measured, so that only the failed ones are measured again.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "pipeline/renewal.hpp"
#include "pipeline/steering.hpp"
#include "run/remedy.hpp"
#include "study/definition.hpp"

namespace assay::apps {
namespace {

namespace fs = std::filesystem;
using base::Exit;
using run::Stage;
using trial::State;

/// Numbers that have been tried again already.
std::set<trial::TrialId> retried(const trial::StudyView& view) {
  std::set<trial::TrialId> numbers;
  for (const auto& trial : view.trials()) {
    if (!trial || !trial->first.tags.contains(pipeline::retry_tag)) continue;
    const auto before = std::atoll(trial->first.tags.at(pipeline::retry_tag).c_str());
    if (before != trial->id) numbers.insert(before);  // equal: of a study that was set aside
  }
  return numbers;
}

/// The words, or all failed ones that were not tried again.
std::vector<trial::TrialId> chosen(const cli::Values& values, const trial::StudyView& view) {
  std::vector<trial::TrialId> numbers;
  const auto words = values.texts("N");
  if (words.empty() != values.flag("--failed"))
    base::fail(Exit::config, "name trials to try again, or --failed for all that failed");
  for (const auto& word : words) {
    const auto& trial = pipeline::trial_of(view, number_of(word));
    const auto state = trial.state();
    if (state != State::failed && state != State::stopped && state != State::infeasible) {
      base::fail(Exit::config, "trial {} is {}: only failed, stopped and infeasible ones can be tried again", trial.id,
                 trial::to_string(state));
    }
    if (std::find(numbers.begin(), numbers.end(), trial.id) == numbers.end()) numbers.push_back(trial.id);
  }
  if (!words.empty()) return numbers;
  const auto again = retried(view);
  for (const auto& trial : view.trials()) {
    if (trial && trial->state() == State::failed && (view.closed() || !again.contains(trial->id)))
      numbers.push_back(trial->id);
  }
  return numbers;
}

std::string failure_of(const trial::Trial& trial) {
  const auto& rung = trial.rungs.back();
  return rung.failure == trial::Failure::none ? trial::to_string(rung.state) : trial::to_string(rung.failure);
}

Exit retry_open(const run::Run& run, Stage stage, const trial::StudyView& view,
                const std::vector<trial::TrialId>& numbers) {
  if (stage != Stage::search) {
    base::fail(Exit::config,
               "the {} stage is still at work on its list: let it end ({}), then its failed trials can be tried again",
               to_string(stage), run::making_command(run, stage));
  }
  pipeline::need_numbers(run, pipeline::free_numbers(run, view), static_cast<std::int64_t>(numbers.size()));
  auto study = pipeline::join_study(run, stage);
  std::vector<trial::TrialId> fresh;
  for (const auto number : numbers) {
    const auto& trial = *view.find(number);
    auto what = pipeline::tried_again(trial.first, number);
    what.note = fmt::format("retry of trial {} ({})", number, failure_of(trial));
    const auto claim = study.enqueue(std::move(what));
    if (!claim) break;
    study.requeue(*claim, "to be tried again");
    fresh.push_back(claim->work.item.trial);
    std::printf("trial %lld is tried again as trial %lld\n", static_cast<long long>(number),
                static_cast<long long>(fresh.back()));
  }
  study.leave("tried failed trials again");
  if (fresh.size() < numbers.size()) {
    base::fail(Exit::config,
               "workers took the last numbers meanwhile: {} of {} are not tried again; raise the limit, {}",
               numbers.size() - fresh.size(), numbers.size(),
               base::proposal({"assay", "set", run.folder().string(),
                               fmt::format("search.max_trials={}",
                                           run.limits(stage).max_trials + static_cast<std::int64_t>(numbers.size()))}));
  }
  std::printf("the next workers that look for work measure them: %s\n", run::measuring_command(run, stage).c_str());
  return Exit::done;
}

Exit retry_closed(const run::Run& run, Stage stage, const trial::StudyView& view,
                  const std::vector<trial::TrialId>& numbers) {
  const auto status = run.status(stage);
  if (status.kind == run::Status::Kind::stale) {
    base::fail(Exit::upstream, "the {} stage is stale ({}): {} makes all of it again", to_string(stage), status.reason,
               run::making_command(run, stage));
  }
  for (const auto* open : view.running()) {
    base::fail(Exit::config, "trial {} of the closed study has not ended yet: let {} conclude first", open->item.trial,
               run::making_command(run, stage));
  }
  const auto all = std::count_if(view.trials().begin(), view.trials().end(), [](const auto& trial) { return trial; });
  const auto kept = all - static_cast<std::int64_t>(numbers.size());
  const auto old = pipeline::renew(run, stage, view, numbers);
  std::printf("the old study stays as %s; the new one has its %lld other results, at their numbers\n", old.c_str(),
              static_cast<long long>(kept));
  std::printf("%s will be measured again: %s\n", pipeline::count_text(numbers).c_str(),
              run::measuring_command(run, stage).c_str());
  const auto free = stage == Stage::search ? pipeline::free_numbers(run, view) : 0;
  if (free > 0) {
    std::printf("the search is open again and goes on to search.max_trials: %lld further trials\n",
                static_cast<long long>(free));
  }
  return Exit::done;
}

Exit retry(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto view = pipeline::look_at(run, stage);
  const auto numbers = chosen(values, view);
  if (numbers.empty()) {
    std::printf("no trial of %s failed%s\n", to_string(stage).c_str(),
                view.closed() ? "" : " that was not tried again");
    return Exit::done;
  }
  return view.closed() ? retry_closed(run, stage, view, numbers) : retry_open(run, stage, view, numbers);
}

}  // namespace

cli::Verb retry_verb() {
  using Kind = cli::Option::Kind;
  return {"retry",
          "measure failed trials once more: assay retry RUN --failed",
          {{.name = "RUN", .help = "run folder", .required = true},
           {.kind = Kind::list, .name = "N", .help = "numbers of trials"},
           {.kind = Kind::flag, .name = "--failed", .help = "all that failed"},
           stage_option()},
          retry};
}

}  // namespace assay::apps
