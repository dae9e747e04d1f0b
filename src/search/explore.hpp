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
/// each, within its bounds: reals by `factor` of the range, in the logarithm where they are drawn so, with a step to
/// the next multiple; whole numbers and choices by one place (unordered choices: as listed); normals by `factor`
/// deviations. (As NNI's PBT, which does so with all parameters.) The network's own parameters stay: the checkpoint
/// that is gone on from must fit it. Where constraints refuse all of 20 tries the point stays as it is.
space::Params explore(const space::Space& space, const space::Params& params, const Exploration& how, base::Rng& rng);

/// True if there is something to explore.
bool can_explore(const space::Space& space);

}  // namespace assay::search
