// Constraints between parameters: an expression over numbers, truths and labels, parsed once and evaluated per point.
//
//   require = "hidden2 <= hidden1 and (not active(gate.heads) or width % gate.heads == 0)"
//
//   or, and, not               of truths
//   == != < <= > >=            of numbers, but for their last digits (0.1 + 0.2 == 0.3); == and != also of labels
//                              ("conv") and truths
//   + - * / %, unary -         of numbers; % is the remainder, with the sign of the divisor. What is divided by 0 is no
//                              number, and every comparison with it is false: `b == 0 or a / b > 2` lets b = 0 pass
//   min(a, b, ..), max(..), abs(a)
//   active(name)               whether the parameter exists at this point
//   value(name, otherwise)     its value, or the other expression where it does not exist
//   "text"                     a label of a choice; 'text' too, unless a parameter has that name
//   name, 'odd-name'           names hold letters, digits, `_`, `.` and `#`; others stand in 'single quotes'
//
// What an inactive parameter takes part in has no value: a comparison with it is neither true nor false (so are `and`
// and `or` where the other side does not decide, as in Kleene's logic), and a constraint that is not false holds.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/space.hpp"

namespace assay::space {

enum class Type { number, truth, label };

/// What a name stands for.
struct Meaning {
  std::optional<std::size_t> parameter;  ///< its place in the space's list
  Type type = Type::number;
  std::vector<std::string> labels = {};  ///< of a choice of labels: what it may be compared with
  std::optional<double> fixed = {};      ///< a number that is not searched
};

/// Nothing for an unknown name.
using Dictionary = std::function<std::optional<Meaning>(const std::string& name)>;
/// Throws the caller's error for a name that is not known, or that cannot be used in such a way.
using Complaint = std::function<void(const std::string& name)>;

/// One node of a parsed expression.
struct Expression {
  enum class Op {
    number,
    truth,
    label,
    parameter,
    active,
    value,
    negative,
    absolute,
    add,
    subtract,
    multiply,
    divide,
    remainder,
    minimum,
    maximum,
    equal,
    unequal,
    less,
    at_most,
    greater,
    at_least,
    all,
    any,
    negation
  };
  Op op = Op::number;
  Type type = Type::number;
  double number = 0;
  std::string text;
  std::size_t parameter = 0;
  std::vector<std::string> labels;  ///< of a parameter of labels
  std::vector<Expression> inputs;
};

/// A truth. Throws std::invalid_argument with what is wrong; `unknown` is called for names without a meaning.
Expression parse_expression(std::string_view text, const Dictionary& dictionary, const Complaint& unknown);

/// Places of the parameters that it depends on, ascending.
std::vector<std::size_t> parameters_in(const Expression& expression);

/// Its number; nothing where it depends on a parameter.
std::optional<double> constant_of(const Expression& expression);

/// False only where the expression is false at this point.
bool holds(const Expression& expression, const Draft& draft);

}  // namespace assay::space
