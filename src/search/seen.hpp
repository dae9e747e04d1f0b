// The points that a study has proposed so far. Read from views; remembers what it read, for a trial's parameters never
// change once they are proposed.
#pragma once

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "trial/view.hpp"

namespace assay::search {

/// Equal for equal points.
std::string text_of(const space::Params& params);

class Seen {
 public:
  /// Reads the trials that are new in this view.
  void update(const trial::StudyView& view);
  bool contains(const space::Params& params) const { return points_.contains(text_of(params)); }
  /// A number got nothing: whoever proposed for it found no new point.
  bool ran_dry() const { return !dry_.empty(); }
  /// Numbers below `trial` that are claimed, and nobody knows yet what they measure.
  std::size_t open_before(trial::TrialId trial) const;
  /// Distinct points.
  std::size_t size() const { return points_.size(); }

 private:
  std::unordered_set<std::string> points_;
  std::vector<bool> read_;
  std::set<std::size_t> dry_;   ///< numbers
  std::set<std::size_t> open_;  ///< numbers that are claimed, and not read yet
  trial::TrialList last_;
};

}  // namespace assay::search
