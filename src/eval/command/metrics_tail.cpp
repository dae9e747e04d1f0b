#include "eval/command/metrics_tail.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

namespace assay::eval {
namespace {

using base::Json;

constexpr std::size_t chunk_bytes = 1 << 16;
/// Of a list or an object beside the metrics.
constexpr std::size_t longest_attribute = 1000;

Json parse(const std::string& line) {
  auto json = Json::parse(line, nullptr, false);
  if (!json.is_discarded()) return json;
  static const std::regex no_number(R"(([:,\[]\s*)-?(NaN|Infinity|nan|inf)\b)");
  return Json::parse(std::regex_replace(line, no_number, "$1null"), nullptr, false);
}

}  // namespace

MetricsLine parse_metrics_line(const std::string& line, std::int64_t default_step) {
  const auto json = parse(line);
  if (!json.is_object()) base::fail(base::Exit::data, "no JSON object in a line of ASSAY_METRICS: {:.200}", line);
  MetricsLine result;
  result.step = default_step;
  for (const auto& [name, value] : json.items()) {
    if (name == "final") {
      result.final = value.is_boolean() && value.get<bool>();
    } else if (name == "step") {
      if (!value.is_number())
        base::fail(base::Exit::data, "\"step\" is no number in a line of ASSAY_METRICS: {:.200}", line);
      result.step = static_cast<std::int64_t>(value.get<double>());
    } else if (value.is_number()) {
      result.metrics[name] = value.get<double>();
    } else if (value.is_null()) {
      result.metrics[name] = std::numeric_limits<double>::quiet_NaN();
    } else if (value.is_string()) {
      result.attributes[name] = value.get<std::string>();
    } else if (value.is_boolean()) {
      result.metrics[name] = value.get<bool>() ? 1 : 0;
    } else {
      const auto text = value.dump();
      result.attributes[name] =
          text.size() <= longest_attribute ? text : fmt::format("{} characters, left out", text.size());
    }
  }
  return result;
}

std::vector<MetricsLine> MetricsTail::read(bool ended) {
  std::vector<MetricsLine> result;
  std::string bytes;
  for (;;) {
    auto more = os::read_part(file_, offset_ + bytes.size(), chunk_bytes);
    bytes += more;
    if (more.size() < chunk_bytes) break;
  }
  std::size_t start = 0;
  while (start < bytes.size()) {
    auto end = bytes.find('\n', start);
    if (end == std::string::npos) {
      if (!ended) break;
      end = bytes.size();
    }
    const std::string line(base::trim(std::string_view(bytes).substr(start, end - start)));
    start = std::min(end + 1, bytes.size());
    if (line.empty()) continue;
    try {
      result.push_back(parse_metrics_line(line, ++count_));
    } catch (const base::Error& error) {
      if (complaint_.empty()) complaint_ = error.what();
    }
  }
  offset_ += start;
  return result;
}

}  // namespace assay::eval
