#include "search/rungs/explore.hpp"

#include <algorithm>
#include <cmath>

#include "space/domain.hpp"

namespace assay::search {
namespace {

using space::Domain;
using space::Kind;
using space::Value;

bool explorable(const space::Parameter& parameter) { return parameter.role != space::Role::architecture; }

Value moved(const Domain& domain, const Value& value, double factor, bool upwards) {
  const double sign = upwards ? 1 : -1;
  if (domain.kind == Kind::normal && domain.step == 0) {
    const double by = sign * factor * domain.hi, number = *space::as_number(value);
    return domain.log ? number * std::exp(by) : number + by;
  }
  if (domain.kind == Kind::normal && !domain.log) {
    const double steps = std::max(1.0, std::round(factor * domain.hi / domain.step));
    return *space::as_number(value) + sign * steps * domain.step;
  }
  if (domain.kind == Kind::normal) return std::max(0.0, *space::as_number(value) + sign * domain.step);
  const bool range = domain.kind == Kind::integer || domain.kind == Kind::real;
  if (range) {
    auto further = space::from_unit(domain, std::clamp(space::to_unit(domain, value) + sign * factor, 0.0, 1.0));
    if (!space::same(further, value)) return further;
  }
  // A choice, or a step that is wider than the move.
  const auto count = space::count(domain);
  if (!count) return value;
  const auto place = space::ordinal(domain, value) + (upwards ? 1 : -1);
  return space::value_of_ordinal(domain, std::clamp<std::int64_t>(place, 0, *count - 1));
}

}  // namespace

bool can_explore(const space::Space& space) {
  return std::any_of(space.parameters().begin(), space.parameters().end(), explorable);
}

space::Params explore(const space::Space& space, const space::Params& params, const Exploration& how, base::Rng& rng) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    auto changed = params;
    for (const auto& parameter : space.parameters()) {
      const auto value = params.find(parameter.name);
      if (!explorable(parameter) || value == params.end()) continue;
      const auto& domain = parameter.domain;
      changed[parameter.name] = rng.uniform() < how.resample
                                    ? space::from_unit(domain, rng.uniform())
                                    : moved(domain, value->second, how.factor, rng.below(2) == 1);
    }
    changed = space.with_defaults(changed);
    if (space.satisfies_constraints(changed)) return changed;
  }
  return params;
}

}  // namespace assay::search
