#include "space/groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "space/domain.hpp"
#include "space/expression.hpp"
#include "space/structure.hpp"

namespace assay::space {
namespace {

constexpr std::size_t longest_list = 20'000;
constexpr int most_visits = 200'000;
constexpr int probes = 1000;
constexpr int most_redraws = 2000;
constexpr double least_share_for_redraws = 0.005;
constexpr int sweeps = 30;

/// Values from numbers in [0, 1), one per member; those that do not exist are left out.
void place_members(const Structure& structure, const Group& group, const std::vector<double>& units, Draft& draft) {
  for (std::size_t i = 0; i < group.members.size(); ++i) {
    const auto member = group.members[i];
    draft[member].reset();
    if (structure.active(member, draft)) draft[member] = from_unit(structure.parameters[member].domain, units[i]);
  }
}

bool keeps(const Structure& structure, const Group& group, const Draft& draft) {
  return std::all_of(group.constraints.begin(), group.constraints.end(),
                     [&](auto i) { return holds(*structure.constraints[i].expression, draft); });
}

/// Fills group.places and group.shares; gives up, with false, where there are too many.
class Lister {
 public:
  Lister(const Structure& structure, Group& group) : structure_(structure), group_(group) {
    for (const auto i : group.constraints) {
      const auto last = structure.constraints[i].parameters.back();
      decided_[static_cast<std::size_t>(std::lower_bound(group.members.begin(), group.members.end(), last) -
                                        group.members.begin())]
          .push_back(i);
    }
  }

  bool run() {
    const bool countable = std::all_of(group_.members.begin(), group_.members.end(), [&](auto member) {
      const auto values = count(structure_.parameters[member].domain);
      return values && *values <= static_cast<std::int64_t>(longest_list);
    });
    group_.listed = countable && visit(0, 1);
    if (!group_.listed) group_.places.clear(), group_.shares.clear();
    return group_.listed;
  }

 private:
  /// Constraints are asked as soon as their last parameter is known.
  bool visit(std::size_t at, double share) {
    if (++visits_ > most_visits) return false;
    if (at == group_.members.size()) {
      if (group_.shares.size() == longest_list) return false;
      group_.places.insert(group_.places.end(), chosen_.begin(), chosen_.end());
      group_.shares.push_back((group_.shares.empty() ? 0 : group_.shares.back()) + share);
      return true;
    }
    const auto member = group_.members[at];
    const auto& domain = structure_.parameters[member].domain;
    draft_[member].reset();
    if (!structure_.active(member, draft_)) return !kept(at) || descend(at, -1, share);
    const auto values = *count(domain);
    for (std::int64_t place = 0; place < values; ++place) {
      draft_[member] = value_at(domain, place);
      if (!kept(at)) {
        if (++visits_ > most_visits) return false;
        continue;
      }
      if (!descend(at, static_cast<std::int32_t>(place), share * probability(domain, place))) return false;
    }
    draft_[member].reset();
    return true;
  }

  bool descend(std::size_t at, std::int32_t place, double share) {
    chosen_[at] = place;
    return visit(at + 1, share);
  }

  bool kept(std::size_t at) const {
    return std::all_of(decided_[at].begin(), decided_[at].end(),
                       [&](auto i) { return holds(*structure_.constraints[i].expression, draft_); });
  }

  const Structure& structure_;
  Group& group_;
  std::vector<std::vector<std::size_t>> decided_{group_.members.size()};  ///< constraints by their last parameter
  std::vector<std::int32_t> chosen_ = std::vector<std::int32_t>(group_.members.size());
  Draft draft_ = Draft(structure_.parameters.size());
  int visits_ = 0;
};

/// Even draws, to learn how much the constraints refuse.
void probe(const Structure& structure, Group& group) {
  base::Rng rng(0, "space", static_cast<std::int64_t>(group.members.front()), "probe");
  Draft draft(structure.parameters.size());
  std::vector<double> units(group.members.size());
  group.refused.assign(group.constraints.size(), 0);
  double kept = 0;
  for (int i = 0; i < probes; ++i) {
    for (auto& unit : units) unit = rng.uniform();
    place_members(structure, group, units, draft);
    bool all = true;
    for (std::size_t c = 0; c < group.constraints.size(); ++c) {
      if (holds(*structure.constraints[group.constraints[c]].expression, draft)) continue;
      group.refused[c] += 1.0 / probes;
      all = false;
    }
    kept += all ? 1.0 / probes : 0;
  }
  group.valid = group.listed ? (group.shares.empty() ? 0 : group.shares.back()) : kept;
}

/// The constraint that refuses most, for messages.
std::pair<const Constraint*, double> worst(const Structure& structure, const Group& group) {
  const auto most = std::max_element(group.refused.begin(), group.refused.end());
  const auto place = group.constraints[static_cast<std::size_t>(most - group.refused.begin())];
  return {&structure.constraints[place], *most};
}

void refuse_empty(const Structure& structure, const Group& group) {
  if (!group.listed || !group.shares.empty()) return;
  const auto& constraint = *worst(structure, group).first;
  const auto others = group.constraints.size() - 1;
  throw base::Error(
      base::Exit::config, constraint.where,
      fmt::format("no values of the parameters keep \"{}\"{}; loosen it or widen their domains", constraint.text,
                  others > 0 ? fmt::format(" and the {} constraint{} that share{} parameters with it", others,
                                           others > 1 ? "s" : "", others > 1 ? "" : "s")
                             : ""));
}

/// Walks along the axes of the unit cube. Members that do not exist keep their coordinate.
class Walk {
 public:
  Walk(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng)
      : structure_(structure), group_(group), draft_(draft), rng_(rng) {
    for (const auto member : group.members) {
      const auto& domain = structure.parameters[member].domain;
      units_.push_back(to_unit(domain, domain.initial));
    }
  }

