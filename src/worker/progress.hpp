// Whether an attempt that left before its end came further than those before it.
#pragma once

#include <cstdint>
#include <optional>

#include "study/study.hpp"
#include "worker/budget.hpp"

namespace assay::worker {

/// How an attempt with Outcome::again went.
struct Left {
  std::optional<std::int64_t> reached;  ///< the highest step that it reported
  double seconds = 0;                   ///< it ran so long
  bool asked = false;                   ///< the worker was leaving; else the evaluator left on its own
};

/// Marks `outcome` (Outcome::again) where the next attempt would only repeat this one. It reported no step further than
/// those before, and was cut short by the end of the job's time without a new checkpoint; or it left on its own,
/// without a new checkpoint or within a minute. Whoever was asked to leave for another reason is never marked.
void mark_if_no_progress(trial::Outcome& outcome, const study::Claim& claim, const Left& left, const Budget& budget);

}  // namespace assay::worker
