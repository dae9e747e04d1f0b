#include "space/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "space/constraints/expression.hpp"
#include "space/domain.hpp"
#include "space/reading/loader.hpp"
#include "space/reading/names.hpp"
#include "space/reading/template.hpp"
#include "space/structure.hpp"

namespace assay::space {
namespace {

[[noreturn]] void fail_of(const Parameter& parameter, const std::string& message) {
  throw base::Error(base::Exit::config, parameter.where, fmt::format("parameter {}: {}", parameter.name, message));
}

}  // namespace

namespace {

/// "a = 3, b = 5": the parameters of a constraint at a point.
std::string shown(const Structure& structure, const Constraint& constraint, const Draft& draft) {
  std::string text;
  for (const auto place : constraint.parameters) {
    if (!draft[place]) continue;
    text +=
        fmt::format("{}{} = {}", text.empty() ? "" : ", ", structure.parameters[place].name, to_text(*draft[place]));
  }
  return text;
}

std::optional<Draft> point_that_keeps(const Structure& structure, const Constraint& constraint) {
  base::Rng rng(0, "space", static_cast<std::int64_t>(constraint.parameters.front()), "defaults");
  for (const auto& group : structure.groups) {
    if (!std::binary_search(group.members.begin(), group.members.end(), constraint.parameters.front())) continue;
    Draft draft(structure.parameters.size());
    if (find(structure, group, draft, rng)) return draft;
  }
  return std::nullopt;
}

void check_defaults(const Structure& structure, const Params& defaults) {
  const auto draft = structure.draft_of(defaults);
  for (const auto& constraint : structure.constraints) {
    if (holds(*constraint.expression, draft)) continue;
    if (constraint.parameters.empty()) {
      throw base::Error(base::Exit::config, constraint.where,
                        fmt::format("\"{}\" is false, and nothing in it is searched", constraint.text));
    }
    const auto other = point_that_keeps(structure, constraint);
    throw base::Error(
        base::Exit::config, constraint.where,
        fmt::format("the default values break \"{}\" ({}); {}", constraint.text, shown(structure, constraint, draft),
                    other ? fmt::format("give the parameters defaults that keep it, for example {}",
                                        shown(structure, constraint, *other))
                          : "no values that keep it were found; loosen it or widen the domains"));
  }
}

}  // namespace

Space::Space() : structure_(std::make_shared<const Structure>()) {}

Space Space::load(const config::Config& config, std::string_view overlay, std::string_view values) {
  Loader loader(config, overlay, values.empty() ? overlay : values);
  auto structure = std::make_shared<Structure>();
  structure->parameters = std::move(loader.parameters);
  structure->constraints = std::move(loader.constraints);
  structure->remarks = std::move(loader.remarks);
  structure->pattern = std::move(loader.pattern);
  connect(*structure);
  structure->groups = make_groups(*structure);
  Space space;
  space.structure_ = structure;
  check_defaults(*structure, space.defaults());
  return space;
}

const std::vector<Parameter>& Space::parameters() const { return structure_->parameters; }
const std::vector<Constraint>& Space::constraints() const { return structure_->constraints; }

const Parameter* Space::find(const std::string& name) const {
  const auto found = structure_->index.find(name);
  return found == structure_->index.end() ? nullptr : &structure_->parameters[found->second];
}

bool Space::active(const Parameter& parameter, const Params& params) const {
  return std::all_of(parameter.conditions.begin(), parameter.conditions.end(), [&](const auto& condition) {
    const auto found = params.find(condition.parent);
    return found != params.end() && met(condition, found->second);
  });
}

Params Space::defaults() const { return with_defaults({}); }

Params Space::with_defaults(const Params& partial) const {
  auto draft = structure_->draft_of(normalise(partial));
  structure_->complete(draft, [&](std::size_t i) { return structure_->parameters[i].domain.initial; });
  return structure_->params_of(std::move(draft));
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
    for (const auto& known : parameters()) names.push_back(known.name);
    const auto nearest = base::nearest_word(name, names);
    throw base::Error(base::Exit::config,
                      fmt::format("the space has no parameter {}{}", name, remedy_for_name(nearest, names)))
        .with_nearest(nearest);
  }
  for (const auto& parameter : parameters()) {
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
  const auto draft = structure_->draft_of(params);
  for (const auto& constraint : structure_->constraints) {
    if (holds(*constraint.expression, draft)) continue;
    base::fail(base::Exit::config, "the point breaks the constraint \"{}\" ({})", constraint.text,
               shown(*structure_, constraint, draft));
  }
}

bool Space::satisfies_constraints(const Params& params) const {
  return structure_->constraints.empty() || structure_->satisfied(structure_->draft_of(params));
}

std::vector<double> Space::encode(const Params& params) const {
  const auto draft = structure_->draft_of(params);
  std::vector<double> unit(draft.size(), 0.5);
  for (std::size_t i = 0; i < draft.size(); ++i) {
    if (draft[i]) unit[i] = to_unit(structure_->parameters[i].domain, *draft[i]);
  }
  return unit;
}

Params Space::decode(const std::vector<double>& unit) const {
  const auto& known = parameters();
  base::require(unit.size() == known.size(), "{} numbers for {} parameters", unit.size(), known.size());
  Draft draft(unit.size());
  structure_->complete(draft, [&](std::size_t i) { return from_unit(known[i].domain, unit[i]); });
  return structure_->params_of(std::move(draft));
}

base::Json Space::instantiate(const Params& params) const {
  const auto point = normalise(params);
  check(point);
  return fill(structure_->pattern, point);
}

std::vector<std::string> Space::warnings() const {
  auto result = structure_->remarks;
  if (const auto points = size(); points.log10 > 20) {
    result.push_back(fmt::format("the space has {}10^{:.0f} points; above 10^20, search it in exclusive parts first",
                                 points.bound ? "up to " : "", points.log10));
  }
  if (const double refused = 1 - valid_share(); refused > 0.2) {
    result.push_back(fmt::format(
        "the constraints refuse {:.0f} % of the values that could be drawn; where that is over 20 %, let variables "
        "depend less on each other: search the difference y of z = x + y instead of z, or one choice of the allowed "
        "pairs",
        100 * refused));
  }
  std::set<Role> roles;
  for (const auto& parameter : parameters()) {
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
  for (const auto& parameter : parameters()) {
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
  for (const auto& constraint : constraints()) json["constraints"].push_back(constraint.text);
  return json;
}

}  // namespace assay::space
