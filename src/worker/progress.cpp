#include "worker/progress.hpp"

#include "base/time.hpp"
#include "study/checkpoint.hpp"

namespace assay::worker {
namespace {

/// An attempt that leaves on its own sooner, without a further step, is taken for one that cannot work here.
constexpr double shortest_part = 60;

}  // namespace

void mark_if_no_progress(trial::Outcome& outcome, const study::Claim& claim, const Left& left, const Budget& budget) {
  if (left.reached && left.reached > claim.reached) return;
  if (left.asked && !budget.cut_short(left.seconds)) return;
  const bool checkpoint = study::left_checkpoint(claim.work);
  if (checkpoint && (left.asked || left.seconds >= shortest_part)) return;
  if (left.asked) {
    outcome.failure = trial::Failure::timeout;
    outcome.reason =
        fmt::format("longer than the job's time limit ({}), and {}", base::format_duration(budget.given()),
                    study::has_checkpoint(claim.work.folder) ? "its checkpoint is that of the attempt before"
                                                             : "it keeps no checkpoint");
  } else {
    outcome.failure = trial::Failure::exit;
    outcome.reason = fmt::format("over after {}: {}, and had reported no further step",
                                 base::format_duration(left.seconds), outcome.reason);
  }
}

}  // namespace assay::worker
