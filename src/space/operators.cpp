// New points from old ones. All respect conditions and constraints.
#include <algorithm>
#include <cmath>

#include "space/constraints/expression.hpp"
#include "space/domain.hpp"
#include "space/structure.hpp"

namespace assay::space {
namespace {

/// Then the parameters that constraints tie to the chosen one are drawn anew.
constexpr int tries = 50;

/// Distance of a step to the neighbourhood, in the unit interval.
constexpr double step_deviation = 0.2;

double reflect(double unit) {
  unit = std::abs(std::fmod(unit, 2.0));
  return unit > 1 ? 2 - unit : unit;
}

/// Another value of the domain; the same one if there is no other.
Value another(const Domain& domain, const Value& old, base::Rng& rng) {
  const bool numeric = domain.items.empty() || domain.ordered;
  for (int attempt = 0; attempt < 200; ++attempt) {
    const bool near = numeric && rng.uniform() < 0.5;
    const double unit = near ? reflect(to_unit(domain, old) + step_deviation * rng.normal()) : rng.uniform();
    auto value = from_unit(domain, unit);
    if (!same(value, old)) return value;
  }
  return old;
}

/// Places of the parameters that have a value and could have another.
std::vector<std::size_t> changeable(const Structure& structure, const Draft& draft) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < draft.size(); ++i) {
    if (draft[i] && count(structure.parameters[i].domain) != 1) places.push_back(i);
  }
  return places;
}

template <class T>
const T& pick(const std::vector<T>& items, base::Rng& rng) {
  return items[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(items.size())))];
}

void fill_evenly(const Structure& structure, Draft& draft, base::Rng& rng) {
  structure.complete(draft, [&](std::size_t i) { return from_unit(structure.parameters[i].domain, rng.uniform()); });
}

Draft sampled(const Structure& structure, base::Rng& rng) {
  Draft draft(structure.parameters.size());
  for (const auto& group : structure.groups) draw(structure, group, draft, rng);
  fill_evenly(structure, draft, rng);
  return draft;
}

/// The chosen parameters get other values; whether that keeps the constraints is for the caller to ask.
Draft changed(const Structure& structure, const Draft& draft, const std::vector<std::size_t>& chosen, base::Rng& rng) {
  auto child = draft;
  for (const auto place : chosen) child[place] = another(structure.parameters[place].domain, *draft[place], rng);
  fill_evenly(structure, child, rng);
  return child;
}

/// What draws by list cost next to nothing, walks do not.
int redraws_of(const Structure& structure, std::size_t place) {
  constexpr int walks = 4;
  return std::all_of(structure.groups.begin(), structure.groups.end(),
                     [&](const auto& group) {
                       return group.listed || !std::binary_search(group.members.begin(), group.members.end(), place);
                     })
             ? tries
             : walks;
}

/// The group of a parameter, drawn anew.
Draft regrouped(const Structure& structure, const Draft& draft, std::size_t place, base::Rng& rng) {
  auto child = draft;
  for (const auto& group : structure.groups) {
    if (std::binary_search(group.members.begin(), group.members.end(), place)) draw(structure, group, child, rng);
  }
  fill_evenly(structure, child, rng);
  return child;
}

Draft mutated(const Structure& structure, const Draft& draft, base::Rng& rng) {
  const auto places = changeable(structure, draft);
  if (places.empty()) return draft;
  std::size_t last = places.front();
  for (int attempt = 0; attempt < tries; ++attempt) {
    last = pick(places, rng);
    auto child = changed(structure, draft, {last}, rng);
    if (structure.satisfied(child)) return child;
  }
  for (int attempt = 0, most = redraws_of(structure, last); attempt < most; ++attempt) {
    auto child = regrouped(structure, draft, last, rng);
    if (child != draft) return child;
  }
  return sampled(structure, rng);
}

/// Uniform crossover. With `whole_groups`, members of a group come from the same parent.
Draft crossed(const Structure& structure, const Draft& mother, const Draft& father, bool whole_groups, base::Rng& rng) {
  Draft child(mother.size());
  if (whole_groups) {
    for (const auto& group : structure.groups) {
      const auto& parent = rng.uniform() < 0.5 ? mother : father;
      for (const auto member : group.members) child[member] = parent[member];
    }
  }
  structure.complete(child, [&](std::size_t i) {
    if (!mother[i] && !father[i]) return from_unit(structure.parameters[i].domain, rng.uniform());
    const bool first = mother[i] && (!father[i] || rng.uniform() < 0.5);
    return first ? *mother[i] : *father[i];
  });
  return child;
}

}  // namespace

Params Space::sample(base::Rng& rng) const { return structure_->params_of(sampled(*structure_, rng)); }

Params Space::mutate(const Params& params, base::Rng& rng) const {
  return structure_->params_of(mutated(*structure_, structure_->draft_of(params), rng));
}

