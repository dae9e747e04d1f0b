#include "space/constraints/boxes.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "space/constraints/arithmetic.hpp"
#include "space/domain.hpp"
#include "space/structure.hpp"

namespace assay::space {
namespace {

constexpr std::size_t longest_list = 20'000;
constexpr int most_looks = 1'500'000;  ///< while a group is listed: a second at most
constexpr int looks_of_dives = 2400;   ///< a millisecond or two
/// A domain of a thousand values takes a dozen, one of reals twenty.
constexpr int looks_per_dive = 200, looks_per_member = 25;
constexpr int deepest_of_a_real = 20;

std::optional<double> size_of(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
  return as_number(value);
}

/// Least and greatest number of the places first .. last; zeros where they are no numbers.
std::pair<double, double> ends(const Domain& domain, std::int64_t first, std::int64_t last) {
  if (domain.kind == Kind::subset) return {0, 0};
  if (domain.kind != Kind::choice) return {*size_of(value_at(domain, first)), *size_of(value_at(domain, last))};
  double lo = infinity, hi = -infinity;
  for (auto place = first; place <= last; ++place) {
    const auto number = size_of(domain.items[static_cast<std::size_t>(place)]);
    if (!number) return {0, 0};
    lo = std::min(lo, *number);
    hi = std::max(hi, *number);
  }
  return {lo, hi};
}

std::pair<double, double> whole(const Domain& domain) {
  if (const auto values = count(domain)) return ends(domain, 0, *values - 1);
  if (domain.kind == Kind::normal) return {-infinity, infinity};
  return {domain.lo, domain.hi};
}

}  // namespace

Boxes::Boxes(const Structure& structure, const Group& group)
    : structure_(structure), group_(group), draft_(structure.parameters.size()) {
  const auto& members = group.members;
  side_of_.assign(draft_.size(), members.size());
  for (std::size_t i = 0; i < members.size(); ++i) side_of_[members[i]] = i;
  for (const auto member : members) {
    const auto [lo, hi] = whole(structure.parameters[member].domain);
    sides_.push_back({false, lo, hi, lo, hi});
  }
  hanging_.resize(members.size());
  for (std::size_t c = 0; c < group.constraints.size(); ++c) {
    auto& inside = inside_.emplace_back();
    for (const auto parameter : structure.constraints[group.constraints[c]].parameters) {
      inside.push_back(side_of_[parameter]);
    }
    auto above = inside;  // with all that decide about their existence
    for (std::size_t i = 0; i < above.size(); ++i) {
      for (const auto parent : structure.parents[members[above[i]]]) {
        if (std::find(above.begin(), above.end(), side_of_[parent]) == above.end()) above.push_back(side_of_[parent]);
      }
    }
    for (const auto member : above) hanging_[member].push_back(c);
  }
  ranges_ = [this](std::size_t parameter) { return range_of(parameter); };
}

void Boxes::fix(std::size_t member, std::optional<Value> value) {
  sides_[member].fixed = true;
  draft_[group_.members[member]] = std::move(value);
}

void Boxes::narrow(std::size_t member, std::int64_t first, std::int64_t last) {
  auto& side = sides_[member];
  side.fixed = false;
  draft_[group_.members[member]].reset();
  std::tie(side.lo, side.hi) = ends(structure_.parameters[group_.members[member]].domain, first, last);
}

void Boxes::narrow_unit(std::size_t member, double from, double to) {
  auto& side = sides_[member];
  side.fixed = false;
  draft_[group_.members[member]].reset();
  const auto& domain = structure_.parameters[group_.members[member]].domain;
  side.lo = *size_of(from_unit(domain, from));
  side.hi = *size_of(from_unit(domain, to));
}

void Boxes::open(std::size_t member) {
  auto& side = sides_[member];
  side = {false, side.whole_lo, side.whole_hi, side.whole_lo, side.whole_hi};
  draft_[group_.members[member]].reset();
}

bool Boxes::active(std::size_t member) const { return structure_.active(group_.members[member], draft_); }

bool Boxes::possible_for(std::size_t constraint) const {
  const auto& expression = *structure_.constraints[group_.constraints[constraint]].expression;
  const auto& inside = inside_[constraint];
  const bool decided = std::all_of(inside.begin(), inside.end(), [&](auto member) { return sides_[member].fixed; });
  return decided ? holds(expression, draft_) : !surely_false(expression, ranges_);
}

bool Boxes::possible(std::size_t member) const {
  const auto& hanging = hanging_[member];
  return std::all_of(hanging.begin(), hanging.end(), [&](auto constraint) { return possible_for(constraint); });
}

Range Boxes::range_of(std::size_t parameter) const {
  const auto& side = sides_[side_of_[parameter]];
  const auto& value = draft_[parameter];
  if (side.fixed) return {.exists = value.has_value(), .missing = !value, .only = value ? &*value : nullptr};
  Range range{.lo = side.lo, .hi = side.hi};
  const auto& conditions = structure_.parameters[parameter].conditions;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const auto parent = structure_.parents[parameter][i];
    if (!sides_[side_of_[parent]].fixed) {
      range.missing = true;
    } else if (!draft_[parent] || !met(conditions[i], *draft_[parent])) {
      return {.exists = false, .missing = true};
    }
  }
  return range;
}

namespace {

/// All points, in the order of the places.
class Lister {
 public:
  Lister(const Structure& structure, Group& group) : structure_(structure), group_(group), boxes_(structure, group) {}

  bool run() {
    const bool countable = std::all_of(group_.members.begin(), group_.members.end(), [&](auto member) {
      const auto values = count(structure_.parameters[member].domain);
      return values && *values <= most_looks;
    });
    return countable && visit(0, 1);
  }

