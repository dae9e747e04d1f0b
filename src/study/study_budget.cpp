// What ends a study besides its planner: failures, its age, device time (spending.hpp).
#include <algorithm>

#include "base/time.hpp"
#include "study/spending.hpp"
#include "study/study_impl.hpp"

namespace assay::study {

bool Study::Impl::too_many_failures() const { return facts.failures() >= failures_allowed(limits); }

/// By the wall clocks of this machine and of the first worker's.
double Study::Impl::age() const {
  double age = 0;
  for (const auto& worker : facts.workers()) {
    if (worker.greeted && worker.info.first_seen > 0)
      age = std::max(age, base::unix_seconds() - worker.info.first_seen);
  }
  return age;
}

std::optional<Study::Ended> Study::Impl::over() const {
  return study::over(limits, {.failures = facts.failures(),
                              .open = static_cast<std::int64_t>(facts.open_count()),
                              .age = limits.max_seconds > 0 ? age() : 0,
                              .costs = facts.costs()});
}

std::optional<Study::Ended> Study::Impl::over(Planner& planner) {
  observe();
  if (facts.members()) settle(true);
  if (!facts.open().empty()) return std::nullopt;
  if (facts.members()) return Ended{facts.members()->reason, facts.members()->failed};
  if (auto why = over()) return why;
  const auto decision = planner.next(view());
  if (const auto* finished = std::get_if<Finished>(&decision)) return Ended{finished->reason, false};
  if (!std::holds_alternative<New>(decision) || facts.first_free() < limits.max_trials) return std::nullopt;
  return Ended{fmt::format("all {} trials are taken", limits.max_trials), false};
}

}  // namespace assay::study
