#include "report/figure_text.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cmath>

#include "base/text.hpp"

namespace assay::report {

std::string value_text(Scale scale, double value) {
  if (!std::isfinite(value)) return "unknown";
  if (scale == Scale::percent) return fmt::format("{:.2f} %", 100 * value);
  if (value == std::round(value) && std::abs(value) < 1e15) return base::with_commas(static_cast<long long>(value));
  return fmt::format("{:.4g}", value);
}

std::string bounds_text(Scale scale, const run::Interval& interval) {
  if (!(interval.lo < interval.hi)) return "";
  if (scale == Scale::percent) return fmt::format("[{:.2f}, {:.2f}]", 100 * interval.lo, 100 * interval.hi);
  return fmt::format("[{:.4g}, {:.4g}]", interval.lo, interval.hi);
}

std::string interval_text(Scale scale, const run::Interval& interval) {
  const auto bounds = bounds_text(scale, interval);
  return value_text(scale, interval.estimate) + (bounds.empty() ? "" : " " + bounds);
}

std::string difference_text(Scale scale, double difference) {
  if (scale == Scale::percent) return fmt::format("{:+.2f} points", 100 * difference);
  return fmt::format("{:+.4g}", difference);
}

std::string agreement_text(const run::Interval& interval) {
  return fmt::format("{:.2f} [{:.2f}, {:.2f}]", interval.estimate, interval.lo, interval.hi);
}

std::string count_text(std::int64_t count, const std::string& noun) {
  return base::with_commas(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string device_hours_text(double seconds) {
  const double hours = seconds / 3600;
  if (hours >= 100) return base::with_commas(std::llround(hours));
  return hours >= 1 ? fmt::format("{:.1f}", hours) : fmt::format("{:.2g}", hours);
}

std::string network_text(trial::TrialId trial) { return trial < 0 ? "the baseline" : fmt::format("trial {}", trial); }

std::string capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace assay::report
