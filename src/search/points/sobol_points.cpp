#include "search/points/sobol_points.hpp"

#include <algorithm>
#include <boost/random/sobol.hpp>

namespace assay::search {
namespace {

constexpr std::size_t most_dimensions = boost::random::default_sobol_table::max_dimension;

/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014: the mixer of SplitMix64.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Each binary digit is flipped or not by a coin that depends on all digits before it.
std::uint32_t scrambled(std::uint32_t digits, std::uint64_t key) {
  std::uint32_t result = 0;
  for (int i = 31; i >= 0; --i) {
    const auto before = std::uint64_t{digits} >> (i + 1);
    const auto coin = mixed(key ^ (before | std::uint64_t{1} << (31 - i) | std::uint64_t(i) << 40)) & 1;
    result |= ((digits >> i & 1) ^ static_cast<std::uint32_t>(coin)) << i;
  }
  return result;
}

double unit(std::uint32_t digits) { return (digits + 0.5) / 4294967296.0; }

}  // namespace

struct SobolPoints::Sequence {
  boost::random::sobol generator;
};

SobolPoints::SobolPoints(std::size_t dimensions, std::uint64_t seed) : dimensions_(dimensions), seed_(seed) {
  const auto size = std::clamp<std::size_t>(dimensions, 1, most_dimensions);
  sequence_ = std::make_unique<Sequence>(Sequence{boost::random::sobol(size)});
}

SobolPoints::~SobolPoints() = default;

std::vector<double> SobolPoints::at(std::uint64_t number) const {
  // Boost leaves out the first point, the origin.
  auto generator = sequence_->generator;
  if (number > 1) generator.seed(number - 1);
  std::vector<double> point;
  for (std::size_t j = 0; j < dimensions_; ++j) {
    const auto key = mixed(seed_ ^ mixed(j));
    if (j >= most_dimensions) {
      point.push_back(unit(static_cast<std::uint32_t>(mixed(key ^ mixed(number)) >> 32)));
    } else {
      const auto digits = number == 0 ? 0 : static_cast<std::uint32_t>(generator() >> 32);
      point.push_back(unit(scrambled(digits, key)));
    }
  }
  return point;
}

}  // namespace assay::search
