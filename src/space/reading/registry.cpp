#include "space/reading/registry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "space/reading/names.hpp"

namespace assay::space {
namespace {

bool holds_value(const std::vector<Value>& values, const Value& value) {
  return std::any_of(values.begin(), values.end(), [&](const auto& other) { return same(other, value); });
}

/// Holds whenever a or b does: conditions on parents that only one of them has are dropped.
std::vector<Condition> either(const std::vector<Condition>& a, const std::vector<Condition>& b) {
  std::vector<Condition> result;
  for (auto condition : a) {
    const auto other = std::find_if(b.begin(), b.end(), [&](const auto& c) { return c.parent == condition.parent; });
    if (other == b.end() || condition.at_least.has_value() != other->at_least.has_value()) continue;
    if (condition.at_least) condition.at_least = std::min(*condition.at_least, *other->at_least);
    for (const auto& value : other->values) {
      if (!holds_value(condition.values, value)) condition.values.push_back(value);
    }
    result.push_back(std::move(condition));
  }
  return result;
}

/// `needed` follows from `given`.
bool implied(const Condition& needed, const std::vector<Condition>& given) {
  return std::any_of(given.begin(), given.end(), [&](const auto& condition) {
    if (condition.parent != needed.parent) return false;
    if (needed.at_least) return condition.at_least && *condition.at_least >= *needed.at_least;
    return !condition.values.empty() &&
           std::all_of(condition.values.begin(), condition.values.end(),
                       [&](const auto& value) { return holds_value(needed.values, value); });
  });
}

}  // namespace

void Registry::add(Parameter parameter, const std::string& path, base::Json placeholder) {
  const auto found = index_.find(parameter.name);
  if (found == index_.end()) {
    index_[parameter.name] = parameters_.size();
    paths_[parameter.name] = path;
    placeholders_[parameter.name] = std::move(placeholder);
    parameters_.push_back(std::move(parameter));
    return;
  }
  auto& known = parameters_[found->second];
  if (paths_.at(parameter.name) != path) {
    throw base::Error(
        base::Exit::config, parameter.where,
        fmt::format("{}: the parameter name {} is used twice, also at {}; give one of the places another name (name = "
                    "\"..\")",
                    path, parameter.name, base::to_string(known.where)));
  }
  known.conditions = either(known.conditions, parameter.conditions);
}

void Registry::add_reference(const std::string& name, const config::Node& node, std::vector<Condition> conditions) {
  for (const auto& condition : conditions) {
    if (condition.parent == name) node.fail(fmt::format("{} refers to itself here; write the value instead", name));
  }
  references_.push_back({name, node, std::move(conditions)});
}

void Registry::add_fixed(const std::string& name, double number) {
  const auto [place, fresh] = fixed_.try_emplace(name, number);
  if (!fresh && place->second != number) place->second.reset();
}

std::optional<double> Registry::fixed(const std::string& name) const {
  const auto found = fixed_.find(name);
  return found == fixed_.end() ? std::nullopt : found->second;
}

const Parameter* Registry::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &parameters_[found->second];
}

std::optional<std::size_t> Registry::place(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> Registry::ending(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& parameter : parameters_) {
    if (parameter.name.ends_with("." + name)) names.push_back(parameter.name);
  }
  return names;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& parameter : parameters_) names.push_back(parameter.name);
  return names;
}

std::string Registry::nearest(const std::string& name) const { return base::nearest_word(name, names()); }

void Registry::check_references() const {
  for (const auto& reference : references_) {
    const auto* parameter = find(reference.name);
    if (parameter == nullptr) {
      if (fixed(reference.name)) continue;
      const auto near = nearest(reference.name);
      reference.node.fail(
          fmt::format("ref names {}, but no parameter has that name{}", reference.name, remedy_for_name(near, names())),
          near);
    }
    for (const auto& condition : parameter->conditions) {
      if (implied(condition, reference.conditions)) continue;
      reference.node.fail(
          fmt::format("ref names {}, which exists only for some values of {}", reference.name, condition.parent));
    }
  }
  check_circles();
}

void Registry::check_circles() const {
  // A reference that stands in a table of a choice is part of what that choice becomes.
  std::multimap<std::string, std::string> contains;
  for (const auto& reference : references_) {
    for (const auto& condition : reference.conditions) {
      if (!condition.at_least) contains.emplace(condition.parent, reference.name);
    }
  }
  const auto reached_from = [&](const std::string& start) {
    std::vector<std::string> reached = {start};
    for (std::size_t i = 0; i < reached.size(); ++i) {
      const auto [begin, end] = contains.equal_range(std::string(reached[i]));
      for (auto edge = begin; edge != end; ++edge) {
        if (std::find(reached.begin(), reached.end(), edge->second) == reached.end()) reached.push_back(edge->second);
      }
    }
    return reached;
  };
  for (const auto& reference : references_) {
    const auto reached = reached_from(reference.name);
    for (const auto& condition : reference.conditions) {
      if (condition.at_least || std::find(reached.begin(), reached.end(), condition.parent) == reached.end()) continue;
      reference.node.fail(
          fmt::format("ref names {}, which itself holds {} by reference: a circle; write one of the values out instead",
                      reference.name, condition.parent));
    }
  }
}

std::map<std::string, base::Json> Registry::placeholders() const {
  auto all = placeholders_;
  for (const auto& [name, number] : fixed_) {
    if (!number) continue;
    const auto whole = static_cast<std::int64_t>(*number);
    all.emplace(name, static_cast<double>(whole) == *number ? base::Json(whole) : base::Json(*number));
  }
  return all;
}

}  // namespace assay::space
