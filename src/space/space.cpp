#include "space/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "space/domain.hpp"
#include "space/expression.hpp"
#include "space/loader.hpp"
#include "space/template.hpp"

namespace assay::space {
namespace {

constexpr int largest_number_of_redraws = 1000;

/// Distance of a step to the neighbourhood, in the unit interval.
constexpr double step_deviation = 0.2;

double reflect(double unit) {
  unit = std::abs(std::fmod(unit, 2.0));
  return unit > 1 ? 2 - unit : unit;
}

/// Another value of the domain; the same one if there is no other.
Value redraw(const Domain& domain, const Value& old, base::Rng& rng) {
  const bool numeric = domain.items.empty() || domain.ordered;
  for (int attempt = 0; attempt < 200; ++attempt) {
    const bool near = numeric && rng.uniform() < 0.5;
    const double unit = near ? reflect(to_unit(domain, old) + step_deviation * rng.normal()) : rng.uniform();
    auto value = from_unit(domain, unit);
    if (!same(value, old)) return value;
  }
  return old;
}

bool met(const Condition& condition, const Params& params) {
  const auto found = params.find(condition.parent);
  if (found == params.end()) return false;
  if (condition.at_least) {
    const auto number = as_number(found->second);
    return number && *number >= static_cast<double>(*condition.at_least);
  }
  return std::any_of(condition.values.begin(), condition.values.end(),
                     [&](const auto& value) { return same(value, found->second); });
}

[[noreturn]] void fail_of(const Parameter& parameter, const std::string& message) {
  throw base::Error(base::Exit::config, parameter.where, fmt::format("parameter {}: {}", parameter.name, message));
}

}  // namespace

Space Space::load(const config::Config& config, std::string_view overlay, std::string_view values) {
  Loader loader(config, overlay, values.empty() ? overlay : values);
  Space space;
  space.parameters_ = std::move(loader.parameters);
  space.constraints_ = std::move(loader.constraints);
  space.remarks_ = std::move(loader.remarks);
  space.template_ = std::make_shared<const base::Json>(std::move(loader.pattern));
  for (std::size_t i = 0; i < space.parameters_.size(); ++i) space.index_[space.parameters_[i].name] = i;

  const auto defaults = space.defaults();
  for (std::size_t i = 0; i < space.constraints_.size(); ++i) {
    if (space.satisfied(space.constraints_[i], defaults)) continue;
    throw base::Error(base::Exit::config, loader.constraint_places[i],
                      fmt::format("the default values break \"{}\"; give the parameters defaults that keep it",
                                  space.constraints_[i].text));
  }
  return space;
}

const Parameter* Space::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &parameters_[found->second];
}

bool Space::active(const Parameter& parameter, const Params& params) const {
  return std::all_of(parameter.conditions.begin(), parameter.conditions.end(),
                     [&](const auto& condition) { return met(condition, params); });
}

Params Space::complete(const Params& params, const std::function<Value(const Parameter&)>& fill_in) const {
  Params result;
  for (const auto& parameter : parameters_) {
    if (!active(parameter, result)) continue;
    const auto found = params.find(parameter.name);
    result[parameter.name] = found == params.end() ? fill_in(parameter) : found->second;
  }
  return result;
}

Params Space::defaults() const { return with_defaults({}); }

Params Space::with_defaults(const Params& partial) const {
  return complete(normalise(partial), [](const Parameter& parameter) { return parameter.domain.initial; });
}

Params Space::sample(base::Rng& rng) const {
  for (int attempt = 0; attempt < largest_number_of_redraws; ++attempt) {
    auto params = complete({}, [&](const Parameter& parameter) { return from_unit(parameter.domain, rng.uniform()); });
    if (satisfies_constraints(params)) return params;
  }
  base::fail(base::Exit::config,
             "{} random points all break a constraint (\"{}\" ...); loosen the constraints or narrow the domains",
             largest_number_of_redraws, constraints_.front().text);
}

