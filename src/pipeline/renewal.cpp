#include "pipeline/renewal.hpp"

#include <filesystem>
#include <optional>
#include <set>

#include "base/json.hpp"
#include "base/log.hpp"
#include "exchange/trial_json.hpp"
#include "os/file.hpp"
#include "os/host.hpp"
#include "run/program.hpp"
#include "study/definition.hpp"
#include "study/record_writer.hpp"

namespace assay::pipeline {

trial::Proposal tried_again(trial::Proposal what, trial::TrialId trial) {
  what.tags.erase(trial::halved_tag);
  what.tags[retry_tag] = std::to_string(trial);
  return what;
}

namespace {

namespace fs = std::filesystem;
using base::Exit;
using run::Stage;

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

class Renewal {
 public:
  Renewal(const run::Run& run, Stage stage, std::set<trial::TrialId> again, bool nothing_kept)
      : run_(run),
        stage_(stage),
        old_(run.folder(stage)),
        folder_(run.folder() / fmt::format(".{}.{}", to_string(stage), os::random_name())),
        again_(std::move(again)) {
    const auto definition = *study::read_definition(study::Layout{old_});
    os::make_folders(folder_);
    auto begun = base::Json::parse(os::read_file(old_ / "begun.json"));
    if (nothing_kept) begun["program"] = run::program_of(run);
    os::publish(folder_ / "begun.json", begun.dump(2) + "\n");
    study::create_or_join(study::Layout{folder_}, study::definition_from_json(definition));
    scribe_.emplace(folder_, run_.judge());
  }
  ~Renewal() {
    std::error_code ignored;
    scribe_.reset();
    fs::remove_all(folder_, ignored);  // nothing is there once it has taken its place
  }
  Renewal(const Renewal&) = delete;             // owns a folder
  Renewal& operator=(const Renewal&) = delete;  // owns a folder

  void bring(const trial::Trial& trial) {
    if (!trial.proposed) {
      const trial::ItemId item{trial.id, 0};
      scribe_->claim(item);
      scribe_->record_void(item, "it had no parameters before either");
      return;
    }
    for (const auto& rung : trial.rungs) {
      scribe_->claim(rung.item);
      if (&rung == &trial.rungs.back() && again_.contains(trial.id)) {
        scribe_->offer(rung.item, tried_again(trial.what_of(rung), trial.id), rung.at,
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

  void bring(const trial::Trial& trial, const trial::Measurement& rung) {
    auto what = trial.what_of(rung);
    what.tags["measured_in"] = aside_name();
    bring_files(old_ / exchange::attempt_folder(rung), study::Layout{folder_}.attempt(rung.item, 1));
    auto measured = rung;
    if (!rung.host.empty()) measured.attributes.emplace("host", rung.host);
    scribe_->record(rung.item, what, measured);
  }

  const run::Run& run_;
  Stage stage_;
  fs::path old_, folder_;
  std::set<trial::TrialId> again_;
  std::optional<study::RecordWriter> scribe_;
};

}  // namespace

std::string renew(const run::Run& run, Stage stage, const trial::StudyView& view,
                  const std::vector<trial::TrialId>& again) {
  const std::set<trial::TrialId> numbers(again.begin(), again.end());
  bool nothing_kept = true;
  for (const auto& trial : view.trials()) nothing_kept = nothing_kept && (!trial || numbers.contains(trial->id));
  Renewal renewal(run, stage, numbers, nothing_kept);
  for (const auto& trial : view.trials()) {
    if (trial) renewal.bring(*trial);
  }
  return renewal.take_place();
}

void renew_fixable(const run::Run& run, Stage stage) {
  const auto found = run::fixable(run, stage);
  if (found.trials.empty() || run.status(stage).kind == run::Status::Kind::stale) return;
  study::Reader reader(run.folder(stage));
  const auto view = reader.refresh();
  try {
    const auto old = renew(run, stage, view, found.trials);
    base::log_info("{}: {} measured again (what was there is {} now)", run::fixable_text(found),
                   found.trials.size() == 1 ? "it is" : "they are", old);
  } catch (const base::Error&) {
    if (!run::fixable(run, stage).trials.empty()) throw;  // else another worker of this stage did it
  }
}

}  // namespace assay::pipeline
