// What this process knows of a study from logs and names: items, attempts, commits, workers. Records may come in any
// order of logs and more than once; the result is the same. Does no input or output.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "study/generation.hpp"
#include "study/record.hpp"
#include "study/spending.hpp"
#include "trial/view.hpp"

namespace assay::study {

/// Infrastructure failures and `again`: the item goes to the next attempt.
bool retriable(const trial::Outcome& outcome);
/// An attempt that is to be continued and gained nothing (Outcome::again).
bool came_no_further(const trial::Outcome& outcome);

struct Attempt {
  int number = 1;
  int worker = -1;                        ///< index into workers; -1: its name is not read yet
  std::shared_ptr<trial::Proposal> what;  ///< nothing: only the claim is known
  trial::Fidelity at;
  double started = 0, ended = 0;  ///< Unix seconds
  int worked = 0;                 ///< whose work its outcome is (End::worked); 0: its own
  std::optional<trial::Outcome> outcome;
  std::vector<int> speakers;  ///< other workers that report for it (`assay tell --step`); they hold it as well
  double learned = 0;         ///< when this process learned of the outcome (boot-time clock)
  std::vector<trial::Report> reports;
};

struct Rung {
  std::vector<Attempt> attempts;  ///< ordered by number, without gaps in what counts
  int committer = -1;             ///< index of the worker whose result counts
  bool settled = false;           ///< committed, and the result is known
  bool compacted = false;         ///< settled, and all it measured lives in the shown trial alone
  int winner = 0;                 ///< once settled: the attempt whose result counts
  bool model_failed = false;      ///< once settled: counts towards max_failed

  Attempt* find(int number);
  const Attempt* last() const { return attempts.empty() ? nullptr : &attempts.back(); }
  /// The attempt whose parameters hold: the committed one, else the newest that recorded them.
  const Attempt* describing() const;
  /// A result that may be committed, of `worker` or (-1) of anybody. Not for compacted rungs.
  const Attempt* committable(int worker = -1) const;
};

struct WorkerFacts {
  trial::WorkerInfo info;
  bool greeted = false;  ///< its first record has been read
};

class Facts {
 public:
  int worker(const std::string& id);
  const std::vector<WorkerFacts>& workers() const { return workers_; }

  void apply(int worker, Record record);
  /// A claim's name was seen; `worker` -1 if its content is not known.
  void saw_claim(const trial::ItemId& item, int attempt, int worker);
  void saw_commit(const trial::ItemId& item, int worker);
  /// Where the study stands: what counts, and since when.
  void set_generation(Generation generation);
  const Generation& generation() const { return generation_; }
  bool closed() const { return generation_.closed(); }

  bool taken(trial::TrialId trial) const;
  /// Numbers known to be results measured elsewhere: claimed by a worker that brings such (brings_results), or with a
  /// proposal that says so. They do not count against Limits::max_trials.
  std::int64_t imports() const { return imports_; }
  bool is_import(trial::TrialId trial) const;
  /// Claimed numbers whose first claimant is not known: they may turn out to be imports.
  std::vector<trial::TrialId> unknown_claimants() const;
  /// The first number that nobody is known to have claimed.
  trial::TrialId first_free(trial::TrialId from = 0) const;
  /// Claimed items without a settled result, of those that count.
  std::vector<trial::ItemId> open() const;
  const Costs& costs() const { return costs_; }
  /// When a trial ended, by its worker's clock; nothing while a rung of it has no result.
  std::optional<double> ended_at(trial::TrialId trial) const;
  /// What is measured: the parameters that hold for all rungs of a trial; nullptr while they are not known.
  const trial::Proposal* proposal(trial::TrialId trial) const;
  /// All items that are known to be claimed, with the rungs below them.
  std::set<trial::ItemId> claimed() const;
  Rung* find(const trial::ItemId& item);
  const Rung* find(const trial::ItemId& item) const;
  /// Of items that count and did not count in the generation before.
  std::int64_t failures() const { return failures_; }

  /// From now on views are judged so; another judge derives every trial again.
  void set_judge(trial::Judge judge);
  const trial::Judge& judge() const { return *judge_; }
  /// Trials that did not change since the last view are shared with it. `max_trials`: those to be measured here.
  trial::StudyView view(const std::vector<trial::Fidelity>& fidelities, std::int64_t max_trials);

 private:
  struct TrialFacts {
    std::vector<Rung> rungs;
    std::shared_ptr<const trial::Trial> shown;  ///< as in the last view, with the rungs that do not count
    bool unchanged = true;                      ///< unchanged since; else its number is in changed_
    bool import = false;
  };

  Rung& touch(const trial::ItemId& item);
  Attempt& touch(const trial::ItemId& item, int attempt, int worker);
  void settle(const trial::ItemId& item, Rung& rung);
  void note_import(trial::TrialId trial);
  std::shared_ptr<const trial::Trial> show(trial::TrialId id, TrialFacts& facts) const;
  void derive(trial::Measurement& measurement) const;
  std::shared_ptr<const trial::Trial> what_counts(const std::shared_ptr<const trial::Trial>& trial) const;
  bool failed_now(const trial::ItemId& item, const Rung& rung) const;
  const trial::WorkerInfo& last_speaker(const Attempt& attempt) const;
  trial::Measurement measure(const trial::ItemId& item, Rung& rung) const;
  trial::Measurement compact(const trial::ItemId& item, Rung& rung) const;

  void touch_all();

  std::shared_ptr<const trial::Judge> judge_ = std::make_shared<const trial::Judge>();
  std::set<std::string> derived_;  ///< metrics that this judge or an earlier one derived
  std::vector<TrialFacts> trials_;
  std::vector<trial::TrialId> changed_;
  trial::TrialListBuilder visible_;  ///< what the last view showed, by number
  std::vector<WorkerFacts> workers_;
  std::unordered_map<std::string, int> worker_index_;
  std::set<trial::ItemId> open_;
  Generation generation_;
  std::int64_t failures_ = 0, imports_ = 0;
  Costs costs_;
  mutable trial::TrialId first_free_ = 0;
};

}  // namespace assay::study
