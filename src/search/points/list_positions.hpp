// Which one of the points known beforehand (a list, a grid) a trial takes: trial n the n-th. Trials that were added or
// imported by hand take numbers too, but none of the points, so that later trials stand further back than their number.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "trial/planner.hpp"

namespace assay::search {

class ListPositions {
 public:
  static constexpr auto endless = std::numeric_limits<std::size_t>::max();

  void update(const trial::StudyView& view);

  /// Every number below is claimed; numbers never become free again.
  trial::TrialId claimed() const { return claimed_; }
  /// The place of a trial's point among `count`: the first that none has, beyond those that lower numbers, claimed but
  /// not known yet, will take. Nothing if none is left.
  std::optional<std::size_t> of(trial::TrialId trial, std::size_t count = endless) const;
  /// What a planner says when no place is left for the next number: `done`, unless a number that was claimed just now
  /// may turn out to take none.
  trial::Decision end(const std::string& done) const;
  /// The proposal as it goes out: it says its place where that is not its number.
  static trial::Proposal marked(trial::Proposal proposal, trial::TrialId trial, std::size_t place);

 private:
  trial::TrialList last_;
  trial::TrialId claimed_ = 0;
  std::vector<bool> settled_;    ///< of each number it is known what it measures, or that it measures nothing
  std::size_t all_settled_ = 0;  ///< numbers below are
  std::vector<bool> taken_;
  std::size_t all_taken_ = 0;  ///< places below are
};

}  // namespace assay::search
