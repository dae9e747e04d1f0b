// Several objectives at once: dominance, fronts, crowding. One row per point, one column per objective.
#pragma once

#include <cstddef>
#include <vector>

namespace assay::stats {

using Points = std::vector<std::vector<double>>;

/// a is nowhere worse than b and somewhere better; maximise[j] tells the direction of objective j.
bool dominates(const std::vector<double>& a, const std::vector<double>& b, const std::vector<bool>& maximise);

/// Indices of the points that no other point dominates, ascending; equal points are all kept.
std::vector<std::size_t> pareto_front(const Points& points, const std::vector<bool>& maximise);

/// Layer of each point: 0 for the Pareto front, 1 for the front of the rest, and so on. Once `enough` points have their
/// layer, all others get the next number together. Two objectives: one sort (Jensen 2003). More: efficient
/// non-dominated sort with binary search (ENS-BS; Zhang, Tian, Cheng, Jin 2015).
std::vector<int> pareto_layers(const Points& points, const std::vector<bool>& maximise,
                               std::size_t enough = static_cast<std::size_t>(-1));

/// Crowding distance (Deb et al. 2002, NSGA-II) of the points `members` of one layer: infinite at the ends of an axis,
/// large where neighbours are far.
std::vector<double> crowding(const Points& points, const std::vector<std::size_t>& members);

}  // namespace assay::stats
