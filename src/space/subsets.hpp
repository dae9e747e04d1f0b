// What a subset domain can draw, as places 0 .. count - 1: sets, permutations, multisets or sequences of its items.
#pragma once

#include <cstdint>
#include <optional>

#include "space/space.hpp"

namespace assay::space {

/// Most items of a subset, and most values that it may have (all places are exact as a double).
constexpr std::size_t largest_subset_list = 40;
constexpr std::int64_t largest_subset_count = std::int64_t{1} << 53;

/// The number of values; nothing if it is over largest_subset_count.
std::optional<std::int64_t> subset_count(const Domain& domain);

/// The value at a place: sets by the combinatorial number system (Knuth, TAOCP 7.2.1.3), sequences in mixed radix.
Value subset_at(const Domain& domain, std::int64_t place);

/// The inverse; nothing for a value that the domain does not have.
std::optional<std::int64_t> subset_place(const Domain& domain, const Value& value);

}  // namespace assay::space
