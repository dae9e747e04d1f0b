#include "space/subsets.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::space {
namespace {

using Places = std::vector<std::int64_t>;  // of the picked items in the domain's list

std::int64_t binomial(std::int64_t n, std::int64_t k) {
  if (k < 0 || k > n) return 0;
  k = std::min(k, n - k);
  std::int64_t result = 1;
  for (std::int64_t i = 1; i <= k; ++i) result = result * (n - k + i) / i;
  return result;
}

/// Combinatorial number system: the place of an ascending list among all of its length, and back.
std::int64_t rank(const Places& ascending) {
  std::int64_t place = 0;
  for (std::size_t i = 0; i < ascending.size(); ++i) place += binomial(ascending[i], static_cast<std::int64_t>(i) + 1);
  return place;
}

Places unrank(std::int64_t place, std::int64_t pick) {
  Places ascending(static_cast<std::size_t>(pick));
  for (auto k = pick; k > 0; --k) {
    auto item = k - 1;
    while (binomial(item + 1, k) <= place) ++item;
    ascending[static_cast<std::size_t>(k - 1)] = item;
    place -= binomial(item, k);
  }
  return ascending;
}

/// Any number of items from one on: the place is the set's bits.
Places bits(std::int64_t place) {
  Places ascending;
  for (std::int64_t bit = 0; bit < 63; ++bit) {
    if ((place + 1) >> bit & 1) ascending.push_back(bit);
  }
  return ascending;
}

/// Sequences: digits whose radix falls by one with each item if they are distinct.
Places sequence(const Domain& domain, std::int64_t place) {
  Places left(domain.items.size()), result;
  std::iota(left.begin(), left.end(), std::int64_t{0});
  for (int i = 0; i < domain.pick; ++i) {
    const auto radix = static_cast<std::int64_t>(left.size());
    const auto digit = left.begin() + place % radix;
    place /= radix;
    result.push_back(*digit);
    if (domain.distinct) left.erase(digit);
  }
  return result;
}

std::int64_t sequence_place(const Domain& domain, const Places& picked) {
  Places left(domain.items.size()), digits, radices;
  std::iota(left.begin(), left.end(), std::int64_t{0});
  for (const auto item : picked) {
    const auto digit = std::find(left.begin(), left.end(), item);
    digits.push_back(digit - left.begin());
    radices.push_back(static_cast<std::int64_t>(left.size()));
    if (domain.distinct) left.erase(digit);
  }
  std::int64_t place = 0;
  for (auto i = digits.size(); i-- > 0;) place = place * radices[i] + digits[i];
  return place;
}

/// The n + k - 1 choose k multisets are ascending lists whose i-th item is raised by i.
Places raised(Places picked, std::int64_t by) {
  for (std::size_t i = 0; i < picked.size(); ++i) picked[i] += by * static_cast<std::int64_t>(i);
  return picked;
}

std::optional<Places> places_of(const Domain& domain, const Value& value) {
  const auto* labels = std::get_if<std::vector<std::string>>(&value);
  if (labels == nullptr || labels->empty()) return std::nullopt;
  Places picked;
  for (const auto& label : *labels) {
    const auto found = std::find(domain.items.begin(), domain.items.end(), Value{label});
    if (found == domain.items.end()) return std::nullopt;
    picked.push_back(found - domain.items.begin());
  }
  return picked;
}

}  // namespace

std::optional<std::int64_t> subset_count(const Domain& domain) {
  const auto n = static_cast<double>(domain.items.size()), k = static_cast<double>(domain.pick);
  const auto most = static_cast<double>(largest_subset_count);
  double count = std::exp2(n) - 1;
  if (domain.pick > 0) {
    const double top = domain.distinct ? n : n + k - 1;
    count = 1;
    for (int i = 0; i < domain.pick; ++i) {
      if (domain.sorted) {
        count *= (top - k + i + 1) / (i + 1);
      } else {
        count *= domain.distinct ? n - i : n;
      }
    }
  }
  if (!(count < most)) return std::nullopt;
  return std::llround(count);
}

Value subset_at(const Domain& domain, std::int64_t place) {
  Places picked;
  if (domain.pick == 0) {
    picked = bits(place);
  } else if (!domain.sorted) {
    picked = sequence(domain, place);
  } else {
    picked = raised(unrank(place, domain.pick), domain.distinct ? 0 : -1);
  }
  std::vector<std::string> labels;
  for (const auto item : picked) labels.push_back(std::get<std::string>(domain.items[static_cast<std::size_t>(item)]));
  return labels;
}

std::optional<std::int64_t> subset_place(const Domain& domain, const Value& value) {
  auto picked = places_of(domain, value);
  if (!picked || (domain.pick > 0 && picked->size() != static_cast<std::size_t>(domain.pick))) return std::nullopt;
  auto ascending = *picked;
  std::sort(ascending.begin(), ascending.end());
  if (domain.distinct && std::adjacent_find(ascending.begin(), ascending.end()) != ascending.end()) return std::nullopt;
  if (!domain.sorted) return sequence_place(domain, *picked);
  if (domain.pick > 0) return rank(raised(ascending, domain.distinct ? 0 : 1));
  std::int64_t set = 0;
  for (const auto item : ascending) set |= std::int64_t{1} << item;
  return set - 1;
}

}  // namespace assay::space
