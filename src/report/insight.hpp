// What the trials say beyond their table: progress of the search, learning curves, which parameters mattered.
#pragma once

#include <string>
#include <vector>

#include "report/run_data.hpp"
#include "trial/standing.hpp"

namespace assay::report {

struct Progress {
  std::int64_t scored = 0;  ///< trials with a score
  trial::TrialId best = -1;
  std::int64_t since_best = 0;          ///< trials with a score after the best one
  std::optional<run::Interval> growth;  ///< mean score of the last third minus that of the first (better = positive)
};
Progress progress(const trial::StudyView& view);

struct Influence {
  std::string parameter;
  double share = 0;  ///< of the variance of the scores, omega squared
};
/// Strongest first. Numbers with many values are grouped by quartile; trials in which a parameter is inactive are a
/// group.
std::vector<Influence> influences(const trial::StudyView& view);

/// A numeric parameter whose best trials crowd at an end of its domain.
struct Edge {
  std::string parameter, end;  ///< "upper" or "lower"
  std::string value;           ///< the end itself
  int there = 0, of = 0;       ///< best trials at the end, of so many
};
std::vector<Edge> edges(const trial::StudyView& view, const space::Space& space);

/// Trials in the order of merit: the best first.
std::vector<const trial::Trial*> ranked(const trial::StudyView& view);

/// "8 epochs", "4 epochs, half the data"; "all 8 epochs" where that is the full number.
std::string fidelity_text(const trial::Fidelity& at, std::int64_t full_epochs = 0);

/// "24 trials, 4 of them at all 8 epochs"; with one fidelity "24 trials at all 8 epochs, full data". While no trial has
/// got to the top, that is said.
std::string trials_text(const trial::Standings& standings, std::int64_t full_epochs);

/// The best feasible measurement at the fidelity that trials are compared at, and at lower ones: {"67.00 %", "at 8
/// epochs (78.20 % at 2 epochs)"}; nothing while there is no best, or one fidelity only.
struct BestByFidelity {
  std::string value, where;
};
std::optional<BestByFidelity> best_by_fidelity(const trial::Standings& standings, Scale scale);

/// What a trial measured step by step, through all its rungs. A rung without reports gives its result; one that counts
/// its steps from its own start goes on after the rung below.
std::vector<trial::Report> whole_curve(const trial::Trial& trial);

}  // namespace assay::report
