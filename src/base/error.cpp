#include "base/error.hpp"

namespace assay::base {

std::string_view to_string(Exit code) {
  switch (code) {
    case Exit::done:
      return "done";
    case Exit::partial:
      return "partial";
    case Exit::config:
      return "config";
    case Exit::data:
      return "data";
    case Exit::upstream:
      return "upstream";
    case Exit::defect:
      return "defect";
    case Exit::io:
      return "io";
    case Exit::again:
      return "again";
  }
  return "defect";
}

std::string to_string(const Where& where) {
  if (where.line == 0) return where.file;
  if (where.column == 0) return fmt::format("{}:{}", where.file, where.line);
  return fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

}  // namespace assay::base
