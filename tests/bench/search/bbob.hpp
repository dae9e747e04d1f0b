// The 24 noiseless functions of BBOB (COCO), with their instances; parts and sources in bbob_parts.hpp.
#pragma once

#include <functional>

#include "bench/search/bbob_parts.hpp"

namespace assay::bench {

struct Bbob {
  int number = 1;    ///< f1 .. f24
  int instance = 1;  ///< from 1 on: another optimum, another rotation
  Vector best_point;
  double best_value = 0;
  /// On [-5, 5]^D, and beyond.
  std::function<double(const Vector&)> value;
};

/// `size`: dimensions, at least 2.
Bbob make_bbob(int number, int instance, std::size_t size);

}  // namespace assay::bench