 private:
  bool visit(std::size_t at, double share) {
    if (at == chosen_.size()) {
      if (group_.shares.size() == longest_list) return false;
      group_.places.insert(group_.places.end(), chosen_.begin(), chosen_.end());
      group_.shares.push_back((group_.shares.empty() ? 0 : group_.shares.back()) + share);
      return true;
    }
    bool go_on = true;
    if (boxes_.active(at)) {
      go_on = part(at, 0, *count(domain(at)) - 1, share);
    } else {
      boxes_.fix(at, std::nullopt);
      go_on = !possible(at) || descend(at, -1, share);
    }
    boxes_.open(at);
    return go_on;
  }

  /// The places first .. last of one member.
  bool part(std::size_t at, std::int64_t first, std::int64_t last, double share) {
    if (first == last) {
      boxes_.fix(at, value_at(domain(at), first));
      return !possible(at) || descend(at, static_cast<std::int32_t>(first), share * probability(domain(at), first));
    }
    boxes_.narrow(at, first, last);
    if (!possible(at)) return looks_ <= most_looks;
    const auto middle = first + (last - first) / 2;
    return part(at, first, middle, share) && part(at, middle + 1, last, share);
  }

  bool descend(std::size_t at, std::int32_t place, double share) {
    if (looks_ > most_looks) return false;
    chosen_[at] = place;
    return visit(at + 1, share);
  }

  bool possible(std::size_t at) { return ++looks_ <= most_looks && boxes_.possible(at); }
  const Domain& domain(std::size_t at) const { return structure_.parameters[group_.members[at]].domain; }

  const Structure& structure_;
  Group& group_;
  Boxes boxes_;
  std::vector<std::int32_t> chosen_ = std::vector<std::int32_t>(group_.members.size());
  int looks_ = 0;
};

/// One way down to a point: members in random order, parents first; halves in random order.
class Dive {
 public:
  Dive(const Structure& structure, const Group& group, base::Rng& rng)
      : structure_(structure), group_(group), rng_(rng), boxes_(structure, group) {
    std::vector<std::size_t> left(group.members.size());
    std::iota(left.begin(), left.end(), std::size_t{0});
    std::vector<bool> open(structure.parameters.size(), false);
    for (const auto member : group.members) open[member] = true;
    while (!left.empty()) {
      std::vector<std::size_t> ready;
      for (std::size_t i = 0; i < left.size(); ++i) {
        const auto& parents = structure.parents[group.members[left[i]]];
        if (std::none_of(parents.begin(), parents.end(), [&](auto parent) { return open[parent]; })) ready.push_back(i);
      }
      const auto next = ready[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(ready.size())))];
      order_.push_back(left[next]);
      open[group.members[left[next]]] = false;
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(next));
    }
  }

  bool run() { return visit(0); }
  int looks() const { return looks_; }
  const Draft& draft() const { return boxes_.draft(); }

 private:
  bool visit(std::size_t at) {
    if (at == order_.size()) return true;
    const auto member = order_[at];
    bool found = false;
    if (!boxes_.active(member)) {
      boxes_.fix(member, std::nullopt);
      found = possible(member) && visit(at + 1);
    } else if (const auto values = count(domain(member))) {
      found = places(at, 0, *values - 1);
    } else {
      found = units(at, 0, 1, 0);
    }
    if (!found) boxes_.open(member);
    return found;
  }

  bool places(std::size_t at, std::int64_t first, std::int64_t last) {
    const auto member = order_[at];
    if (first == last) {
      boxes_.fix(member, value_at(domain(member), first));
      return possible(member) && visit(at + 1);
    }
    boxes_.narrow(member, first, last);
    if (!possible(member)) return false;
    const auto middle = first + (last - first) / 2;
    const auto size = static_cast<double>(last - first + 1);
    const bool lower = rng_.uniform() * size < static_cast<double>(middle - first + 1);
    const auto half = [&](bool low) { return low ? places(at, first, middle) : places(at, middle + 1, last); };
    return half(lower) || (looks_ <= most_ && half(!lower));
  }

  bool units(std::size_t at, double from, double to, int depth) {
    const auto member = order_[at];
    if (depth == deepest_of_a_real) {
      boxes_.fix(member, from_unit(domain(member), rng_.uniform(from, to)));
      return possible(member) && visit(at + 1);
    }
    boxes_.narrow_unit(member, from, to);
    if (!possible(member)) return false;
    const double middle = (from + to) / 2;
    const bool lower = rng_.uniform() < 0.5;
    const auto half = [&](bool low) {
      return low ? units(at, from, middle, depth + 1) : units(at, middle, to, depth + 1);
    };
    return half(lower) || (looks_ <= most_ && half(!lower));
  }

  bool possible(std::size_t member) { return ++looks_ <= most_ && boxes_.possible(member); }
  const Domain& domain(std::size_t member) const { return structure_.parameters[group_.members[member]].domain; }

  const Structure& structure_;
  const Group& group_;
  base::Rng& rng_;
  Boxes boxes_;
  std::vector<std::size_t> order_;
  int most_ = looks_per_dive + looks_per_member * static_cast<int>(group_.members.size());
  int looks_ = 0;
};

}  // namespace

bool list_points(const Structure& structure, Group& group) {
  group.listed = Lister(structure, group).run();
  if (!group.listed) group.places.clear(), group.shares.clear();
  return group.listed;
}

bool find_point(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng) {
  for (int looks = 0; looks < looks_of_dives;) {
    Dive dive(structure, group, rng);
    if (dive.run()) {
      for (const auto member : group.members) draft[member] = dive.draft()[member];
      return true;
    }
    looks += std::max(1, dive.looks());
  }
  return false;
}

}  // namespace assay::space
