#include "space/constraints/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "space/constraints/arithmetic.hpp"
#include "space/domain.hpp"

namespace assay::space {
namespace {

using Op = Expression::Op;

struct Bound {
  bool known = true;     ///< it may have a value
  bool unknown = false;  ///< it may have none
  bool wild = false;     ///< it may be anything, also no number
  double lo = 0, hi = 0;
  std::string_view label = {};  ///< of labels; empty with `wild`: any
};

constexpr Bound no_bound{.known = false, .unknown = true};

Bound any_of(Bound bound) {
  bound.wild = true;
  bound.lo = -infinity;
  bound.hi = infinity;
  return bound;
}

/// With the ends set; any number where they are none.
Bound between(Bound bound, double lo, double hi) {
  if (bound.wild || !std::isfinite(lo) || !std::isfinite(hi)) return any_of(bound);
  bound.lo = lo;
  bound.hi = hi;
  return bound;
}

Bound truth(Bound bound, bool can_be_false, bool can_be_true) {
  bound.wild = false;
  bound.label = {};
  bound.lo = can_be_false ? 0 : 1;
  bound.hi = can_be_true ? 1 : 0;
  return bound;
}

Bound of_value(const Expression& expression, const Value& value, Bound bound) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    bound.label = *text;
  } else if (expression.type == Type::label) {  // a choice of numbers and texts is one of labels
    const auto label = std::find(expression.labels.begin(), expression.labels.end(), to_text(value));
    if (label == expression.labels.end()) return no_bound;
    bound.label = *label;
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    bound.lo = bound.hi = *flag ? 1 : 0;
  } else if (const auto number = as_number(value)) {
    bound.lo = bound.hi = *number;
  } else {
    return no_bound;
  }
  return bound;
}

Bound of_parameter(const Expression& expression, const Range& range) {
  if (!range.exists) return no_bound;
  const Bound bound{.unknown = range.missing};
  if (range.only != nullptr) return of_value(expression, *range.only, bound);
  return expression.type == Type::label ? any_of(bound) : between(bound, range.lo, range.hi);
}

/// a - b * floor(a / b).
Bound remainder_of(const Bound& both, const Bound& a, const Bound& b) {
  if (both.wild || (b.lo <= 0 && b.hi >= 0)) return any_of(both);
  if (b.lo == b.hi && whole_quotient(a.lo, b.lo) == whole_quotient(a.hi, b.lo)) {
    return between(both, remainder(a.lo, b.lo), remainder(a.hi, b.lo));
  }
  const double slack = 1e-9 * (std::max(std::abs(a.lo), std::abs(a.hi)) + std::abs(b.lo) + std::abs(b.hi));
  return between(both, std::min(b.lo, 0.0) - slack, std::max(b.hi, 0.0) + slack);
}

Bound calculate(Op op, const Bound& a, const Bound& b) {
  const Bound both{.known = a.known && b.known, .unknown = a.unknown || b.unknown, .wild = a.wild || b.wild};
  const auto corners = [&](auto of) {
    const auto [lo, hi] = std::minmax({of(a.lo, b.lo), of(a.lo, b.hi), of(a.hi, b.lo), of(a.hi, b.hi)});
    return both.wild ? any_of(both) : between(both, lo, hi);
  };
  switch (op) {
    case Op::add:
      return between(both, a.lo + b.lo, a.hi + b.hi);
    case Op::subtract:
      return between(both, a.lo - b.hi, a.hi - b.lo);
    case Op::multiply:
      return corners([](double x, double y) { return x * y; });
    case Op::divide:
      return b.lo <= 0 && b.hi >= 0 ? any_of(both) : corners([](double x, double y) { return x / y; });
    case Op::remainder:
      return remainder_of(both, a, b);
    case Op::minimum:
      return between(both, std::min(a.lo, b.lo), std::min(a.hi, b.hi));
    default:
      return between(both, std::max(a.lo, b.lo), std::max(a.hi, b.hi));
  }
}

