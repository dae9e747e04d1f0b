#include "base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <string>

namespace assay::base {
namespace {

std::atomic<Level>& level_of_process() {
  static std::atomic<Level> level{Level::normal};
  return level;
}

}  // namespace

void set_verbosity(Level level) { level_of_process().store(level); }
Level verbosity() { return level_of_process().load(); }

void write_log(Level least, std::string_view prefix, std::string_view line) {
  if (verbosity() < least) return;
  std::string text;
  text.reserve(prefix.size() + line.size() + 1);
  text.append(prefix).append(line).push_back('\n');
  // One write per line: lines of several processes on one terminal or log file do not mix.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace assay::base
