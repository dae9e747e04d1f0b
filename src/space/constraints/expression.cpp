#include "space/constraints/expression.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "space/constraints/arithmetic.hpp"
#include "space/domain.hpp"

namespace assay::space {
namespace {

using Op = Expression::Op;

/// A number, a truth (0 or 1) or a label; `known` is false for what has no value at this point.
struct Outcome {
  bool known = true;
  double number = 0;
  std::string_view label = {};
};

constexpr Outcome nothing{false};

Outcome truth(bool value) { return {true, value ? 1.0 : 0.0}; }

Outcome of_value(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return {true, 0, *text};
  if (const auto* flag = std::get_if<bool>(&value)) return truth(*flag);
  const auto number = as_number(value);
  return number ? Outcome{true, *number} : nothing;
}

/// A choice of numbers and texts is one of labels.
Outcome of_parameter(const Expression& expression, const Draft& draft) {
  const auto& value = draft[expression.parameter];
  if (!value) return nothing;
  if (expression.type != Type::label || std::holds_alternative<std::string>(*value)) return of_value(*value);
  const auto label = std::find(expression.labels.begin(), expression.labels.end(), to_text(*value));
  return label == expression.labels.end() ? nothing : Outcome{true, 0, *label};
}

Outcome evaluate(const Expression& expression, const Draft& draft);

double calculate(Op op, double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  switch (op) {
    case Op::add:
      return a + b;
    case Op::subtract:
      return a - b;
    case Op::multiply:
      return a * b;
    case Op::divide:
      return quotient(a, b);
    case Op::remainder:
      return remainder(a, b);
    case Op::minimum:
      return std::min(a, b);
    default:
      return std::max(a, b);
  }
}

/// With what is no number (after a division by 0) every comparison is false.
bool compare(Op op, const Outcome& a, const Outcome& b) {
  if (std::isnan(a.number) || std::isnan(b.number)) return false;
  const bool less = below(a.number, b.number), greater = below(b.number, a.number);
  switch (op) {
    case Op::equal:
      return !less && !greater && a.label == b.label;
    case Op::unequal:
      return less || greater || a.label != b.label;
    case Op::less:
      return less;
    case Op::at_most:
      return !greater;
    case Op::greater:
      return greater;
    default:
      return !less;
  }
}

/// `and` (`or`): false (true) as soon as one side is.
Outcome connect(const Expression& expression, const Draft& draft) {
  const double decisive = expression.op == Op::any ? 1 : 0;
  bool known = true;
  for (const auto& input : expression.inputs) {
    const auto side = evaluate(input, draft);
    if (side.known && side.number == decisive) return side;
    known = known && side.known;
  }
  return known ? truth(decisive == 0) : nothing;
}

Outcome fold(const Expression& expression, const Draft& draft) {
  auto result = evaluate(expression.inputs.front(), draft);
  for (std::size_t i = 1; i < expression.inputs.size() && result.known; ++i) {
    const auto other = evaluate(expression.inputs[i], draft);
    if (!other.known) return nothing;
    result.number = calculate(expression.op, result.number, other.number);
  }
  return result;
}

Outcome evaluate(const Expression& expression, const Draft& draft) {
  const auto& inputs = expression.inputs;
  switch (expression.op) {
    case Op::number:
    case Op::truth:
      return {true, expression.number};
    case Op::label:
      return {true, 0, expression.text};
    case Op::parameter:
      return of_parameter(expression, draft);
    case Op::active:
      return truth(draft[expression.parameter].has_value());
    case Op::value: {
      const auto first = evaluate(inputs[0], draft);
      return first.known ? first : evaluate(inputs[1], draft);
    }
    case Op::negative:
    case Op::absolute: {
      const auto inner = evaluate(inputs[0], draft);
      return {inner.known, expression.op == Op::negative ? -inner.number : std::abs(inner.number)};
    }
    case Op::negation: {
      const auto inner = evaluate(inputs[0], draft);
      return {inner.known, 1 - inner.number};
    }
    case Op::all:
    case Op::any:
      return connect(expression, draft);
    case Op::equal:
    case Op::unequal:
    case Op::less:
    case Op::at_most:
    case Op::greater:
    case Op::at_least: {
      const auto left = evaluate(inputs[0], draft), right = evaluate(inputs[1], draft);
      return left.known && right.known ? truth(compare(expression.op, left, right)) : nothing;
    }
    default:
      return fold(expression, draft);
  }
}

void collect(const Expression& expression, std::vector<std::size_t>& into) {
  if (expression.op == Op::parameter || expression.op == Op::active) into.push_back(expression.parameter);
  for (const auto& input : expression.inputs) collect(input, into);
}

}  // namespace

std::vector<std::size_t> parameters_in(const Expression& expression) {
  std::vector<std::size_t> result;
  collect(expression, result);
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::optional<double> constant_of(const Expression& expression) {
  if (!parameters_in(expression).empty()) return std::nullopt;
  return evaluate(expression, {}).number;
}

bool holds(const Expression& expression, const Draft& draft) {
  const auto outcome = evaluate(expression, draft);
  return !outcome.known || outcome.number != 0;
}

}  // namespace assay::space
