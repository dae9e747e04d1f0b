// Counter-based random streams (Philox 4x32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// A stream is named, not seeded in sequence: (seed, stage, trial, purpose) always gives the same numbers, whichever
// worker draws them. Distributions are our own few lines because the standard's differ between libraries.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::base {

class Rng {
 public:
  using result_type = std::uint64_t;

  Rng(std::uint64_t seed, std::string_view stage, std::int64_t trial, std::string_view purpose);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  /// Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
  /// Uniform in {0, .., n - 1} without bias; n > 0.
  std::int64_t below(std::int64_t n);
  double normal();

  template <class T>
  void shuffle(std::vector<T>& items) {
    for (auto i = static_cast<std::int64_t>(items.size()) - 1; i > 0; --i) {
      std::swap(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(below(i + 1))]);
    }
  }

 private:
  void refill();

  std::array<std::uint32_t, 2> key_{};
  std::array<std::uint32_t, 4> counter_{};
  std::array<std::uint32_t, 4> words_{};
  int used_ = 4;
};

/// A 64-bit seed derived from a named stream, for libraries that want one number.
std::uint64_t derive_seed(std::uint64_t seed, std::string_view stage, std::int64_t trial, std::string_view purpose);

}  // namespace assay::base
