#include "space/reading/tree_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "config/check.hpp"
#include "space/domain.hpp"
#include "space/reading/read_domain.hpp"

namespace assay::space {

using config::Node;

Scope Scope::with(Condition condition) const {
  auto inner = *this;
  inner.conditions.push_back(std::move(condition));
  return inner;
}

namespace {

/// A misspelt domain would silently be a constant.
void check_no_domain_meant(const Node& table) {
  static const std::vector<std::string> kinds{"choice", "int", "float", "normal", "subset"};
  static const std::set<std::string> options{"log", "step", "default", "ordered", "k", "distinct", "sorted"};
  bool options_only = table.size() > 0;
  for (const auto& [key, child] : table.items()) {
    const auto near = base::nearest_word(key, kinds);
    if (child.is_array() && !near.empty() && near.front() == key.front())
      child.fail(fmt::format("{} is no kind of domain; did you mean {}?", key, near), near);
    options_only = options_only && options.contains(key) && !child.is_table();
  }
  if (options_only)
    table.fail(
        fmt::format("options of a domain, but no domain: write {} too, or mend the name", base::join(kinds, ", ")));
}

}  // namespace

std::string join_name(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

base::Json TreeReader::value(const Node& node, const std::string& name, const Scope& scope) {
  if (is_domain(node)) {
    return domain(node, name, scope, [&](const Node& one, const std::string& inner, const Scope& there) {
      return item(one, inner, "", there);
    });
  }
  if (node.is_array()) return list(node, name, scope);
  if (!node.is_table()) {
    if (node.is_number() && !name.empty()) registry_.add_fixed(name, node.number());
    return node.json();
  }
  check_no_domain_meant(node);
  auto table = base::Json::object();
  for (const auto& [key, child] : node.items()) table[key] = value(child, name.empty() ? "" : name + "." + key, scope);
  return table;
}

base::Json TreeReader::list(const Node& node, const std::string& name, const Scope& scope) {
  auto result = base::Json::array();
  for (const auto& [key, child] : node.items()) {
    const auto label = child.is_table() && !is_domain(child) ? child.at("name") : Node();
    const bool named = label && label.is_string() && !name.empty();
    result.push_back(value(child, named ? name + "." + label.string() : "", scope));
  }
  return result;
}

base::Json TreeReader::item(const Node& node, const std::string& name, const std::string& owner, const Scope& scope) {
  if (scope.model && node.is_table() && (node.at("op") || node.at("use"))) return named_block(node, name, owner, scope);
  const auto children = scope.model && node.is_array() ? node.items() : std::vector<std::pair<std::string, Node>>{};
  const bool block_list = !children.empty() && std::all_of(children.begin(), children.end(), [](const auto& child) {
    return child.second.is_table() && (child.second.at("op") || child.second.at("use"));
  });
  return block_list ? blocks(node, name, owner, scope) : value(node, name, scope);
}

base::Json TreeReader::domain(const Node& node, const std::string& name, const Scope& scope,
                              const ItemReader& read_item, bool own_name) {
  auto written = read_domain(node);
  if (!written.reference.empty()) {
    registry_.add_reference(written.reference, node, scope.conditions);
    return {{"$ref", written.reference}};
  }
  const auto full = written.name.empty() || !own_name ? name : written.name;
  if (full.empty()) node.fail("a domain inside a list has no name of its own; add name = \"..\" to it");

  // The parameter comes before those inside its items, so that parents stand earlier in the list.
  base::Json placeholder{{"$param", full}};
  registry_.add({full, written.domain, scope.role, scope.conditions, node.where()}, node.path(), placeholder);
  auto cases = base::Json::object();
  for (std::size_t i = 0; i < written.items.size(); ++i) {
    const auto& one = written.items[i];
    const auto label = to_text(written.domain.items[i]);
    const bool structured = one.is_table() || one.is_array();
    if (written.domain.kind == Kind::subset && (draws(one) || is_domain(one))) {
      one.fail("the items of a subset cannot hold domains; use a choice, or one true/false choice for each");
    }
    if (structured) {
      cases[label] = read_item(one, full + "." + label, scope.with({full, {written.domain.items[i]}, std::nullopt}));
    } else if (written.domain.kind == Kind::subset && !one.is_string()) {
      cases[label] = one.json();
    }
  }
  if (!cases.empty()) {
    placeholder["$case"] = std::move(cases);
    registry_.set_placeholder(full, placeholder);
  }
  return placeholder;
}

}  // namespace assay::space
