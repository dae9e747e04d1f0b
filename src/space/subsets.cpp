#include "space/subsets.hpp"

#include <algorithm>
#include <bit>

namespace assay::space {
namespace {

std::int64_t binomial(std::int64_t n, std::int64_t k) {
  if (k < 0 || k > n) return 0;
  std::int64_t result = 1;
  for (std::int64_t i = 1; i <= k; ++i) result = result * (n - k + i) / i;
  return result;
}

/// Combinatorial number system: the place of a set of size k among all of that size, and back.
std::int64_t rank(std::uint64_t set) {
  std::int64_t place = 0;
  int chosen = 0;
  for (int bit = 0; bit < 64; ++bit) {
    if (set >> bit & 1) place += binomial(bit, ++chosen);
  }
  return place;
}

std::uint64_t unrank(std::int64_t place, int pick) {
  std::uint64_t set = 0;
  for (int k = pick; k > 0; --k) {
    int bit = k - 1;
    while (binomial(bit + 1, k) <= place) ++bit;
    set |= std::uint64_t{1} << bit;
    place -= binomial(bit, k);
  }
  return set;
}

}  // namespace

std::int64_t subset_count(std::size_t items, int pick) {
  return pick > 0 ? binomial(static_cast<std::int64_t>(items), pick) : (std::int64_t{1} << items) - 1;
}

Value subset_at(const std::vector<Value>& items, int pick, std::int64_t place) {
  const auto set = pick > 0 ? unrank(place, pick) : static_cast<std::uint64_t>(place) + 1;
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (set >> i & 1) labels.push_back(std::get<std::string>(items[i]));
  }
  return labels;
}

std::optional<std::int64_t> subset_place(const std::vector<Value>& items, int pick, const Value& value) {
  const auto* labels = std::get_if<std::vector<std::string>>(&value);
  if (labels == nullptr || labels->empty()) return std::nullopt;
  std::uint64_t set = 0;
  for (const auto& label : *labels) {
    const auto found = std::find(items.begin(), items.end(), Value{label});
    if (found == items.end()) return std::nullopt;
    set |= std::uint64_t{1} << (found - items.begin());
  }
  const auto size = std::popcount(set);
  if (static_cast<std::size_t>(size) != labels->size() || (pick > 0 && size != pick)) return std::nullopt;
  return pick > 0 ? rank(set) : static_cast<std::int64_t>(set) - 1;
}

}  // namespace assay::space
