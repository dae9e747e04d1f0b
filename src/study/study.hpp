// A study on a shared folder: DESIGN 4's protocol. One object per worker; only the heartbeat runs on another thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "trial/evaluator.hpp"
#include "trial/planner.hpp"
#include "trial/trial.hpp"
#include "trial/view.hpp"

namespace assay::study {

/// What founds a study; later workers must bring the same `identity`.
struct Definition {
  std::string stage;  ///< "search", ...: names the random streams
  std::uint64_t seed = 0;
  base::Json identity;  ///< space, objectives, planner, evaluator: compared by later workers
  std::vector<trial::Objective> objectives;
  std::vector<trial::Fidelity> fidelities;
};

/// Changeable while the study runs; read anew at every refresh through `limits_source`.
struct Limits {
  std::int64_t max_trials = 100;  ///< to be measured here: what is imported comes on top
  std::int64_t max_failed = 34;
  double max_seconds = 0;         ///< since the first worker said hello; 0: no limit
  double max_device_seconds = 0;  ///< of all measurements, those that failed included; 0: no limit
  int max_attempts = 3;           ///< whose worker vanished, or in a row that came no further
  double lease_seconds = 240;
  double heartbeat_seconds = 20;
  int collector_from = 64;             ///< live workers from which on one of them collects for all; 0: never
  int pack_from = 16;                  ///< ended logs that are packed together; 0: never
  double pack_seconds = 30;            ///< between two looks at what could be packed
  int pack_outputs_from = 100;         ///< ended trials whose outputs are packed together; 0: never
  double pack_outputs_seconds = 3600;  ///< so long the output of an ended trial stays where it was
};

struct Claim {
  trial::Work work;
  std::optional<std::int64_t> reached;  ///< the highest step that earlier attempts reported
};

class Study {
 public:
  /// Founds the study in `folder` (RUN/search), or joins it. Error(config) if it was founded with another identity
  /// (names the first difference), Error(io) where link(2) does not work.
  Study(const std::filesystem::path& folder, Definition definition, Limits limits);
  /// Joins a study as it was founded, to steer it by hand. With `patience` this worker's claims outlive its process:
  /// they are held for so many seconds without a sign of life, and the lease on top. Error(upstream) if nothing is
  /// founded there.
  static Study join(const std::filesystem::path& folder, Limits limits, double reservation = 0);
  ~Study();
  Study(Study&&) noexcept;
  Study& operator=(Study&&) = delete;

  void set_limits(const Limits& limits);
  const Limits& limits() const;
  /// How views are judged from now on, and which metrics are derived: those are taken out of what is recorded. At first
  /// by the founding's objectives alone.
  void set_judge(trial::Judge judge);
  const trial::Judge& judge() const;

  /// Reads only what was appended since the last call.
  trial::StudyView refresh();

  /// What is known without reading anew: this worker's own records, and what others had written at the last look.
  trial::StudyView known();

  struct Nothing {
    std::string reason;
  };  ///< wait, then ask again
  struct Ended {
    std::string reason;
    bool failed;
  };  ///< no work is left or may be claimed: close
  using Offer = std::variant<Claim, Nothing, Ended>;

  /// Protocol 3 and 6: dead workers' items first (takeover), then what the planner decides.
  Offer claim(trial::Planner& planner);

  /// claim()'s Ended, without claiming anything: nothing while trials run or could be claimed.
  std::optional<Ended> over(trial::Planner& planner);

  /// Appends a report record (flushed with the next heartbeat or result, at most 1 s late). Verdict::stop if the item
  /// is known to be committed by another attempt, or was dropped.
  trial::Verdict report(const Claim& claim, std::int64_t step, const trial::Metrics& metrics);

  /// Protocol 4: durable end record, then the link; false if another attempt had committed. Retried ends
  /// (infrastructure, again) are recorded and released, not committed.
  bool commit(const Claim& claim, const trial::Outcome& outcome);

  /// Protocol 7: fixes the members of the generation that was last looked at; true once all of them are committed (this
  /// or another worker publishes the end). False as well if the study was reopened meanwhile.
  bool close(const std::string& reason);
  /// How the study was closed, as of the last look; nothing while it is open.
  std::optional<Ended> closing() const;
  /// As of the last look: 1, more once the study was reopened. Limits that were set in an earlier one are not trusted.
  int generation() const;
  /// Opens a study that is closed again; does nothing to one that is open. Set the limits again before anything else.
  void reopen(const std::string& why);

  /// Says goodbye in the log: the next worker need not wait for a lease.
  void leave(const std::string& reason);
  /// Ends without a goodbye: what is claimed stays claimed, for as long as this worker's patience.
  void detach();

  /// By hand: claims number `at` (or the first free one) for `what`. Nothing if no number is free, that one is taken,
  /// or the study is closed. The claim is measured by the caller (commit), or given back for any worker (requeue).
  std::optional<Claim> enqueue(trial::Proposal what, std::optional<trial::TrialId> at = {});
  /// By hand: takes an item over from whoever works at it; that worker learns of it when the item is committed.
  /// Error(config) if there is no such item or it has its result already.
  Claim take_over(const trial::ItemId& item);
  /// The item goes to the next worker that looks for work.
  void requeue(const Claim& claim, const std::string& reason);

  const std::string& worker_id() const;
  const std::filesystem::path& folder() const;

 private:
  struct Impl;
  explicit Study(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Read-only look at a study by somebody who is no worker (status, report, later stages). Reading again is incremental.
class Reader {
 public:
  /// Without a judge by the objectives that the study was created with, which may be out of date, and without limits:
  /// for those who only count. `run::Run::reader` brings the current one.
  explicit Reader(const std::filesystem::path& folder, std::optional<trial::Judge> judge = std::nullopt);
  ~Reader();
  Reader(Reader&&) noexcept;
  /// True once study.json is there.
  bool founded() const;
  trial::StudyView refresh();
  base::Json definition() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::study
