// How many points a space has.
#include <algorithm>
#include <cmath>

#include "space/domain.hpp"
#include "space/groups.hpp"
#include "space/structure.hpp"

namespace assay::space {
namespace {

/// A number of points: as its logarithm, and exactly while it fits.
struct Number {
  double log10 = 0;
  std::optional<std::uint64_t> exact = 1;
};

Number times(const Number& a, const Number& b) {
  Number result{a.log10 + b.log10, std::nullopt};
  std::uint64_t product = 0;
  if (a.exact && b.exact && !__builtin_mul_overflow(*a.exact, *b.exact, &product)) result.exact = product;
  return result;
}

Number plus(const Number& a, const Number& b) {
  const double high = std::max(a.log10, b.log10), low = std::min(a.log10, b.log10);
  Number result{high + std::log10(1 + std::pow(10, low - high)), std::nullopt};
  std::uint64_t sum = 0;
  if (a.exact && b.exact && !__builtin_add_overflow(*a.exact, *b.exact, &sum)) result.exact = sum;
  return result;
}

Number number(std::int64_t count) {
  return {std::log10(static_cast<double>(count)), static_cast<std::uint64_t>(count)};
}

bool alike(const Condition& a, const Condition& b) {
  return a.parent == b.parent && a.at_least == b.at_least && a.values.size() == b.values.size() &&
         std::all_of(a.values.begin(), a.values.end(), [&](const auto& value) { return met(b, value); });
}

/// Counts by trees where each parameter's conditions are its parent's and one more; where they are not (a shared count
/// of repeats inside of a choice), by trying all values of the parents that such a parameter has.
class Counter {
 public:
  explicit Counter(const Structure& structure) : structure_(structure), fixed_(structure.parameters.size()) {
    for (std::size_t i = 0; i < structure.parameters.size(); ++i) {
      if (is_regular(i)) continue;
      for (const auto parent : structure.parents[i]) awkward_.push_back(parent);
    }
    for (std::size_t i = 0; i < awkward_.size(); ++i) {  // with their own parents
      for (const auto parent : structure.parents[awkward_[i]]) {
        if (std::find(awkward_.begin(), awkward_.end(), parent) == awkward_.end()) awkward_.push_back(parent);
      }
    }
    std::sort(awkward_.begin(), awkward_.end());
    awkward_.erase(std::unique(awkward_.begin(), awkward_.end()), awkward_.end());
  }

  Number run() { return over_awkward(0); }

  /// Only the points that keep the constraints. Nothing where a group of tied parameters is not listed.
  std::optional<Number> run_valid() {
    const auto& groups = structure_.groups;
    const bool listed = std::all_of(groups.begin(), groups.end(), [](const auto& group) { return group.listed; });
    if (groups.empty()) return run();
    if (!listed || !awkward_.empty()) return std::nullopt;
    std::vector<bool> member(structure_.parameters.size(), false);
    for (const auto& group : groups) {
      for (const auto place : group.members) member[place] = true;
    }
    Number total;
    for (const auto& group : groups) total = times(total, over_points(group, member));
    for (std::size_t i = 0; i < member.size(); ++i) {
      if (!member[i] && structure_.parents[i].empty()) total = times(total, below(i));
    }
    return total;
  }

 private:
  bool is_regular(std::size_t place) const {
    const auto& parents = structure_.parents[place];
    if (parents.empty()) return true;
    const auto& own = structure_.parameters[place].conditions;
    const auto& above = structure_.parameters[parents.back()].conditions;
    return own.size() == above.size() + 1 && std::equal(above.begin(), above.end(), own.begin(), alike);
  }

  bool is_fixed(std::size_t place) const { return std::binary_search(awkward_.begin(), awkward_.end(), place); }

  Number over_awkward(std::size_t at) {
    if (at == awkward_.size()) return rest();
    const auto place = awkward_[at];
    const auto& domain = structure_.parameters[place].domain;
    fixed_[place].reset();
    const auto values = count(domain);
    if (!structure_.active(place, fixed_) || !values) return over_awkward(at + 1);
    std::optional<Number> total;
    for (std::int64_t value = 0; value < *values; ++value) {
      fixed_[place] = value_at(domain, value);
      const auto below = over_awkward(at + 1);
      total = total ? plus(*total, below) : below;
    }
    fixed_[place].reset();
    return *total;
  }

  /// The points of a listed group, each with what hangs on it. A parameter's parents are its last one and that one's:
  /// all of them members, for groups are closed under parents.
  Number over_points(const Group& group, const std::vector<bool>& member) {
    std::vector<std::size_t> hanging;
    for (const auto place : group.members) {
      for (const auto child : structure_.children[place]) {
        if (!member[child]) hanging.push_back(child);
      }
    }
    if (hanging.empty()) return number(static_cast<std::int64_t>(group.shares.size()));
    std::optional<Number> total;
    for (std::size_t point = 0; point < group.shares.size(); ++point) {
      put_point(structure_, group, point, fixed_);
      Number product;
      for (const auto child : hanging) {
        if (structure_.active(child, fixed_)) product = times(product, below(child));
      }
      total = total ? plus(*total, product) : product;
    }
    return *total;
  }

  /// All parameters that are not tried out one by one.
  Number rest() {
    Number total;
    for (std::size_t i = 0; i < structure_.parameters.size(); ++i) {
      if (is_fixed(i)) continue;
      const auto& parents = structure_.parents[i];
      const bool top = std::all_of(parents.begin(), parents.end(), [&](auto parent) { return is_fixed(parent); });
      if (top && structure_.active(i, fixed_)) total = times(total, below(i));
    }
    return total;
  }

  /// The parameter with all that its values bring along.
  Number below(std::size_t place) {
    const auto& domain = structure_.parameters[place].domain;
    const auto values = count(domain);
    if (!values) return {};
    std::vector<std::size_t> children;
    for (const auto child : structure_.children[place]) {
      if (!is_fixed(child)) children.push_back(child);
    }
    if (children.empty()) return number(*values);
    std::optional<Number> total;
    for (std::int64_t i = 0; i < *values; ++i) {
      const auto value = value_at(domain, i);
      Number product;
      for (const auto child : children) {
        if (met(structure_.parameters[child].conditions.back(), value)) product = times(product, below(child));
      }
      total = total ? plus(*total, product) : product;
    }
    return *total;
  }

  const Structure& structure_;
  std::vector<std::size_t> awkward_;
  Draft fixed_;
};

}  // namespace

Size Space::size() const {
  const auto total = Counter(*structure_).run();
  Size size{total.log10, total.exact};
  for (const auto& parameter : structure_->parameters) size.reals |= !count(parameter.domain);
  return size;
}

Size Space::valid_size() const {
  auto size = this->size();
  if (const auto valid = Counter(*structure_).run_valid()) return {valid->log10, valid->exact, size.reals};
  constexpr double least_share = 0.001;  // that 1,000 draws can tell
  for (const auto& group : structure_->groups) size.log10 += std::log10(std::max(group.valid, least_share));
  size.log10 = std::max(size.log10, 0.0);
  size.exact.reset();
  return size;
}

double Space::valid_share() const {
  double share = 1;
  for (const auto& group : structure_->groups) share *= group.valid;
  return share;
}

std::vector<double> Space::refused_shares() const {
  std::vector<double> shares(structure_->constraints.size());
  for (const auto& group : structure_->groups) {
    for (std::size_t i = 0; i < group.constraints.size(); ++i) shares[group.constraints[i]] = group.refused[i];
  }
  return shares;
}

}  // namespace assay::space
