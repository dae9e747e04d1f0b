// Scores by number, as searches of two kinds bring them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/random.hpp"

namespace assay::test {

inline double normal(base::Rng& rng) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += rng.uniform();
  return sum;
}

/// A search that gets better and narrower, and then stays where it is.
inline std::vector<double> converging(std::size_t count, std::uint64_t seed) {
  base::Rng rng(seed, "test", 0, "values");
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double t = std::min(1.0, static_cast<double>(i) / 400);
    values.push_back(0.5 + 0.4 * t + (0.05 - 0.045 * t) * std::max(-2.5, std::min(2.5, normal(rng))));
  }
  return values;
}

inline std::vector<double> wandering(std::size_t count, std::uint64_t seed) {
  base::Rng rng(seed, "test", 0, "values");
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(0.5 + 0.05 * normal(rng));
  return values;
}

}  // namespace assay::test
