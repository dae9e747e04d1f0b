// Which trials of a study are good and which are bad, for models of the difference.
#pragma once

#include <cstddef>
#include <vector>

#include "search/history.hpp"

namespace assay::search {

struct Split {
  std::vector<study::TrialId> good, bad;  ///< numbers, ascending
};

/// The best `count` of the trials that ended are good, all others bad. Best first: what keeps all constraints and
/// thresholds, then what keeps all constraints; stopped trials; what breaks constraints, by how far. Within: one
/// objective by score; several by Pareto layer, the last layer by the volume that its members add to one another
/// (greedily). Failed trials are never good; pending ones are bad, or, with `pending_good`, rank right behind the best
/// (a lie that keeps other workers away, or draws them near).
Split split(const History& history, std::size_t count, bool pending_good = false);

}  // namespace assay::search
