// What one domain can do: count and list its values, map them to the unit interval and back. No names, no conditions.
#pragma once

#include <cstdint>
#include <optional>

#include "base/json_fwd.hpp"
#include "space/space.hpp"

namespace assay::space {

/// How many values there are; nothing for a real or normal domain without step.
std::optional<std::int64_t> count(const Domain& domain);

/// The value at a place in 0 .. count - 1: items in the order written, numbers ascending.
Value value_at(const Domain& domain, std::int64_t place);

/// Place by size: of numbers and ordered items ascending, of others as listed. `value` must be contained in a domain
/// that can be counted.
std::int64_t ordinal(const Domain& domain, const Value& value);
Value value_of_ordinal(const Domain& domain, std::int64_t place);

/// How often an even draw gives the value at a place.
double probability(const Domain& domain, std::int64_t place);

/// A choice of numbers, or a range: fit for arithmetic.
bool all_numbers(const Domain& domain);

bool contains(const Domain& domain, const Value& value);

/// The value in the domain's own type, snapped to its step; a value that does not belong here comes back unchanged.
Value conform(const Domain& domain, const Value& value);

/// Place in [0, 1]: the middle of a cell for discrete values (ordered choices by size), the (log) share for reals, the
/// distribution function for normals. `value` must be contained.
double to_unit(const Domain& domain, const Value& value);

/// The inverse; even numbers in [0, 1) give even draws.
Value from_unit(const Domain& domain, double unit);

/// The default of a domain without `default`: the middle of numbers, the first of other choices.
Value middle(const Domain& domain);

/// Why a normal's draws, up to 8 deviations from its mean, are not all finite numbers (with log: above 0), and what to
/// do; "" where they are.
std::string out_of_range(const Domain& domain);

/// A number as such, for arithmetic; nothing for other values.
std::optional<double> as_number(const Value& value);

std::string to_string(Kind kind);
std::string to_string(Role role);
base::Json to_json(const Domain& domain);
/// "3 | 5 | 7", "16 .. 128 (log)": for messages.
std::string to_text(const Domain& domain);

}  // namespace assay::space
