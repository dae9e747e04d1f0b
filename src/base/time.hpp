// Clocks and durations. Wall-clock times are for people only; leases and budgets use the boot-time clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::base {

/// Seconds since 1970, with fractions.
double unix_seconds();

/// Seconds since boot, suspended time included (CLOCK_BOOTTIME); comparable within one boot of one machine only.
double boot_seconds();

/// Seconds on a clock that never steps, for measuring durations.
double steady_seconds();

/// "2026-11-21T10:48:14Z".
std::string utc_text(double unix_time);

/// "90s", "10m", "1.5h", "2d", or plain seconds "90"; throws Error(config) naming `what` for anything else.
double parse_duration(std::string_view text, std::string_view what);

/// "0.2 s", "4 min 10 s", "3 h 20 min", "2 d 4 h".
std::string format_duration(double seconds);

}  // namespace assay::base
