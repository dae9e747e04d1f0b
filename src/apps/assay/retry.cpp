// assay retry: failed trials once more. In a study that is open they get new numbers; one that is closed is set aside
// and founded anew with all that was measured, so that only the failed ones are measured again.
#include <algorithm>
#include <cstdio>
#include <set>

#include "apps/assay/by_hand.hpp"
#include "apps/assay/record.hpp"
#include "apps/assay/scribe.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "os/file.hpp"
#include "study/founding.hpp"

namespace assay::apps {
namespace {

namespace fs = std::filesystem;
using base::Exit;
using run::Stage;
using study::State;

constexpr const char* retry_tag = "retry_of";

/// Numbers that have been tried again already.
std::set<study::TrialId> retried(const study::StudyView& view) {
  std::set<study::TrialId> numbers;
  for (const auto& trial : view.trials()) {
    if (!trial || !trial->what.tags.contains(retry_tag)) continue;
    const auto before = std::atoll(trial->what.tags.at(retry_tag).c_str());
    if (before != trial->id) numbers.insert(before);  // equal: of a study that was set aside
  }
  return numbers;
}

/// The words, or all failed ones that were not tried again.
std::vector<study::TrialId> chosen(const cli::Values& values, const study::StudyView& view) {
  std::vector<study::TrialId> numbers;
  const auto words = values.texts("N");
  if (words.empty() != values.flag("--failed"))
    base::fail(Exit::config, "name trials to try again, or --failed for all that failed");
  for (const auto& word : words) {
    const auto& trial = trial_of(view, number_of(word));
    const auto state = trial.state();
    if (state != State::failed && state != State::stopped && state != State::infeasible) {
      base::fail(Exit::config, "trial {} is {}: only failed, stopped and infeasible ones can be tried again", trial.id,
                 study::to_string(state));
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

std::string failure_of(const study::Trial& trial) {
  const auto& rung = trial.rungs.back();
  return rung.failure == study::Failure::none ? study::to_string(rung.state) : study::to_string(rung.failure);
}

/// What is tried again has its full batch again.
study::Proposal once_more(const study::Trial& trial) {
  auto what = trial.what;
  what.tags.erase(study::halved_tag);
  what.tags[retry_tag] = std::to_string(trial.id);
  return what;
}

Exit retry_open(const run::Run& run, Stage stage, const study::StudyView& view,
                const std::vector<study::TrialId>& numbers) {
  if (stage != Stage::search) {
    base::fail(Exit::config,
               "the {} stage is still at work on its list: let it end (`{} {}`), then its failed trials can be tried "
               "again",
               to_string(stage), executable(stage), run.folder().string());
  }
  need_numbers(run, free_numbers(view, run.limits(stage).max_trials), static_cast<std::int64_t>(numbers.size()));
  auto study = join_study(run, stage);
  std::vector<study::TrialId> fresh;
  for (const auto number : numbers) {
    const auto& trial = *view.find(number);
    auto what = once_more(trial);
    what.note = fmt::format("retry of trial {} ({})", number, failure_of(trial));
    const auto claim = study.put(std::move(what));
    if (!claim) break;
    study.release(*claim, "to be tried again");
    fresh.push_back(claim->work.item.trial);
    std::printf("trial %lld is tried again as trial %lld\n", static_cast<long long>(number),
                static_cast<long long>(fresh.back()));
  }
  study.leave("tried failed trials again");
  if (fresh.size() < numbers.size()) {
    base::fail(Exit::config,
               "workers took the last numbers meanwhile: {} of {} are not tried again; raise search.max_trials with "
               "`assay set`",
               numbers.size() - fresh.size(), numbers.size());
  }
  std::printf("the next workers that look for work measure them: search-driver %s\n", run.folder().c_str());
  return Exit::done;
}

/// Files of an attempt (weights, output, checkpoints) stay where they are and appear in the new folder as well.
void bring_files(const fs::path& from, const fs::path& to) {
  if (os::list_folder(from).empty()) return;
  os::make_folders(to.parent_path());
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::create_hard_links, error);
  if (error) {
    error.clear();
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  }
  if (error) base::fail(Exit::io, "cannot copy {} to {}: {}", from.string(), to.string(), error.message());
}

/// Founds the study anew from what was measured in `old`.
class Renewal {
 public:
  Renewal(const run::Run& run, Stage stage, fs::path old, std::set<study::TrialId> again)
      : folder_(run.folder(stage)), old_(std::move(old)), again_(std::move(again)), scribe_(folder_) {}

  void bring(const study::Trial& trial) {
    if (!trial.proposed) {
      const study::ItemId item{trial.id, 0};
      if (scribe_.claim(item)) scribe_.record_void(item, "it had no parameters before either");
      return;
    }
    for (const auto& rung : trial.rungs) {
      const bool last = &rung == &trial.rungs.back();
      if (!scribe_.claim(rung.item)) {
        base::fail(Exit::io, "somebody else claimed trial {} in {} just now; the old study is {}", trial.id,
                   folder_.string(), old_.string());
      }
      if (last && again_.contains(trial.id)) {
        scribe_.offer(rung.item, once_more(trial), rung.at, "tried again; before: " + rung.reason);
      } else {
        bring(trial, rung);
      }
    }
  }
  void leave() { scribe_.leave("brought what had been measured before"); }

 private:
  void bring(const study::Trial& trial, const study::Measurement& rung) {
    auto what = trial.what;
    what.tags["measured_in"] = old_.filename().string();
    bring_files(old_ / attempt_folder(rung), study::Layout{folder_}.attempt(rung.item, 1));
    auto measured = rung;
    if (!rung.host.empty() && !measured.attributes.contains("host")) measured.attributes["host"] = rung.host;
    scribe_.record(rung.item, what, measured);
  }

  fs::path folder_, old_;
  std::set<study::TrialId> again_;
  Scribe scribe_;
};

/// The folder that set_aside() made of the stage's: the one with the highest number.
fs::path aside_of(const run::Run& run, Stage stage) {
  for (int i = 1;; ++i) {
    const auto next = run.folder() / fmt::format("{}.{}", to_string(stage), i + 1);
    if (!fs::exists(next)) return run.folder() / fmt::format("{}.{}", to_string(stage), i);
  }
}

Exit retry_closed(const run::Run& run, Stage stage, const study::StudyView& view,
                  const std::vector<study::TrialId>& numbers) {
  const auto status = run.status(stage);
  if (status.kind == run::Status::Kind::stale) {
    base::fail(Exit::upstream, "the {} stage is stale ({}): `{} {}` makes all of it anew", to_string(stage),
               status.reason, executable(stage), run.folder().string());
  }
  for (const auto* open : view.running()) {
    base::fail(Exit::config, "trial {} of the closed study has not ended yet: let `{} {}` conclude first",
               open->item.trial, executable(stage), run.folder().string());
  }
  const auto founding = study::founding_from_json(*study::read_founding(study::Layout{run.folder(stage)}));
  run.set_aside(stage);
  const auto old = aside_of(run, stage);
  run.begin(stage);
  study::found_or_join(study::Layout{run.folder(stage)}, founding);
  Renewal renewal(run, stage, old, {numbers.begin(), numbers.end()});
  std::int64_t kept = 0;
  for (const auto& trial : view.trials()) {
    if (!trial) continue;
    renewal.bring(*trial);
    ++kept;
  }
  renewal.leave();
  std::printf("the old study stays as %s; the new one has its %lld other results, at their numbers\n",
              old.filename().c_str(), static_cast<long long>(kept - static_cast<std::int64_t>(numbers.size())));
  std::printf("%s will be measured again: %s %s\n", count_text(numbers).c_str(), executable(stage).c_str(),
              run.folder().c_str());
  return Exit::done;
}

Exit retry(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  const auto view = look_at(run, stage);
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
