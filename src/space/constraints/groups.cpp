#include "space/constraints/groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "space/constraints/boxes.hpp"
#include "space/constraints/expression.hpp"
#include "space/domain.hpp"
#include "space/structure.hpp"

namespace assay::space {
namespace {

constexpr int probes = 1000;
constexpr int most_redraws = 2000;
constexpr double least_share_for_redraws = 0.005;
constexpr int sweeps = 30;
/// So that a draw takes no more than about a millisecond.
constexpr int most_walk_steps = 2000;
/// Draws after which a group that gave nothing but the default is taken to hold nothing else.
constexpr int trial_draws = 5;

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
  const Boxes whole(structure, group);
  for (std::size_t i = 0; i < group.constraints.size(); ++i) {
    if (whole.possible_for(i)) continue;
    const auto& constraint = structure.constraints[group.constraints[i]];
    throw base::Error(
        base::Exit::config, constraint.where,
        fmt::format("no values of the parameters keep \"{}\"; loosen it or widen their domains", constraint.text));
  }
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

void put_defaults(const Structure& structure, const Group& group, Draft& draft) {
  for (const auto member : group.members) {
    draft[member].reset();
    if (structure.active(member, draft)) draft[member] = structure.parameters[member].domain.initial;
  }
}

bool equal(const Group& group, const Draft& a, const Draft& b) {
  return std::all_of(group.members.begin(), group.members.end(), [&](auto member) { return a[member] == b[member]; });
}

/// Walks along the axes of the unit cube, from the point in the draft. Members that do not exist keep their coordinate.
class Walk {
 public:
  Walk(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng)
      : structure_(structure), group_(group), draft_(draft), rng_(rng), decides_(group.members.size()) {
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      const auto member = group.members[i];
      const auto& domain = structure.parameters[member].domain;
      units_.push_back(to_unit(domain, draft[member].value_or(domain.initial)));
      decides_[i] = std::any_of(group.members.begin(), group.members.end(), [&](auto other) {
        const auto& parents = structure.parents[other];
        return std::find(parents.begin(), parents.end(), member) != parents.end();
      });
    }
  }

  /// The draft holds another point then, or the same one if there is no way.
  void run() {
    const auto start = draft_;
    place_members(structure_, group_, units_, draft_);
    for (int sweep = 0; sweep < sweeps && steps_left_ > 0; ++sweep) {
      for (std::size_t i = 0; i < units_.size(); ++i) step(i);
    }
    if (keeps(structure_, group_, draft_)) return;  // else the coordinates of a value led to its neighbour
    for (const auto member : group_.members) draft_[member] = start[member];
  }

 private:
  /// A point of the axis that keeps the constraints; the interval shrinks towards the present one.
  void step(std::size_t i) {
    auto& unit = units_[i];
    const double present = unit;
    double lo = 0, hi = 1;
    while (hi - lo > 1e-9 && --steps_left_ > 0) {
      unit = rng_.uniform(lo, hi);
      place(i);
      if (kept(i)) return;
      (unit < present ? lo : hi) = unit;
    }
    unit = present;
    place(i);
  }

  void place(std::size_t i) {
    if (decides_[i]) return place_members(structure_, group_, units_, draft_);
    auto& value = draft_[group_.members[i]];
    if (value) value = from_unit(structure_.parameters[group_.members[i]].domain, units_[i]);
  }

  /// Those that the member is in; all where it decides about others.
  bool kept(std::size_t i) const {
    if (decides_[i]) return keeps(structure_, group_, draft_);
    return std::all_of(group_.constraints.begin(), group_.constraints.end(), [&](auto c) {
      const auto& [text, where, expression, parameters] = structure_.constraints[c];
      return !std::binary_search(parameters.begin(), parameters.end(), group_.members[i]) || holds(*expression, draft_);
    });
  }

  const Structure& structure_;
  const Group& group_;
  Draft& draft_;
  base::Rng& rng_;
  std::vector<double> units_;
  std::vector<bool> decides_;  ///< about the existence of another member
  int steps_left_ = most_walk_steps;
};

/// From a point that is searched for, or from the default.
void walk(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng) {
  if (!find_point(structure, group, draft, rng)) put_defaults(structure, group, draft);
  Walk(structure, group, draft, rng).run();
}

/// Whether a walk leads anywhere but to the default.
bool is_stuck(const Structure& structure, const Group& group) {
  Draft initial(structure.parameters.size()), draft = initial;
  put_defaults(structure, group, initial);
  base::Rng rng(0, "space", static_cast<std::int64_t>(group.members.front()), "walk");
  for (int i = 0; i < trial_draws; ++i) {
    walk(structure, group, draft, rng);
    if (!equal(group, draft, initial)) return false;
  }
  return true;
}

void draw_listed(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng) {
  const double wanted = rng.uniform() * group.shares.back();
  auto found = static_cast<std::size_t>(std::upper_bound(group.shares.begin(), group.shares.end(), wanted) -
                                        group.shares.begin());
  put_point(structure, group, std::min(found, group.shares.size() - 1), draft);
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
    list_points(structure, group);
    probe(structure, group);
    refuse_empty(structure, group);
    group.stuck = !group.listed && group.valid < least_share_for_redraws && is_stuck(structure, group);
  }
  return groups;
}

void put_point(const Structure& structure, const Group& group, std::size_t point, Draft& draft) {
  const auto width = group.members.size();
  for (std::size_t i = 0; i < width; ++i) {
    const auto place = group.places[point * width + i];
    auto& value = draft[group.members[i]];
    value.reset();
    if (place >= 0) value = value_at(structure.parameters[group.members[i]].domain, place);
  }
}

bool find(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng) {
  if (group.listed) return draw_listed(structure, group, draft, rng), true;
  return redraw(structure, group, draft, rng) || find_point(structure, group, draft, rng);
}

void draw(const Structure& structure, const Group& group, Draft& draft, base::Rng& rng) {
  if (group.listed) return draw_listed(structure, group, draft, rng);
  if (group.valid >= least_share_for_redraws && redraw(structure, group, draft, rng)) return;
  if (!group.stuck) return walk(structure, group, draft, rng);
  const auto [constraint, share] = worst(structure, group);
  throw base::Error(
      base::Exit::config, constraint->where,
      fmt::format("no point but the default was found that keeps the constraints; \"{}\" alone refuses {:.4g} % "
                  "of random values. Loosen it, widen the domains, or let one parameter follow from the "
                  "other (ref)",
                  constraint->text, 100 * share));
}

}  // namespace assay::space
