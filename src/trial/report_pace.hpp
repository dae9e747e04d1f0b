// Which reports of a running trial early stopping judges.
#pragma once

#include <cstdint>

namespace assay::trial {

/// The first hundred reports one by one, then ever fewer: looking at a curve costs its length.
class ReportPace {
 public:
  /// Counts a report; true if it is to be judged.
  bool due() {
    if (static_cast<double>(++reports_) < next_) return false;
    next_ = reports_ < singly ? static_cast<double>(reports_ + 1) : sparser * static_cast<double>(reports_);
    return true;
  }

 private:
  static constexpr std::int64_t singly = 100;
  static constexpr double sparser = 1.05;

  std::int64_t reports_ = 0;
  double next_ = 0;
};

}  // namespace assay::trial