Params Space::mutate(const Params& params, base::Rng& rng, double probability) const {
  const auto draft = structure_->draft_of(params);
  const auto places = changeable(*structure_, draft);
  for (int attempt = 0; attempt < tries && !places.empty(); ++attempt) {
    std::vector<std::size_t> chosen;
    for (const auto place : places) {
      if (rng.uniform() < probability) chosen.push_back(place);
    }
    if (chosen.empty()) chosen.push_back(pick(places, rng));
    auto child = changed(*structure_, draft, chosen, rng);
    if (structure_->satisfied(child)) return structure_->params_of(std::move(child));
  }
  return structure_->params_of(mutated(*structure_, draft, rng));
}

Params Space::crossover(const Params& mother, const Params& father, base::Rng& rng) const {
  const auto first = structure_->draft_of(mother), second = structure_->draft_of(father);
  for (int attempt = 0; attempt < tries; ++attempt) {
    auto child = crossed(*structure_, first, second, false, rng);
    if (structure_->satisfied(child)) return structure_->params_of(std::move(child));
  }
  return structure_->params_of(crossed(*structure_, first, second, true, rng));
}

std::vector<Params> Space::neighbours(const Params& params) const {
  const auto draft = structure_->draft_of(params);
  std::vector<Params> result;
  for (std::size_t i = 0; i < draft.size(); ++i) {
    const auto& domain = structure_->parameters[i].domain;
    const auto values = count(domain);
    if (!draft[i] || !values) continue;
    for (std::int64_t place = 0; place < *values; ++place) {
      auto child = draft;
      child[i] = value_at(domain, place);
      if (same(*child[i], *draft[i])) continue;
      structure_->complete(child, [&](std::size_t j) { return structure_->parameters[j].domain.initial; });
      if (structure_->satisfied(child)) result.push_back(structure_->params_of(std::move(child)));
    }
  }
  return result;
}

namespace {

/// Visits all points; gives up where there are too many, or where constraints refuse nearly everything.
class Enumeration {
 public:
  Enumeration(const Structure& structure, std::size_t limit, int real_points)
      : structure_(structure), limit_(limit), real_points_(real_points), decided_(structure.parameters.size()) {
    for (const auto& group : structure.groups) {
      for (const auto member : group.members) listed_[member] = group.listed;
      if (group.listed) {
        begins_[group.members.front()] = &group;
        continue;
      }
      for (const auto i : group.constraints) {
        const auto& constraint = structure.constraints[i];
        decided_[constraint.parameters.back()].push_back(&constraint);
      }
    }
  }

  bool run() { return visit(0); }
  std::vector<Params> found;

 private:
  bool visit(std::size_t place) {
    if (steps_-- == 0) return false;
    if (place == draft_.size()) {
      found.push_back(structure_.params_of(draft_));
      return found.size() <= limit_;
    }
    if (begins_[place] != nullptr) return visit_points(*begins_[place], place);
    if (listed_[place]) return visit(place + 1);
    draft_[place].reset();
    if (!structure_.active(place, draft_)) return !kept(place) || visit(place + 1);
    const auto& domain = structure_.parameters[place].domain;
    const auto discrete = count(domain);
    const auto values = discrete.value_or(real_points_);
    if (values == 0) return false;
    for (std::int64_t i = 0; i < values; ++i) {
      draft_[place] = discrete ? value_at(domain, i)
                               : from_unit(domain, (static_cast<double>(i) + 0.5) / static_cast<double>(values));
      if (kept(place) ? !visit(place + 1) : steps_-- == 0) return false;
    }
    draft_[place].reset();
    return true;
  }

  /// The points of a listed group, at the place of its first member.
  bool visit_points(const Group& group, std::size_t place) {
    for (std::size_t point = 0; point < group.shares.size(); ++point) {
      put_point(structure_, group, point, draft_);
      if (!visit(place + 1)) return false;
    }
    for (const auto member : group.members) draft_[member].reset();
    return true;
  }

  /// The constraints whose last parameter this is.
  bool kept(std::size_t place) const {
    return std::all_of(decided_[place].begin(), decided_[place].end(),
                       [&](const auto* constraint) { return holds(*constraint->expression, draft_); });
  }

  const Structure& structure_;
  std::size_t limit_;
  int real_points_;
  std::vector<std::vector<const Constraint*>> decided_;
  std::vector<const Group*> begins_ = std::vector<const Group*>(structure_.parameters.size());
  std::vector<bool> listed_ = std::vector<bool>(structure_.parameters.size());
  Draft draft_ = Draft(structure_.parameters.size());
  std::size_t steps_ = limit_ * 100 + 100'000;
};

}  // namespace

std::optional<std::vector<Params>> Space::enumerate(std::size_t limit, int real_points) const {
  Enumeration enumeration(*structure_, limit, real_points);
  if (!enumeration.run()) return std::nullopt;
  return std::move(enumeration.found);
}

}  // namespace assay::space
