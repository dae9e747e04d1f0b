// assay retry: failed trials once more. In a study that is open they get new numbers; one that is closed is set aside
// and founded anew with all that was measured, so that only the failed ones are measured again.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>

#include "apps/assay/by_hand.hpp"
#include "apps/assay/record.hpp"
#include "apps/assay/scribe.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
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
study::Proposal once_more(study::Proposal what, study::TrialId trial) {
  what.tags.erase(study::halved_tag);
  what.tags[retry_tag] = std::to_string(trial);
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
  need_numbers(run, free_numbers(run, view), static_cast<std::int64_t>(numbers.size()));
  auto study = join_study(run, stage);
  std::vector<study::TrialId> fresh;
  for (const auto number : numbers) {
    const auto& trial = *view.find(number);
    auto what = once_more(trial.what, number);
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

/// A study founded anew beside the old one, from what was measured there; it takes the old one's place when it is
/// whole, so that nobody ever sees a part of it.
class Renewal {
 public:
  Renewal(const run::Run& run, Stage stage, std::set<study::TrialId> again)
      : run_(run),
        stage_(stage),
        old_(run.folder(stage)),
        folder_(run.folder() / fmt::format(".{}.{}", to_string(stage), os::random_name())),
        again_(std::move(again)) {
    const auto founding = *study::read_founding(study::Layout{old_});
    os::make_folders(folder_);
    os::publish(folder_ / "begun.json", os::read_file(old_ / "begun.json"));
    study::found_or_join(study::Layout{folder_}, study::founding_from_json(founding));
    scribe_.emplace(folder_, run_.judge());
  }
  ~Renewal() {
    std::error_code ignored;
    scribe_.reset();
    fs::remove_all(folder_, ignored);  // nothing is there once it has taken its place
  }
  Renewal(const Renewal&) = delete;             // owns a folder
  Renewal& operator=(const Renewal&) = delete;  // owns a folder

  void bring(const study::Trial& trial) {
    if (!trial.proposed) {
      const study::ItemId item{trial.id, 0};
      scribe_->claim(item);
      scribe_->record_void(item, "it had no parameters before either");
      return;
    }
    for (const auto& rung : trial.rungs) {
      scribe_->claim(rung.item);
      if (&rung == &trial.rungs.back() && again_.contains(trial.id)) {
        scribe_->offer(rung.item, once_more(trial.what_of(rung), trial.id), rung.at,
                       "tried again; before: " + rung.reason);
      } else {
        bring(trial, rung);
      }
    }
  }

  /// Sets the old study aside; returns its new name.
  std::string take_place() {
    scribe_->leave("brought what had been measured before");
    scribe_.reset();
    const auto name = aside_name();
    run_.set_aside(stage_);
    std::error_code error;
    fs::rename(folder_, run_.folder(stage_), error);
    if (error) {
      base::fail(Exit::io,
                 "{} could not be put in place ({}): somebody started the stage just now. The old study is {}",
                 run_.folder(stage_).string(), error.message(), name);
    }
    os::sync_folder(run_.folder());
    return name;
  }

 private:
  /// What set_aside() will call the old folder.
  std::string aside_name() const {
    for (int i = 1;; ++i) {
      const auto name = fmt::format("{}.{}", to_string(stage_), i);
      if (!fs::exists(run_.folder() / name)) return name;
    }
  }

  void bring(const study::Trial& trial, const study::Measurement& rung) {
    auto what = trial.what_of(rung);
    what.tags["measured_in"] = aside_name();
    bring_files(old_ / attempt_folder(rung), study::Layout{folder_}.attempt(rung.item, 1));
    auto measured = rung;
    if (!rung.host.empty()) measured.attributes.emplace("host", rung.host);
    scribe_->record(rung.item, what, measured);
  }

  const run::Run& run_;
  Stage stage_;
  fs::path old_, folder_;
  std::set<study::TrialId> again_;
  std::optional<Scribe> scribe_;
};

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
  Renewal renewal(run, stage, {numbers.begin(), numbers.end()});
  std::int64_t kept = -static_cast<std::int64_t>(numbers.size());
  for (const auto& trial : view.trials()) {
    if (!trial) continue;
    renewal.bring(*trial);
    ++kept;
  }
  const auto old = renewal.take_place();
  std::printf("the old study stays as %s; the new one has its %lld other results, at their numbers\n", old.c_str(),
              static_cast<long long>(kept));
  std::printf("%s will be measured again: %s %s\n", count_text(numbers).c_str(), executable(stage).c_str(),
              run.folder().c_str());
  const auto free = stage == Stage::search ? free_numbers(run, view) : 0;
  if (free > 0) {
    std::printf("the search is open again and goes on to search.max_trials: %lld further trials\n",
                static_cast<long long>(free));
  }
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
