// The numbers of the trials that are measured here. Results that were imported take numbers too, but no part in what is
// counted by number: first proposals, brackets, populations.
#pragma once

#include <cstdint>
#include <vector>

#include "trial/view.hpp"

namespace assay::search {

class OwnNumbers {
 public:
  /// True if an import came to light among the numbers that were known: places of later trials are not what they were.
  bool update(const trial::StudyView& view);

  /// How many own trials have a lower number. Beyond the known numbers each is taken for one.
  std::int64_t place(trial::TrialId trial) const;
  /// Of those known, by place.
  const std::vector<trial::TrialId>& all() const { return own_; }
  bool imported(trial::TrialId trial) const;

 private:
  trial::TrialList seen_;
  std::vector<trial::TrialId> imports_;  ///< ascending
  std::vector<trial::TrialId> own_;      ///< the others
};

}  // namespace assay::search
