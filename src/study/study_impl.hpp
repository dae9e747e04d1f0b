// The parts of a worker's study and what they do together: observe (study_observe.cpp), claim (study_claim.cpp), end
// (study.cpp). Internal.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/json.hpp"
#include "base/random.hpp"
#include "study/collector.hpp"
#include "study/facts.hpp"
#include "study/liveness.hpp"
#include "study/log_reader.hpp"
#include "study/log_writer.hpp"
#include "study/names.hpp"
#include "study/study.hpp"

namespace assay::study {

struct Study::Impl {
  Impl(const Path& folder, Definition founded_as, Limits initial_limits, double reservation = 0);

  // --- observe
  /// Reads what others appended, whether the study is closed, and settles results whose commit is not known yet.
  void observe();
  /// Looks whether the study was closed or reopened.
  void look_at_generation();
  /// Looks at the commit names of finished items, of fresh ones only `at_once`; commits for workers that died between
  /// record and link.
  void settle(bool at_once);
  /// True if the worker will never speak again (goodbye, proof of death) or its lease is over.
  bool gone(int worker);
  trial::StudyView view();
  /// Elects itself to collect for all if there are many workers and nobody does.
  void collect();
  /// Packs logs that ended into a piece of the archive.
  void pack();
  void pack_logs();
  void pack_old_outputs();

  // --- claim
  Offer claim(trial::Planner& planner);
  std::optional<Claim> take_over(trial::Planner& planner);
  std::optional<Claim> take_over(trial::Planner& planner, const trial::ItemId& item);
  std::optional<Claim> claim_rung(const trial::Continue& next);
  /// The trial's own parameters, to go on from its lower rung.
  /// Of an item whose proposal names none.
  std::optional<trial::Fidelity> measured_at(const trial::ItemId& item);
  /// Numbers that trials may take: those to be measured here, and one for each known import.
  std::int64_t numbers() const { return limits.max_trials + facts.imports(); }
  /// Reads who claimed the numbers of which that is not known; true if there was an import among them.
  bool learn_imports();
  std::optional<trial::TrialId> link_free_number();
  std::optional<Claim> propose_and_start(trial::Planner& planner, const trial::StudyView& seen,
                                         const trial::ItemId& item, int attempt);
  Claim start(const trial::ItemId& item, int attempt, trial::Proposal what);
  std::string waiting_for();

  // --- budget
  /// Why no trial may begin any more.
  std::optional<Ended> over() const;
  bool too_many_failures() const;
  std::optional<Ended> over(trial::Planner& planner);
  /// How the study was closed.
  Ended ending() const { return {facts.generation().members->reason, facts.generation().members->failed}; }
  /// Seconds since the first worker said hello, or since the study was reopened.
  double age() const;

  // --- by hand
  std::optional<Claim> enqueue(trial::Proposal what, std::optional<trial::TrialId> at);
  Claim take_over(const trial::ItemId& item);

  // --- end
  trial::Verdict report(const Claim& claim, std::int64_t step, const trial::Metrics& metrics);
  bool commit(const trial::ItemId& item, int attempt, trial::Outcome outcome);
  void give_up(const trial::ItemId& item, int attempts, const trial::Outcome& outcome);
  bool close(const std::string& reason);
  trial::Members list_members(const std::string& reason);

  const std::string& name_of(int worker) const { return facts.workers()[static_cast<std::size_t>(worker)].info.id; }

  Layout layout;
  Definition definition;
  Limits limits;
  int limits_of = 0;  ///< generation that was known when the limits were set
  Hello self;
  Facts facts;
  int me = -1;
  Claimant names;
  LogReader reader;
  Liveness liveness;
  LogWriter log;
  base::Rng races;                        ///< chooses numbers after lost races; never influences results
  std::map<int, double> first_heard;      ///< workers known by name only (boot-time clock)
  std::map<trial::ItemId, double> begun;  ///< own running items (steady clock)
  double looked = 0;                      ///< when report() last looked at the commit's name (boot-time clock)
  double packed = 0;                      ///< when pack() last looked (boot-time clock)
  int pieces = 0;                         ///< published by this worker
  std::set<trial::TrialId> unpackable;    ///< trials whose folders hold more than small outputs
  std::unique_ptr<Collector> collector;
};

}  // namespace assay::study
