#include "space/reading/template.hpp"

#include <cstdlib>

#include "base/error.hpp"

namespace assay::space {
namespace {

base::Json plain(const Value& value) {
  return std::visit([](const auto& held) { return base::Json(held); }, value);
}

base::Json fill_parameter(const base::Json& pattern, const Params& params) {
  const auto name = pattern["$param"].get<std::string>();
  const auto found = params.find(name);
  base::require(found != params.end(), "parameter {} has no value where it is needed", name);
  if (!pattern.contains("$case")) return plain(found->second);
  const auto& cases = pattern["$case"];
  const auto one = [&](const std::string& label) {
    return cases.contains(label) ? fill(cases[label], params) : base::Json(label);
  };
  if (const auto* label = std::get_if<std::string>(&found->second)) return one(*label);
  const auto* labels = std::get_if<std::vector<std::string>>(&found->second);
  if (labels == nullptr) return plain(found->second);
  auto list = base::Json::array();
  for (const auto& label : *labels) list.push_back(one(label));
  return list;
}

base::Json fill_layers(const base::Json& pattern, const Params& params) {
  const auto copies = fill(pattern["$take"], params).get<std::size_t>();
  auto list = base::Json::array();
  for (std::size_t i = 0; i < copies && i < pattern["$list"].size(); ++i)
    list.push_back(fill(pattern["$list"][i], params));
  return list;
}

base::Json fill_edges(const base::Json& pattern, const Params& params) {
  const auto nodes = fill(pattern["$upto"], params).get<long>();
  auto edges = base::Json::object();
  for (const auto& [name, edge] : pattern["$edges"].items()) {
    const auto dash = name.find('-');
    const bool of_cell = dash == std::string::npos;
    const auto node = std::strtol(name.c_str() + (of_cell ? 0 : dash + 1), nullptr, 10) - (of_cell ? 2 : 0);
    if (node < nodes) edges[name] = fill(edge, params);
  }
  return edges;
}

}  // namespace

base::Json fill(const base::Json& pattern, const Params& params) {
  if (pattern.is_array()) {
    auto list = base::Json::array();
    for (const auto& item : pattern) list.push_back(fill(item, params));
    return list;
  }
  if (!pattern.is_object()) return pattern;
  if (pattern.contains("$param")) return fill_parameter(pattern, params);
  if (pattern.contains("$take")) return fill_layers(pattern, params);
  if (pattern.contains("$upto")) return fill_edges(pattern, params);
  auto table = base::Json::object();
  for (const auto& [key, item] : pattern.items()) table[key] = fill(item, params);
  return table;
}

void resolve_references(base::Json& pattern, const std::map<std::string, base::Json>& placeholders) {
  if (!pattern.is_structured()) return;
  if (pattern.is_object() && pattern.contains("$ref")) {
    pattern = base::Json(placeholders.at(pattern["$ref"].get<std::string>()));
    resolve_references(pattern, placeholders);
    return;
  }
  for (auto& item : pattern) resolve_references(item, placeholders);
}

}  // namespace assay::space
