// What the trials say beyond their table: progress of the search, learning curves, which parameters mattered.
#pragma once

#include <string>
#include <vector>

#include "report/material.hpp"

namespace assay::report {

struct Progress {
  std::int64_t scored = 0;  ///< trials with a score
  study::TrialId best = -1;
  std::int64_t since_best = 0;          ///< trials with a score after the best one
  std::optional<run::Interval> growth;  ///< mean score of the last third minus that of the first (better = positive)
};
Progress progress(const study::StudyView& view);

struct Influence {
  std::string parameter;
  double share = 0;  ///< of the variance of the scores, omega squared
};
/// Strongest first. Numbers with many values are grouped by quartile; trials in which a parameter is inactive are a
/// group.
std::vector<Influence> influences(const study::StudyView& view);

/// A numeric parameter whose best trials crowd at an end of its domain.
struct Edge {
  std::string parameter, end;  ///< "upper" or "lower"
  std::string value;           ///< the end itself
  int there = 0, of = 0;       ///< best trials at the end, of so many
};
std::vector<Edge> edges(const study::StudyView& view, const space::Space& space);

/// Trials in the order of merit: the best first.
std::vector<const study::Trial*> ranked(const study::StudyView& view);

}  // namespace assay::report