Bound compare(Op op, const Bound& a, const Bound& b) {
  const Bound both{.known = a.known && b.known, .unknown = a.unknown || b.unknown};
  if (!both.known) return no_bound;
  if (a.wild || b.wild) return truth(both, true, true);
  const bool less = below(a.hi, b.lo), greater = below(b.hi, a.lo);                // everywhere
  const bool may_be_less = below(a.lo, b.hi), may_be_greater = below(b.lo, a.hi);  // somewhere
  const bool equal = !may_be_less && !may_be_greater && a.label == b.label;
  const bool apart = less || greater || a.label != b.label;
  switch (op) {
    case Op::equal:
      return truth(both, !equal, !apart);
    case Op::unequal:
      return truth(both, !apart, !equal);
    case Op::less:
      return truth(both, !less, may_be_less);
    case Op::at_most:
      return truth(both, may_be_greater, !greater);
    case Op::greater:
      return truth(both, !greater, may_be_greater);
    default:
      return truth(both, may_be_less, !less);
  }
}

Bound bounds_of(const Expression& expression, const Ranges& ranges);

bool may_be(const Bound& bound, double wanted) { return bound.known && bound.lo <= wanted && wanted <= bound.hi; }

/// `and` (`or`) of truths, as in Kleene's logic.
Bound connect(const Expression& expression, const Ranges& ranges) {
  const double decisive = expression.op == Op::any ? 1 : 0;
  bool some_decide = false, all_may_pass = true, none_unknown = true, all_may_be_open = true;
  for (const auto& input : expression.inputs) {
    const auto side = bounds_of(input, ranges);
    const bool decides = may_be(side, decisive), passes = may_be(side, 1 - decisive);
    if (decides && !passes && !side.unknown) return truth({}, decisive == 0, decisive == 1);
    some_decide |= decides;
    all_may_pass &= passes;
    none_unknown &= !side.unknown;
    all_may_be_open &= passes || side.unknown;
  }
  Bound result{.known = some_decide || all_may_pass, .unknown = !none_unknown && all_may_be_open};
  if (!result.known) return no_bound;
  return decisive == 0 ? truth(result, some_decide, all_may_pass) : truth(result, all_may_pass, some_decide);
}

Bound value_or(const Bound& first, const Bound& second) {
  if (!first.unknown) return first;
  if (!first.known) return second;
  Bound either{.known = true, .unknown = second.unknown, .wild = first.wild || second.wild};
  if (!second.known) return between(either, first.lo, first.hi);
  return between(either, std::min(first.lo, second.lo), std::max(first.hi, second.hi));
}

Bound bounds_of(const Expression& expression, const Ranges& ranges) {
  const auto& inputs = expression.inputs;
  switch (expression.op) {
    case Op::number:
    case Op::truth:
      return {.lo = expression.number, .hi = expression.number};
    case Op::label:
      return {.label = expression.text};
    case Op::parameter:
      return of_parameter(expression, ranges(expression.parameter));
    case Op::active: {
      const auto range = ranges(expression.parameter);
      return truth({}, range.missing || !range.exists, range.exists);
    }
    case Op::value:
      return value_or(bounds_of(inputs[0], ranges), bounds_of(inputs[1], ranges));
    case Op::negative: {
      const auto inner = bounds_of(inputs[0], ranges);
      return between(inner, -inner.hi, -inner.lo);
    }
    case Op::absolute: {
      const auto inner = bounds_of(inputs[0], ranges);
      const double a = std::abs(inner.lo), b = std::abs(inner.hi);
      return between(inner, inner.lo <= 0 && inner.hi >= 0 ? 0 : std::min(a, b), std::max(a, b));
    }
    case Op::negation: {
      const auto inner = bounds_of(inputs[0], ranges);
      return inner.known ? truth(inner, may_be(inner, 1), may_be(inner, 0)) : no_bound;
    }
    case Op::all:
    case Op::any:
      return connect(expression, ranges);
    case Op::equal:
    case Op::unequal:
    case Op::less:
    case Op::at_most:
    case Op::greater:
    case Op::at_least:
      return compare(expression.op, bounds_of(inputs[0], ranges), bounds_of(inputs[1], ranges));
    default: {
      auto result = bounds_of(inputs.front(), ranges);
      for (std::size_t i = 1; i < inputs.size(); ++i)
        result = calculate(expression.op, result, bounds_of(inputs[i], ranges));
      return result;
    }
  }
}

}  // namespace

bool surely_false(const Expression& expression, const Ranges& ranges) {
  const auto bound = bounds_of(expression, ranges);
  return bound.known && !bound.unknown && !bound.wild && bound.hi == 0 && bound.lo == 0;
}

}  // namespace assay::space
