#include "data/strata.hpp"

#include <algorithm>

namespace assay::data {

std::vector<float> bin_edges(std::vector<float> targets) {
  std::vector<float> edges;
  if (targets.empty()) return edges;
  std::sort(targets.begin(), targets.end());
  for (int i = 1; i < target_bins; ++i) {
    edges.push_back(targets[targets.size() * static_cast<std::size_t>(i) / target_bins]);
  }
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

std::int32_t bin_of(float target, const std::vector<float>& edges) {
  return static_cast<std::int32_t>(std::upper_bound(edges.begin(), edges.end(), target) - edges.begin());
}

Strata strata_of(const Dataset& dataset) {
  Strata strata;
  if (dataset.task == Task::classification) {
    strata.of = dataset.labels;
    strata.count = static_cast<std::int32_t>(dataset.classes());
    return strata;
  }
  const auto edges = bin_edges(dataset.targets);
  strata.count = static_cast<std::int32_t>(edges.size()) + 1;
  strata.of.reserve(dataset.targets.size());
  for (const auto target : dataset.targets) strata.of.push_back(bin_of(target, edges));
  return strata;
}

}  // namespace assay::data
