// Figures in words: percent for shares, intervals in brackets, counts with commas.
#pragma once

#include <cstdint>
#include <string>

#include "run/results.hpp"

namespace assay::report {

/// How the values of a metric are written: as they are, or, shares, in per cent.
enum class Scale { plain, percent };

/// "97.51 %" or "0.4312".
std::string value_text(Scale scale, double value);
/// "97.51 % [97.10, 97.92]"; without brackets if the interval is a point.
std::string interval_text(Scale scale, const run::Interval& interval);
/// "[97.10, 97.92]" alone, or "" for a point.
std::string bounds_text(Scale scale, const run::Interval& interval);
/// A difference: "+1.20 points" for shares, "-0.031" otherwise.
std::string difference_text(Scale scale, double difference);
/// "0.86 [0.61, 0.95]".
std::string agreement_text(const run::Interval& interval);
/// "1 trial", "3,441 rows".
std::string count_text(std::int64_t count, const std::string& noun);
/// 123.4 s as device-hours: "0.034".
std::string device_hours_text(double seconds);
/// "trial 37" or "the baseline".
std::string network_text(trial::TrialId trial);
/// With a capital letter at the beginning.
std::string capital(std::string text);

}  // namespace assay::report
