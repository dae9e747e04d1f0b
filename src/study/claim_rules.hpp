// What a claim may take, and what it measures: the rules that workers (study_claim) and the simulator share.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.hpp"
#include "study/study.hpp"
#include "trial/trial.hpp"

namespace assay::study {

/// Which number to try after a lost race: one of a window above the first free number. The window doubles with every
/// loss. Where thousands begin at once, a window as wide as their number keeps them out of each other's way.
class NumberWindow {
 public:
  explicit NumberWindow(std::int64_t crowd = 0);
  /// The distance from the first free number; the next window is wider.
  std::int64_t draw(base::Rng& rng);

 private:
  std::int64_t width_, widest_;
};

/// Who proposes for a number draws from this stream, whatever worker it is.
base::Rng proposal_stream(const Definition& definition, trial::TrialId trial);

/// What a higher rung measures where the planner names nothing: what the rung below measured, from its checkpoint.
/// Error(defect) if the rung below has no parameters yet.
trial::Proposal continuation(const trial::Trial* trial, const trial::ItemId& item);

/// The work of a claim, all but its attempt and its folders. `trial`: as far as it is known, nullptr: not at all;
/// `made`: what `what.from` was measured at.
trial::Work work_of(const Definition& definition, const trial::ItemId& item, trial::Proposal what,
                    const trial::Trial* trial, std::optional<trial::Fidelity> made);

}  // namespace assay::study
