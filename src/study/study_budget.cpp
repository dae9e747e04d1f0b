// What ends a study besides its planner: failures, its age, device time (spending.hpp).
#include <algorithm>

#include "base/time.hpp"
#include "study/spending.hpp"
#include "study/study_impl.hpp"

namespace assay::study {

bool Study::Impl::too_many_failures() const { return facts.failures() >= failures_allowed(limits); }

/// By the wall clocks of this machine and of the first worker's; in a reopened study of the first one that spoke since.
double Study::Impl::age() const {
  double age = 0;
  const auto& generation = facts.generation();
  const double now = base::unix_seconds();
  for (const auto& worker : facts.workers()) {
    const auto& info = worker.info;
    const bool counts = worker.greeted && info.first_seen > 0 && info.id != generation.by;
    if (counts && info.last_record >= generation.opened)
      age = std::max(age, now - std::max(info.first_seen, generation.opened));
  }
  return age;
}

std::optional<Study::Ended> Study::Impl::over() const {
  return study::over(limits, {.failures = facts.failures(),
                              .open = static_cast<std::int64_t>(facts.open().size()),
                              .age = limits.max_seconds > 0 ? age() : 0,
                              .reopened = facts.generation().number > 1,
                              .costs = facts.costs()});
}

std::optional<Study::Ended> Study::Impl::over(trial::Planner& planner) {
  observe();
  if (facts.closed()) settle(true);
  if (!facts.open().empty()) return std::nullopt;
  if (facts.closed()) return ending();
  if (limits_of != facts.generation().number) return std::nullopt;
  if (auto why = over()) return why;
  const auto decision = planner.next(view());
  if (!std::holds_alternative<trial::Continue>(decision) && learn_imports()) return std::nullopt;
  if (const auto* finished = std::get_if<trial::Finished>(&decision)) return Ended{finished->reason, false};
  if (!std::holds_alternative<trial::New>(decision) || facts.first_free() < numbers()) return std::nullopt;
  return Ended{fmt::format("all {} trials are taken", limits.max_trials), false};
}

}  // namespace assay::study
