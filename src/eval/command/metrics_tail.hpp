// Follows the file that an external trainer appends JSON lines to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trial/trial.hpp"

namespace assay::eval {

struct MetricsLine {
  std::int64_t step = 0;
  trial::Metrics metrics;
  std::map<std::string, std::string> attributes;  ///< texts among the values
  bool final = false;
};

/// `NaN` and `Infinity`, as Python writes them, become NaN. Error(data) says what is wrong with the line.
MetricsLine parse_metrics_line(const std::string& line, std::int64_t default_step);

class MetricsTail {
 public:
  explicit MetricsTail(std::filesystem::path file) : file_(std::move(file)) {}
  /// Lines completed since the last call; with `ended` an unfinished last line counts as well.
  /// Lines that cannot be read are passed over.
  std::vector<MetricsLine> read(bool ended = false);
  /// What was wrong with the first of those; empty if there was none.
  const std::string& complaint() const { return complaint_; }

 private:
  std::filesystem::path file_;
  std::uint64_t offset_ = 0;
  std::int64_t count_ = 0;
  std::string complaint_;
};

}  // namespace assay::eval
