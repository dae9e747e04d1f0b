// Which trials of a study are good and which are bad, for models of the difference.
#pragma once

#include <cstddef>
#include <vector>

#include "search/history.hpp"

namespace assay::search {

struct QualitySplit {
  std::vector<trial::TrialId> good, bad;  ///< numbers, ascending
};

/// The best `count` of the trials that ended are good, all others bad. Best first: what keeps all constraints and
/// thresholds, then what keeps all constraints; stopped trials; what breaks constraints, by how far. Within: one
/// objective by score; several by Pareto layer, the last layer by the volume that its members add to one another
/// (greedily). Failed trials are never good; pending ones are bad, or, with `pending_good`, rank right behind the best
/// (a lie that keeps other workers away, or draws them near).
QualitySplit split_by_quality(const History& history, std::size_t count, bool pending_good = false);

/// How many of the trials that ended are good: the share `gamma` (Optuna 5: 0.1), or gamma times the root of their
/// number (hyperopt, NNI: 0.25), rounded up; no more than 25, except with several objectives by share.
std::size_t good_count(std::size_t ended, double gamma, bool root, bool several);

}  // namespace assay::search
