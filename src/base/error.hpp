// Failures and the exit codes that they become. Every executable speaks these codes; job scripts act on them.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace assay::base {

/// What a process tells its caller (DESIGN 2; README "Exit codes").
enum class Exit : int {
  done = 0,
  partial = 3,    ///< the study ended, but not all that was asked is there
  config = 64,    ///< bad configuration or usage
  data = 65,      ///< bad data
  upstream = 69,  ///< an earlier stage is not done
  defect = 70,    ///< a defect of ours
  io = 74,        ///< input/output error
  again = 75,     ///< stopped early, work is left: start me again
};

/// "config", "data", ...: the `kind` of error.json.
std::string_view to_string(Exit code);

/// A place in a text file; line and column count from 1, 0 means unknown.
struct Where {
  std::string file;
  int line = 0;
  int column = 0;
};

/// "file:line:column", without what is unknown.
std::string to_string(const Where& where);

/// One clear sentence about what went wrong, where, and what to do; carries the exit code it must become.
class Error : public std::runtime_error {
 public:
  Error(Exit code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Error(Exit code, const Where& where, const std::string& message)
      : std::runtime_error(to_string(where) + ": " + message), code_(code), where_(where) {}

  Exit code() const { return code_; }
  const std::optional<Where>& where() const { return where_; }
  /// The nearest valid key of a misspelt one; empty if there is none.
  const std::string& nearest() const { return nearest_; }
  Error&& with_nearest(std::string key) && {
    nearest_ = std::move(key);
    return std::move(*this);
  }

 private:
  Exit code_;
  std::optional<Where> where_;
  std::string nearest_;
};

/// fail(Exit::data, "{} has {} rows", file, n): throws Error.
template <class... Args>
[[noreturn]] void fail(Exit code, fmt::format_string<Args...> text, Args&&... args) {
  throw Error(code, fmt::format(text, std::forward<Args>(args)...));
}

/// For what cannot happen unless the program is wrong (exit 70).
template <class... Args>
void require(bool condition, fmt::format_string<Args...> text, Args&&... args) {
  if (!condition) throw Error(Exit::defect, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace assay::base
