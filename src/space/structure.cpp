#include "space/structure.hpp"

#include <algorithm>
#include <numeric>

#include "space/constraints/expression.hpp"
#include "space/domain.hpp"

namespace assay::space {

bool met(const Condition& condition, const Value& value) {
  if (condition.at_least) {
    const auto number = as_number(value);
    return number && *number >= static_cast<double>(*condition.at_least);
  }
  return std::any_of(condition.values.begin(), condition.values.end(),
                     [&](const auto& wanted) { return wanted == value || same(wanted, value); });
}

void connect(Structure& structure) {
  const auto& parameters = structure.parameters;
  const auto count = parameters.size();
  structure.parents.resize(count);
  structure.children.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    structure.index[parameters[i].name] = i;
    for (const auto& condition : parameters[i].conditions) {
      structure.parents[i].push_back(structure.index.at(condition.parent));
    }
    if (!structure.parents[i].empty()) structure.children[structure.parents[i].back()].push_back(i);
  }
  structure.by_name.resize(count);
  std::iota(structure.by_name.begin(), structure.by_name.end(), std::size_t{0});
  std::sort(structure.by_name.begin(), structure.by_name.end(),
            [&](auto a, auto b) { return parameters[a].name < parameters[b].name; });
}

bool Structure::active(std::size_t place, const Draft& draft) const {
  const auto& conditions = parameters[place].conditions;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const auto& value = draft[parents[place][i]];
    if (!value || !met(conditions[i], *value)) return false;
  }
  return true;
}

bool Structure::satisfied(const Draft& draft) const {
  return std::all_of(constraints.begin(), constraints.end(),
                     [&](const auto& constraint) { return holds(*constraint.expression, draft); });
}

Draft Structure::draft_of(const Params& params) const {
  Draft draft(parameters.size());
  auto given = params.begin();
  for (const auto place : by_name) {
    const auto& name = parameters[place].name;
    while (given != params.end() && given->first < name) ++given;
    if (given == params.end()) break;
    if (given->first == name) draft[place] = given->second;
  }
  return draft;
}

Params Structure::params_of(Draft draft) const {
  Params params;
  for (const auto place : by_name) {
    if (draft[place]) params.emplace_hint(params.end(), parameters[place].name, std::move(*draft[place]));
  }
  return params;
}

void Structure::complete(Draft& draft, const std::function<Value(std::size_t)>& fill) const {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!active(i, draft)) {
      draft[i].reset();
    } else if (!draft[i]) {
      draft[i] = fill(i);
    }
  }
}

}  // namespace assay::space
