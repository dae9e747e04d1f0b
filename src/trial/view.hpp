// An immutable snapshot of a study. Copies are cheap; trials that did not change are shared between snapshots.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trial/judge.hpp"
#include "trial/members.hpp"
#include "trial/trial_list.hpp"

namespace assay::trial {

/// A worker as its log shows it.
struct WorkerInfo {
  std::string id, host, job;
  std::int64_t pid = 0;
  double first_seen = 0, last_record = 0;  ///< Unix seconds by the worker's clock
  bool ended = false;                      ///< its log ends with `bye`
  std::string reason;                      ///< why it left
  std::string boot;
  std::uint64_t process_start = 0;
  std::string pid_namespace;  ///< pids of two containers on one machine cannot be compared
  double reservation = 0;     ///< seconds for which its claims outlive its process; 0: not at all
  int cores = 0, gpus = 0;
};

struct Counts {
  std::int64_t claimed = 0, running = 0, done = 0, stopped = 0, failed = 0, infeasible = 0, voided = 0;
};

class StudyView {
 public:
  /// Indexed by trial number; gaps (numbers not claimed yet) are nullptr.
  const TrialList& trials() const { return trials_; }
  const Trial* find(TrialId id) const;
  /// Committed measurements with state done, ordered by (number, rung): the only order a quota may use.
  std::vector<const Measurement*> committed() const;
  /// Items claimed and not committed.
  std::vector<const Measurement*> running() const;
  Counts counts() const;
  const std::vector<WorkerInfo>& workers() const { return workers_; }

  /// How its measurements are judged. Their metrics are raw ones with the derived ones added.
  const Judge& judge() const { return *judge_; }
  const std::vector<Objective>& objectives() const { return judge_->objectives(); }
  const std::vector<Fidelity>& fidelities() const { return fidelities_; }
  bool closed() const { return closed_; }
  /// Why the study was closed; empty while it is not.
  const std::string& end_reason() const { return end_reason_; }
  /// How many times it was opened: 1, more once it was reopened (generation.hpp).
  int generation() const { return generation_; }
  /// Counted already when the study was closed before it was last reopened.
  bool earlier(const ItemId& item) const { return before_ && before_->items.contains(item); }
  /// Numbers below which trials may begin: those to be measured here and those imported(), which do not count.
  std::int64_t max_trials() const { return max_trials_; }
  /// Trials that were measured elsewhere (`assay import`, search.import).
  std::int64_t imported() const { return imported_; }

 private:
  friend class ViewBuilder;
  TrialList trials_;
  std::vector<WorkerInfo> workers_;
  std::shared_ptr<const Judge> judge_ = std::make_shared<const Judge>();
  std::vector<Fidelity> fidelities_;
  std::int64_t max_trials_ = 0, imported_ = 0;
  bool closed_ = false;
  std::string end_reason_;
  int generation_ = 1;
  std::shared_ptr<const Members> before_;
};

}  // namespace assay::trial
