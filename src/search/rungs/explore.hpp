// Population-based training's way to change a point a little.
#pragma once

#include "base/random.hpp"
#include "space/space.hpp"

namespace assay::search {

struct Exploration {
  double resample = 0.25;  ///< probability that a parameter is drawn anew
  double factor = 0.2;     ///< of its range (of a normal: of its deviation) that another one moves
};

/// Every parameter of training and augmentation drawn anew with probability `resample`, else moved up or down with 1/2
/// each, within its bounds: ranges by `factor` of the range, in the logarithm where they are drawn so, whole numbers
/// and those with a step by one place at least; choices by one place (unordered ones: as listed); normals by `factor`
/// deviations. (NNI's PBT does so with all parameters, and moves whole numbers by one.) The network's own stay: the
/// checkpoint that is gone on from must fit it. Where constraints refuse all of 20 tries the point stays as it is.
space::Params explore(const space::Space& space, const space::Params& params, const Exploration& how, base::Rng& rng);

/// True if there is something to explore.
bool can_explore(const space::Space& space);

}  // namespace assay::search
