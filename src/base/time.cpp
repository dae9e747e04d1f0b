#include "base/time.hpp"

#include <charconv>
#include <cmath>
#include <ctime>

#include "base/error.hpp"

namespace assay::base {
namespace {

double read_clock(clockid_t clock) {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) fail(Exit::defect, "clock_gettime failed for clock {}", static_cast<int>(clock));
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

double unix_seconds() { return read_clock(CLOCK_REALTIME); }
double boot_seconds() { return read_clock(CLOCK_BOOTTIME); }
double steady_seconds() { return read_clock(CLOCK_MONOTONIC); }

std::string utc_text(double unix_time) {
  const auto seconds = static_cast<time_t>(unix_time);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

double parse_duration(std::string_view text, std::string_view what) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double factor = 0;
  if (unit.empty() || unit == "s") factor = 1;
  if (unit == "m" || unit == "min") factor = 60;
  if (unit == "h") factor = 3600;
  if (unit == "d") factor = 86400;
  if (error != std::errc{} || factor == 0 || value < 0 || !std::isfinite(value)) {
    fail(Exit::config, "{} = \"{}\" is not a duration; write for instance 90s, 10m, 1.5h or 2d", what, text);
  }
  return value * factor;
}

std::string format_duration(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

}  // namespace assay::base