  /// False if no step was possible.
  bool run() {
    bool moved = false;
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      for (auto& unit : units_) moved |= step(unit);
    }
    place_members(structure_, group_, units_, draft_);
    return moved;
  }

 private:
  /// A point of the axis that keeps the constraints; the interval shrinks towards the present one.
  bool step(double& unit) {
    const double present = unit;
    double lo = 0, hi = 1;
    while (hi - lo > 1e-9) {
      unit = rng_.uniform(lo, hi);
      place_members(structure_, group_, units_, draft_);
      if (keeps(structure_, group_, draft_)) return true;
      (unit < present ? lo : hi) = unit;
    }
    unit = present;
    return false;
  }

  const Structure& structure_;
  const Group& group_;
  Draft& draft_;
  base::Rng& rng_;
  std::vector<double> units_;
};

void draw_listed(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng) {
  const double wanted = rng.uniform() * group.shares.back();
  auto found = static_cast<std::size_t>(std::upper_bound(group.shares.begin(), group.shares.end(), wanted) -
                                        group.shares.begin());
  found = std::min(found, group.shares.size() - 1);
  const auto width = group.members.size();
  for (std::size_t i = 0; i < width; ++i) {
    const auto place = group.places[found * width + i];
    auto& value = draft[group.members[i]];
    value.reset();
    if (place >= 0) value = value_at(structure.parameters[group.members[i]].domain, place);
  }
}

bool redraw(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng) {
  std::vector<double> units(group.members.size());
  for (int attempt = 0; attempt < most_redraws; ++attempt) {
    for (auto& unit : units) unit = rng.uniform();
    place_members(structure, group, units, draft);
    if (keeps(structure, group, draft)) return true;
  }
  return false;
}

/// A member of the same tree as `place`.
std::size_t root(std::vector<std::size_t>& tree, std::size_t place) {
  while (tree[place] != place) place = tree[place] = tree[tree[place]];
  return place;
}

}  // namespace

std::vector<Group> make_groups(const Structure& structure) {
  const auto count = structure.parameters.size();
  std::vector<std::size_t> tree(count);
  std::iota(tree.begin(), tree.end(), std::size_t{0});
  std::vector<bool> member(count, false);
  const std::function<void(std::size_t, std::size_t)> tie = [&](std::size_t place, std::size_t to) {
    tree[root(tree, place)] = root(tree, to);
    if (member[place]) return;
    member[place] = true;
    for (const auto parent : structure.parents[place]) tie(parent, place);
  };
  for (const auto& constraint : structure.constraints) {
    for (const auto place : constraint.parameters) tie(place, constraint.parameters.front());
  }
  std::vector<Group> groups;
  std::vector<std::size_t> group_of(count, count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!member[i]) continue;
    auto& group = group_of[root(tree, i)];
    if (group == count) group = groups.size(), groups.emplace_back();
    groups[group].members.push_back(i);
  }
  for (std::size_t i = 0; i < structure.constraints.size(); ++i) {
    const auto& parameters = structure.constraints[i].parameters;
    if (!parameters.empty()) groups[group_of[root(tree, parameters.front())]].constraints.push_back(i);
  }
  for (auto& group : groups) {
    Lister(structure, group).run();
    probe(structure, group);
    refuse_empty(structure, group);
  }
  return groups;
}

void draw(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng) {
  if (group.listed) return draw_listed(structure, group, draft, rng);
  if (group.valid >= least_share_for_redraws && redraw(structure, group, draft, rng)) return;
  if (Walk(structure, group, draft, rng).run()) return;
  const auto [constraint, share] = worst(structure, group);
  throw base::Error(
      base::Exit::config, constraint->where,
      fmt::format("no point but the default was found that keeps the constraints; \"{}\" alone refuses {:.4g} % "
                  "of random values. Loosen it, widen the domains, or let one parameter follow from the "
                  "other (ref)",
                  constraint->text, 100 * share));
}

}  // namespace assay::space
