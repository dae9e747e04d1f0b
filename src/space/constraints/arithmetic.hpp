// What numbers in constraints are compared and divided with: the decimals that people write are no binary numbers, and
// 0.1 + 0.2 == 0.3 is meant to hold.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::space {

/// Numbers that differ by no more than this part of the larger one are equal: some hundred roundings, and so little
/// that two reals which are drawn are never equal by chance.
constexpr double tolerance = 1e-13;

inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// a < b, and not equal to it. Falls with a and rises with b, so that ends of intervals tell what lies between them.
/// False where one of them is no number.
inline bool below(double a, double b) {
  if (!(a < b)) return false;
  return !std::isfinite(a) || !std::isfinite(b) || b - a > tolerance * std::max(std::abs(a), std::abs(b));
}

/// Nothing can be divided by 0: no number then, and every comparison with it is false.
inline double quotient(double a, double b) { return b == 0 ? std::numeric_limits<double>::quiet_NaN() : a / b; }

/// Where a is a multiple of b but for the last digits; of numbers so small that their quotient has those digits.
inline bool is_multiple(double a, double b) {
  constexpr double largest = 1e6, last_digits = 1e-9;
  const double exact = quotient(a, b);
  return std::abs(b) < largest && std::abs(exact) < largest && std::abs(exact - std::nearbyint(exact)) <= last_digits;
}

/// How often b goes into a as a whole.
inline double whole_quotient(double a, double b) {
  return is_multiple(a, b) ? std::nearbyint(quotient(a, b)) : std::floor(quotient(a, b));
}

/// With the sign of the divisor. Rises with a while the whole quotient is the same.
inline double remainder(double a, double b) { return is_multiple(a, b) ? 0 : a - b * whole_quotient(a, b); }

}  // namespace assay::space
