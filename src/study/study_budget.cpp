// What ends a study besides its planner: failures, its age, device time. Time is reserved before a trial starts: one
// that would typically end beyond the budget is not begun.
#include <algorithm>

#include "base/time.hpp"
#include "study/study_impl.hpp"

namespace assay::study {

std::int64_t Study::Impl::max_failed() const {
  return limits.max_failed > 0 ? limits.max_failed : std::max<std::int64_t>(1, limits.max_trials / 3);
}

bool Study::Impl::too_many_failures() const { return facts.failures() >= max_failed(); }

bool Study::Impl::too_old() const {
  if (limits.max_seconds <= 0) return false;
  const double then = base::unix_seconds() + facts.costs().mean_seconds();
  const auto& now = facts.generation();
  return std::any_of(facts.workers().begin(), facts.workers().end(), [&](const WorkerFacts& worker) {
    const auto& info = worker.info;
    if (!worker.greeted || info.first_seen <= 0 || info.id == now.by || info.last_record < now.opened) return false;
    return then - std::max(info.first_seen, now.opened) >= limits.max_seconds;
  });
}

bool Study::Impl::too_costly() const {
  if (limits.max_device_seconds <= 0) return false;
  const auto& costs = facts.costs();
  const auto reserved = static_cast<double>(facts.open().size() + 1) * costs.mean_device_seconds();
  return costs.device_seconds + reserved > limits.max_device_seconds;
}

std::optional<Study::Ended> Study::Impl::over() const {
  if (too_many_failures()) {
    return Ended{fmt::format("{} trials failed{}, {} are allowed", facts.failures(),
                             facts.generation().number > 1 ? " since the study was reopened" : "", max_failed()),
                 true};
  }
  if (too_old())
    return Ended{fmt::format("max_duration ({}) is over", base::format_duration(limits.max_seconds)), false};
  if (too_costly()) {
    const auto& costs = facts.costs();
    return Ended{
        fmt::format("max_device_hours ({:.3g}) are spent or reserved: {:.3g} measured, {:.3g} per trial",
                    limits.max_device_seconds / 3600, costs.device_seconds / 3600, costs.mean_device_seconds() / 3600),
        false};
  }
  return std::nullopt;
}

std::optional<Study::Ended> Study::Impl::over(Planner& planner) {
  observe();
  if (facts.closed()) settle(true);
  if (!facts.open().empty()) return std::nullopt;
  if (facts.closed()) return ending();
  if (limits_of != facts.generation().number) return std::nullopt;
  if (auto why = over()) return why;
  const auto decision = planner.next(view());
  if (!std::holds_alternative<Continue>(decision) && learn_imports()) return std::nullopt;
  if (const auto* finished = std::get_if<Finished>(&decision)) return Ended{finished->reason, false};
  if (!std::holds_alternative<New>(decision) || facts.first_free() < numbers()) return std::nullopt;
  return Ended{fmt::format("all {} trials are taken", limits.max_trials), false};
}

}  // namespace assay::study
