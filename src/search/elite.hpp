// The best trials of a study, kept from view to view: what ranked() gives, without ranking everything anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "search/history.hpp"
#include "trial/ranking.hpp"

namespace assay::search {

/// Trials that at least `count` others beat (by constraints, thresholds or dominance; equal ones: by youth) are left
/// out before crowding distances are taken: they cannot be among the best `count`. What remains is a function of the
/// view alone, and small: one more trial is compared with it only.
class Elite {
 public:
  explicit Elite(std::size_t count) : count_(count) {}

  /// The best `count` of the scored trials, best first.
  const std::vector<trial::Scored>& update(const History& history);

 private:
  struct Candidate {
    trial::Scored scored;
    std::size_t beaten = 0;  ///< by so many
  };
  void add(trial::Scored scored);

  std::size_t count_;
  std::vector<Candidate> pool_;
  std::vector<bool> added_;  ///< by number
  std::vector<trial::Scored> best_;
  std::uint64_t generation_ = 0;
  std::size_t read_ = 0;  ///< of History::changes()
};

}  // namespace assay::search