Params Space::mutate(const Params& params, base::Rng& rng) const {
  std::vector<const Parameter*> candidates;
  for (const auto& [name, value] : params) {
    const auto* parameter = find(name);
    if (parameter != nullptr && count(parameter->domain) != 1) candidates.push_back(parameter);
  }
  if (candidates.empty()) return params;
  for (int attempt = 0; attempt < largest_number_of_redraws; ++attempt) {
    const auto* chosen = candidates[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(candidates.size())))];
    auto changed = params;
    changed[chosen->name] = redraw(chosen->domain, params.at(chosen->name), rng);
    changed = complete(changed, [&](const Parameter& parameter) { return from_unit(parameter.domain, rng.uniform()); });
    if (satisfies_constraints(changed)) return changed;
  }
  return sample(rng);
}

std::vector<Params> Space::neighbours(const Params& params) const {
  std::vector<Params> result;
  for (const auto& parameter : parameters_) {
    const auto found = params.find(parameter.name);
    const auto values = count(parameter.domain);
    if (found == params.end() || !values) continue;
    for (std::int64_t place = 0; place < *values; ++place) {
      const auto value = value_at(parameter.domain, place);
      if (same(value, found->second)) continue;
      auto changed = params;
      changed[parameter.name] = value;
      changed = complete(changed, [](const Parameter& other) { return other.domain.initial; });
      if (satisfies_constraints(changed)) result.push_back(std::move(changed));
    }
  }
  return result;
}

std::optional<std::vector<Params>> Space::enumerate(std::size_t limit, int real_points) const {
  std::vector<Params> found;
  auto steps = limit * 100 + 100'000;  // constraints may refuse nearly everything: give up then, too
  const std::function<bool(std::size_t, const Params&)> visit = [&](std::size_t place, const Params& params) {
    if (steps-- == 0) return false;
    while (place < parameters_.size() && !active(parameters_[place], params)) ++place;
    if (place == parameters_.size()) {
      if (satisfies_constraints(params)) found.push_back(params);
      return found.size() <= limit;
    }
    const auto& parameter = parameters_[place];
    const auto discrete = count(parameter.domain);
    const auto values = discrete.value_or(real_points);
    if (values == 0) return false;
    for (std::int64_t i = 0; i < values; ++i) {
      auto next = params;
      next[parameter.name] =
          discrete ? value_at(parameter.domain, i)
                   : from_unit(parameter.domain, (static_cast<double>(i) + 0.5) / static_cast<double>(values));
      if (!visit(place + 1, next)) return false;
    }
    return true;
  };
  if (!visit(0, {})) return std::nullopt;
  return found;
}

double Space::log10_count(const std::vector<std::vector<std::size_t>>& children, std::size_t index) const {
  const auto& parameter = parameters_[index];
  const auto values = count(parameter.domain);
  if (!values) return 0;
  if (children[index].empty()) return std::log10(static_cast<double>(*values));
  double total = -1;  // log10 of the sum over the values; -1: nothing yet
  for (std::int64_t place = 0; place < *values; ++place) {
    const Params point{{parameter.name, value_at(parameter.domain, place)}};
    double product = 0;
    for (const auto child : children[index]) {
      if (met(parameters_[child].conditions.back(), point)) product += log10_count(children, child);
    }
    const double high = std::max(total, product), low = std::min(total, product);
    total = total < 0 ? product : high + std::log10(1 + std::pow(10, low - high));
  }
  return total;
}

double Space::log10_size() const {
  // Conditions form a tree: the last one of a parameter names its parent.
  std::vector<std::vector<std::size_t>> children(parameters_.size());
  double total = 0;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& conditions = parameters_[i].conditions;
    if (!conditions.empty()) children[index_.at(conditions.back().parent)].push_back(i);
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].conditions.empty()) total += log10_count(children, i);
  }
  return total;
}

Params Space::normalise(const Params& params) const {
  auto result = params;
  for (auto& [name, value] : result) {
    if (const auto* parameter = find(name)) value = conform(parameter->domain, value);
  }
  return result;
}

