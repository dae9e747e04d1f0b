// The order in which planners prefer trials: constraints on metrics, thresholds of interest, objectives. What people
// are shown as best, front and finalists is study/standing's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trial/view.hpp"

namespace assay::trial {

struct Scored {
  const Trial* trial = nullptr;
  Score score;
};

/// Of the trial's highest rung that is done; nothing if there is none, or an objective is missing or no number.
std::optional<Scored> score_of(const Trial& trial, const Judge& judge);

/// The best `count`, best first: what keeps all constraints, then what meets all thresholds of interest; among those by
/// score (one objective), or by Pareto layer and then crowding distance. What breaks constraints: by how far. Equal
/// ones: the younger first.
std::vector<Scored> ranked(std::vector<Scored> trials, std::size_t count);

}  // namespace assay::trial
