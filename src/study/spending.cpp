#include "study/spending.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/time.hpp"

namespace assay::study {

Spending& Spending::operator+=(const Spending& more) {
  failures += more.failures;
  open += more.open;
  costs.device_seconds += more.costs.device_seconds;
  costs.seconds += more.costs.seconds;
  costs.measured += more.costs.measured;
  return *this;
}

bool model_failure(const trial::Outcome& outcome) {
  return outcome.state == trial::State::failed && outcome.failure != trial::Failure::infrastructure;
}

std::int64_t failures_allowed(const Limits& limits) {
  return limits.max_failed > 0 ? limits.max_failed : std::max<std::int64_t>(1, limits.max_trials / 3);
}

std::optional<Study::Ended> over(const Limits& limits, const Spending& spent) {
  if (spent.failures >= failures_allowed(limits)) {
    return Study::Ended{fmt::format("{} trials failed{}, {} are allowed", spent.failures,
                                    spent.reopened ? " since the study was reopened" : "", failures_allowed(limits)),
                        true};
  }
  const auto& costs = spent.costs;
  if (limits.max_seconds > 0 && spent.age + costs.mean_seconds() >= limits.max_seconds)
    return Study::Ended{fmt::format("max_duration ({}) is over", base::format_duration(limits.max_seconds)), false};
  const double reserved = static_cast<double>(spent.open + 1) * costs.mean_device_seconds();
  if (limits.max_device_seconds > 0 && costs.device_seconds + reserved > limits.max_device_seconds) {
    return Study::Ended{
        fmt::format("max_device_hours ({:.3g}) are spent or reserved: {:.3g} measured, {:.3g} per trial",
                    limits.max_device_seconds / 3600, costs.device_seconds / 3600, costs.mean_device_seconds() / 3600),
        false};
  }
  return std::nullopt;
}

}  // namespace assay::study