void Space::check(const Params& params) const {
  for (const auto& [name, value] : params) {
    const auto* parameter = find(name);
    if (parameter != nullptr) continue;
    std::vector<std::string> names;
    for (const auto& known : parameters_) names.push_back(known.name);
    const auto nearest = base::nearest_word(name, names);
    throw base::Error(base::Exit::config,
                      fmt::format("the space has no parameter {}{}", name,
                                  nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)))
        .with_nearest(nearest);
  }
  for (const auto& parameter : parameters_) {
    const auto found = params.find(parameter.name);
    const bool exists = active(parameter, params);
    if (exists && found == params.end()) fail_of(parameter, "has no value");
    if (!exists && found != params.end()) {
      fail_of(parameter, fmt::format("has a value, but does not exist at this point (it depends on {})",
                                     parameter.conditions.back().parent));
    }
    if (exists && !contains(parameter.domain, found->second)) {
      fail_of(parameter, fmt::format("{} is outside of {}", to_text(found->second), to_text(parameter.domain)));
    }
  }
  for (const auto& constraint : constraints_) {
    if (!satisfied(constraint, params))
      base::fail(base::Exit::config, "the point breaks the constraint \"{}\"", constraint.text);
  }
}

bool Space::satisfied(const Constraint& constraint, const Params& params) const {
  return holds(constraint, [&](const std::string& name) -> std::optional<double> {
    const auto found = params.find(name);
    return found == params.end() ? std::nullopt : as_number(found->second);
  });
}

bool Space::satisfies_constraints(const Params& params) const {
  return std::all_of(constraints_.begin(), constraints_.end(),
                     [&](const auto& constraint) { return satisfied(constraint, params); });
}

std::vector<double> Space::encode(const Params& params) const {
  std::vector<double> unit;
  for (const auto& parameter : parameters_) {
    const auto found = params.find(parameter.name);
    unit.push_back(found == params.end() ? 0.5 : to_unit(parameter.domain, found->second));
  }
  return unit;
}

Params Space::decode(const std::vector<double>& unit) const {
  base::require(unit.size() == parameters_.size(), "{} numbers for {} parameters", unit.size(), parameters_.size());
  return complete(
      {}, [&](const Parameter& parameter) { return from_unit(parameter.domain, unit[index_.at(parameter.name)]); });
}

base::Json Space::instantiate(const Params& params) const {
  const auto point = normalise(params);
  check(point);
  return fill(*template_, point);
}

std::vector<std::string> Space::warnings() const {
  auto result = remarks_;
  if (const double size = log10_size(); size > 20) {
    result.push_back(
        fmt::format("the space has 10^{:.0f} points; above 10^20, search it in exclusive parts first", size));
  }
  std::set<Role> roles;
  for (const auto& parameter : parameters_) {
    roles.insert(parameter.role);
    if (parameter.domain.kind == Kind::choice && parameter.domain.items.size() > 10) {
      result.push_back(fmt::format("{}: {} has {} choices; more than 10 in one place are rarely told apart by a search",
                                   base::to_string(parameter.where), parameter.name, parameter.domain.items.size()));
    }
  }
  if (roles.size() > 1) {
    std::string names;
    for (const auto role : roles) names += (names.empty() ? "" : " and ") + to_string(role);
    result.push_back(
        fmt::format("{} are searched together: a good network may lose because it met bad settings; search the "
                    "architecture first where you can",
                    names));
  }
  return result;
}

base::Json Space::describe() const {
  base::Json json{{"parameters", base::Json::array()}};
  for (const auto& parameter : parameters_) {
    base::Json entry{
        {"name", parameter.name}, {"role", to_string(parameter.role)}, {"domain", to_json(parameter.domain)}};
    for (const auto& condition : parameter.conditions) {
      base::Json written{{"parent", condition.parent}};
      if (condition.at_least) written["at_least"] = *condition.at_least;
      for (const auto& value : condition.values) {
        std::visit([&](const auto& held) { written["values"].push_back(held); }, value);
      }
      entry["conditions"].push_back(std::move(written));
    }
    json["parameters"].push_back(std::move(entry));
  }
  for (const auto& constraint : constraints_) json["constraints"].push_back(constraint.text);
  return json;
}

}  // namespace assay::space
