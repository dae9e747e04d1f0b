// What a constraint can be over a part of the space: interval arithmetic (Moore, "Interval Analysis", 1966) over its
// expression.
#pragma once

#include <functional>

#include "space/constraints/expression.hpp"

namespace assay::space {

/// What one parameter may be within a part of the space.
struct Range {
  bool exists = true;           ///< it may exist
  bool missing = false;         ///< it may not exist
  const Value* only = nullptr;  ///< the one value that it may have; else:
  double lo = 0, hi = 0;        ///< numbers and truths (0, 1); of labels nothing is known
};

using Ranges = std::function<Range(std::size_t parameter)>;

/// True only if the expression is false at every point of these ranges. Rounding is no matter: each operation gives its
/// ends as it would at these points.
bool surely_false(const Expression& expression, const Ranges& ranges);

}  // namespace assay::space
