#include "run/line.hpp"

#include "base/time.hpp"

namespace assay::run {

std::string stage_line(Stage stage, const std::string& word, const std::string& text, double seconds) {
  auto line = word.empty() ? fmt::format("  {:<9} {}", to_string(stage), text)
                           : fmt::format("  {:<9} {:<8} {}", to_string(stage), word, text);
  if (seconds >= 0) line = fmt::format("{:<112}  {:>8}", line, base::format_duration(seconds));
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string to_string(Status::Kind kind) {
  switch (kind) {
    case Status::Kind::waiting:
      return "waiting";
    case Status::Kind::running:
      return "begun";
    case Status::Kind::done:
      return "done";
    case Status::Kind::partial:
      return "partial";
    case Status::Kind::failed:
      return "failed";
    case Status::Kind::stale:
      return "stale";
  }
  return "?";
}

}  // namespace assay::run
