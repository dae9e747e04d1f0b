#include "stats/reference_points.hpp"

#include "base/error.hpp"

namespace assay::stats {
namespace {

void spread(std::vector<std::size_t>& parts, std::size_t left, std::size_t axes, std::size_t divisions,
            std::vector<std::vector<double>>& result) {
  if (parts.size() + 1 == axes) {
    std::vector<double> point;
    for (const auto part : parts) point.push_back(static_cast<double>(part) / static_cast<double>(divisions));
    point.push_back(static_cast<double>(left) / static_cast<double>(divisions));
    result.push_back(std::move(point));
    return;
  }
  for (std::size_t part = 0; part <= left; ++part) {
    parts.push_back(part);
    spread(parts, left - part, axes, divisions, result);
    parts.pop_back();
  }
}

}  // namespace

std::vector<std::vector<double>> das_dennis(std::size_t axes, std::size_t divisions) {
  base::require(axes > 0 && divisions > 0, "reference points for {} objectives with {} divisions", axes, divisions);
  std::vector<std::vector<double>> result;
  std::vector<std::size_t> parts;
  spread(parts, divisions, axes, divisions, result);
  return result;
}

}  // namespace assay::stats
