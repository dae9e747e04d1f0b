// Lines for people on standard error, each flushed at once. Data never goes this way.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace assay::base {

enum class Level { quiet, normal, verbose };

/// The process's verbosity: set once by the command line, read by every thread.
void set_verbosity(Level level);
Level verbosity();

void write_log(Level least, std::string_view prefix, std::string_view line);

template <class... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  if (verbosity() >= Level::normal) write_log(Level::normal, "", fmt::format(text, std::forward<Args>(args)...));
}

template <class... Args>
void log_detail(fmt::format_string<Args...> text, Args&&... args) {
  if (verbosity() >= Level::verbose) write_log(Level::verbose, "", fmt::format(text, std::forward<Args>(args)...));
}

/// Warnings are shown even with -q.
template <class... Args>
void log_warning(fmt::format_string<Args...> text, Args&&... args) {
  write_log(Level::quiet, "warning: ", fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace assay::base
