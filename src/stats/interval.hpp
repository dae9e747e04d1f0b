// An estimate with its uncertainty: what every figure that is judged by carries.
#pragma once

namespace assay::stats {

/// lo <= estimate <= hi, for a stated level (95 % unless said otherwise).
struct Interval {
  double estimate = 0, lo = 0, hi = 0;
};

}  // namespace assay::stats
