#include "train/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace assay::train {

double Schedule::rate(std::int64_t step) const {
  if (step < warmup_steps) return base * static_cast<double>(step + 1) / static_cast<double>(warmup_steps + 1);
  if (kind == Settings::Schedule::constant) return base;
  const auto progress =
      static_cast<double>(step - warmup_steps) / static_cast<double>(std::max<std::int64_t>(1, steps - warmup_steps));
  return base * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, progress)));
}

Schedule make_schedule(const Settings& settings, std::int64_t steps_per_epoch) {
  Schedule schedule{.kind = settings.schedule, .base = settings.lr, .steps = settings.epochs * steps_per_epoch};
  const auto wanted = static_cast<std::int64_t>(std::llround(settings.warmup * static_cast<double>(steps_per_epoch)));
  schedule.warmup_steps = std::min(wanted, schedule.steps / 4);
  return schedule;
}

}  // namespace assay::train
