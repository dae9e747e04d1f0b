// Subsets of a short list, numbered: every subset of at least one item, or those of exactly `pick` items.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "space/space.hpp"

namespace assay::space {

/// Longer lists would have more subsets than a double can tell apart.
constexpr std::size_t largest_subset_list = 40;

std::int64_t subset_count(std::size_t items, int pick);
Value subset_at(const std::vector<Value>& items, int pick, std::int64_t place);
/// Nothing if `value` is no such subset.
std::optional<std::int64_t> subset_place(const std::vector<Value>& items, int pick, const Value& value);

}  // namespace assay::space
