// What the networks of a space are like, from a few random points: asked before hours are spent on them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "space/space.hpp"

namespace assay::arch {

struct Survey {
  int drawn = 0;                      ///< points that keep the constraints
  int failed = 0;                     ///< of these: networks that cannot be built
  std::string reason;                 ///< why the first of them cannot
  std::size_t distinct = 0;           ///< trainings that differ (canonical)
  std::vector<double> parameters;     ///< of the networks that can be built, ascending
  std::vector<double> multiply_adds;  ///< likewise
};

/// `outputs` as for lower(). Where [model] lists no blocks, nothing is built.
Survey survey(const space::Space& space, std::int64_t outputs, int points, base::Rng& rng);

}  // namespace assay::arch
