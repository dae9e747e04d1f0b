// What a study records: proposals, attempts, measurements, trials. Plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json_fwd.hpp"
#include "space/space.hpp"

namespace assay::trial {

using TrialId = std::int64_t;

/// How much a measurement costs. data, width and resolution are shares of the full setting in (0, 1].
struct Fidelity {
  int epochs = 1;
  double data = 1, width = 1, resolution = 1;
  bool operator==(const Fidelity&) const = default;
};
base::Json to_json(const Fidelity& fidelity);
Fidelity fidelity_from_json(const base::Json& json);
/// "4 epochs, half the data": for people.
std::string to_text(const Fidelity& fidelity, int full_epochs);

/// Place of `at` in the study's `fidelities` (lowest first). A measurement at none of them: as if each rung of a trial
/// were one of them.
std::size_t level_of(const Fidelity& at, int rung, const std::vector<Fidelity>& fidelities);

/// One piece of work: rung `rung` of trial `trial`.
struct ItemId {
  TrialId trial = 0;
  int rung = 0;
  auto operator<=>(const ItemId&) const = default;
};

enum class State { waiting, running, done, stopped, failed, infeasible, voided };
enum class Failure { none, nan, oom, crash, timeout, invalid, exit, infrastructure };
std::string to_string(State state);
std::string to_string(Failure failure);
State state_from(const std::string& text);
Failure failure_from(const std::string& text);

using Metrics = std::map<std::string, double>;
/// NaN where it is not there.
double metric_or_nan(const Metrics& metrics, const std::string& name);

struct Report {
  std::int64_t step = 0;  ///< epochs for the built-in trainer
  double seconds = 0;     ///< since the attempt's start; in a Measurement since the first one's, pauses left out
  Metrics metrics;
};

/// Mark of a trial that ran out of memory once: it is tried again with half the batch, accumulated over two steps.
inline constexpr const char* halved_tag = "halved";

/// Key of where a trial comes from that no planner of this study drew: "add", "points" (of the configuration) or
/// "import".
inline constexpr const char* origin_tag = "origin";

/// Key of what a proposal builds and trains: equal keys mean equal trainings.
inline constexpr const char* network_tag = "network";
/// Number of an earlier trial with an equal key whose result is taken instead of a training.
inline constexpr const char* same_as_tag = "same_as";

/// What a planner wants measured. `at`: at this fidelity; nothing: the lowest of the study's, for a higher rung the one
/// after that of the rung below.
struct Proposal {
  space::Params params;
  std::optional<Fidelity> at;
  std::optional<ItemId> from;               ///< start from this item's checkpoint (another trial's, too)
  std::string note;                         ///< origin: planner, parents
  std::map<std::string, std::string> tags;  ///< planner's own marks, e.g. reference = "3", seed = "1"
};

/// True of a rung whose result was brought from elsewhere (`assay import`): it cost nothing here. What goes on from it
/// does.
bool imported(const Proposal& what, int rung);

/// Id of a worker that only brings such results: what it claims counts as imported even before anything is recorded.
std::string importer_id(const std::string& random_name);
bool brings_results(const std::string& worker);

/// A claimed item, ready to be evaluated.
struct Work {
  ItemId item;
  int attempt = 1;
  Proposal what;
  Fidelity at;
  std::optional<Fidelity> made;    ///< what it goes on from (`what.from`) was measured at
  std::uint64_t seed = 0;          ///< derived from (seed, stage, trial)
  std::filesystem::path folder;    ///< trials/<n>/<r>.<a>/, made on demand by the evaluator
  std::filesystem::path previous;  ///< newest folder with a usable checkpoint of this item or of `from`; may be empty
};

/// How an evaluation ended. Infrastructure failures and `again` are not committed: the item goes to the next attempt.
struct Outcome {
  State state = State::done;  ///< done, stopped, failed or infeasible
  Failure failure = Failure::none;
  std::string reason;
  Metrics metrics;
  std::map<std::string, std::string> attributes;
  double device_seconds = 0;  ///< cost: wall seconds x devices
  /// Left before its end, to be continued by the next attempt (signal, time budget, the command's own wish). With the
  /// failure timeout or exit it came no further than the attempts before: so many in a row end the trial with it.
  bool again = false;
};

/// One item as the logs tell it.
struct Measurement {
  ItemId item;
  int attempt = 0;
  State state = State::waiting;
  Failure failure = Failure::none;
  std::string reason;
  Fidelity at;
  Metrics metrics;
  std::map<std::string, std::string> attributes;
  std::vector<Report> reports;
  std::shared_ptr<const Proposal> own;  ///< what this rung measured, where it is not what the trial began with
  std::string worker, host, job;
  double started = 0, ended = 0;  ///< Unix seconds by the worker's clock, for people
  double device_seconds = 0;      ///< of this attempt and of those that it continued
};

struct Trial {
  TrialId id = 0;
  Proposal first;                  ///< what it began with: rung 0
  bool proposed = false;           ///< false while only the number is claimed
  std::vector<Measurement> rungs;  ///< index = rung; those claimed so far

  /// What a rung of this trial measured.
  const Proposal& what_of(const Measurement& rung) const { return rung.own ? *rung.own : first; }
  /// The highest rung that is done, or nullptr.
  const Measurement* result() const;
  State state() const;
};

/// What a rung of the trial is measured at whose proposal names nothing: the fidelity after that of the rung below.
Fidelity fidelity_of(const Trial& trial, int rung, const std::vector<Fidelity>& fidelities);

/// What a trial took, all its rungs together: from the start to the end of each, and in seconds of one device.
/// Nothing while none has ended.
struct TrialCost {
  double seconds = 0, device_seconds = 0;
};
std::optional<TrialCost> trial_cost(const Trial& trial);

/// What is optimised: direction and, for Pareto fronts, the threshold of interest.
struct Objective {
  std::string metric;
  bool maximise = true;
  std::optional<double> threshold;
  bool operator==(const Objective&) const = default;
};

}  // namespace assay::trial
