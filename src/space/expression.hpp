// Constraints between parameters: `left relation right`, two arithmetic expressions over numbers and parameter names.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/space.hpp"

namespace assay::space {

/// Splits at the relation and checks the grammar of both sides; throws std::invalid_argument with what is wrong.
Constraint parse_constraint(const std::string& text);

/// All names that occur in an expression. Names hold letters, digits, `_`, `.` and `#`; others stand in 'single
/// quotes'.
std::vector<std::string> names_in(const std::string& expression);

/// The expression with its names replaced by other names or by numbers.
std::string substitute(const std::string& expression,
                       const std::function<std::string(const std::string&)>& replacement);

/// Nothing for a name that has no value now, which makes the whole expression empty.
using Lookup = std::function<std::optional<double>(const std::string& name)>;
std::optional<double> evaluate(const std::string& expression, const Lookup& lookup);

/// True if the relation holds, or a side is empty.
bool holds(const Constraint& constraint, const Lookup& lookup);

}  // namespace assay::space
