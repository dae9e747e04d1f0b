// What is spent of a study's limits, and which of them ends it: the same for workers and for a simulation.
#pragma once

#include <cstdint>
#include <optional>

#include "study/study.hpp"

namespace assay::study {

/// What measuring took so far; imported results took nothing.
struct Costs {
  double device_seconds = 0;  ///< of all attempts that ended, those that are tried again included
  double seconds = 0;         ///< the same by the clock
  std::int64_t measured = 0;  ///< attempts that ended with a result or a failure

  double mean_device_seconds() const { return measured > 0 ? device_seconds / static_cast<double>(measured) : 0; }
  double mean_seconds() const { return measured > 0 ? seconds / static_cast<double>(measured) : 0; }
};

struct Spending {
  std::int64_t failures = 0;  ///< results that are the model's fault
  std::int64_t open = 0;      ///< claimed items without a result
  double age = 0;             ///< seconds since the first worker said hello
  bool reopened = false;      ///< failures and age count from then
  Costs costs;

  Spending& operator+=(const Spending& more);  ///< all but the age
};

/// The model's fault, not its machine's: counts towards max_failed.
bool model_failure(const trial::Outcome& outcome);

std::int64_t failures_allowed(const Limits& limits);
/// Why no trial may begin any more. Time is reserved before a trial starts: one that would typically end beyond the
/// budget is not begun.
std::optional<Study::Ended> over(const Limits& limits, const Spending& spent);

}  // namespace assay::study
