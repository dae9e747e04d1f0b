// Points that fill the unit cube evenly, whatever part of the sequence is taken: Sobol's sequence (direction numbers of
// Joe and Kuo, SIAM J. Sci. Comput. 30, 2008, as Boost has them), scrambled as by Owen ("Randomly permuted (t,m,s)-nets
// and (t,s)-sequences", 1995).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace assay::search {

class SobolPoints {
 public:
  /// Coordinates beyond the 3,667 that the sequence has are random.
  SobolPoints(std::size_t dimensions, std::uint64_t seed);
  ~SobolPoints();

  /// The point of this number, from 0: numbers strictly between 0 and 1.
  std::vector<double> at(std::uint64_t number) const;

 private:
  struct Sequence;
  std::size_t dimensions_;
  std::uint64_t seed_;
  std::unique_ptr<Sequence> sequence_;
};

}  // namespace assay::search
