// Parsing TOML, and Node over the result.
#include "config/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "base/json.hpp"
#include "base/text.hpp"
#include "config/toml.hpp"

namespace assay::config {
namespace {

using base::Error;
using base::Exit;

const toml::node& as_toml(const void* node) { return *static_cast<const toml::node*>(node); }

/// toml++'s sentence, with the remedy where the usual cause is known.
std::string explain(std::string_view what) {
  const auto has = [&](std::string_view part) { return what.find(part) != std::string_view::npos; };
  if (has("inline table") && has("saw '\\n'")) {
    return "an inline table { ... } must stand on one line; write it on one line, or use dotted keys on lines of their "
           "own (kernel.choice = [3, 5])";
  }
  std::string text(what);
  if (has("dangling comma")) return "an inline table must not end with a comma; remove the last comma before }";
  if (has("could not determine value type") || has("expected digit") || has("expected decimal digit")) {
    return "this is no TOML value; texts need quotes (\"...\") (" + text + ")";
  }
  if (has("cannot redefine")) return text + "; a key or table may be written once, so remove or merge one of the two";
  if (has("encountered end-of-file")) return text + "; a closing bracket, quote or value is missing";
  return text;
}

[[noreturn]] void rethrow(const toml::parse_error& error, const std::string& name) {
  auto where = place_of(error.source());
  if (where.file.empty()) where.file = name;
  throw Error(Exit::config, where, explain(error.description()));
}

std::string described(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return fmt::format("the string {}", toml_string(*text));
  if (const auto number = node.value_exact<std::int64_t>()) return fmt::format("the integer {}", *number);
  if (const auto number = node.value_exact<double>()) return fmt::format("the float {}", *number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "the boolean true" : "the boolean false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "an array";
  return "a date or time";
}

/// "; write 30 without quotes" where a quoted value would have been right without them.
std::string quote_hint(const toml::node& node, const char* wanted) {
  const auto text = node.value_exact<std::string>();
  if (std::string_view(wanted) == "a string") return node.is_value() && !text ? "; write it in quotes" : "";
  if (!text) return "";
  try {
    const auto table = toml::parse("x = " + *text);
    const bool whole = std::string_view(wanted) == "an integer";
    const bool fits = whole
                          ? table["x"].is_integer()
                          : (std::string_view(wanted) == "a number" ? table["x"].is_number() : table["x"].is_boolean());
    return fits ? fmt::format("; write {} without quotes", *text) : "";
  } catch (const toml::parse_error&) {
    return "";
  }
}

base::Json json_of(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    std::vector<std::tuple<bool, toml::source_position, std::string_view, const toml::node*>> rows;
    for (auto&& [key, value] : *table)
      rows.emplace_back(is_override(key.source()), key.source().begin, key.str(), &value);
    std::sort(rows.begin(), rows.end());
    auto json = base::Json::object();
    for (const auto& [later, position, key, value] : rows) json[std::string(key)] = json_of(*value);
    return json;
  }
  if (const auto* array = node.as_array()) {
    auto json = base::Json::array();
    for (const auto& value : *array) json.push_back(json_of(value));
    return json;
  }
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return *number;
  if (const auto number = node.value_exact<double>()) return *number;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  std::ostringstream text;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_chronological<decltype(value)>) text << value.get();
  });
  return text.str();
}

}  // namespace

bool is_override(const toml::source_region& source) {
  return source.path && std::string_view(*source.path).starts_with(override_mark);
}

base::Where place_of(const toml::source_region& source) {
  if (is_override(source)) return {.file = *source.path};
  return {.file = source.path ? *source.path : "",
          .line = static_cast<int>(source.begin.line),
          .column = static_cast<int>(source.begin.column)};
}

std::string toml_string(std::string_view text) {
  auto result = base::Json(std::string(text)).dump(-1, ' ', false, base::Json::error_handler_t::replace);
  for (std::size_t at = 0; (at = result.find('\x7f', at)) != std::string::npos;) result.replace(at, 1, "\\u007f");
  return result;
}

toml::table parse_toml(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, std::string_view(name));
  } catch (const toml::parse_error& error) {
    rethrow(error, name);
  }
}

Node Document::parse(std::string_view text, const std::string& name, const std::vector<std::string>& overrides,
                     const std::function<bool(std::string_view)>& takes_text) {
  auto document = std::make_shared<toml::table>(parse_toml(text, name));
  int number = 0;
  for (const auto& entry : overrides) apply_override(*document, entry, ++number, takes_text);
  Node root;
  root.node_ = static_cast<const toml::node*>(document.get());
  root.where_ = {.file = name};
  root.document_ = std::move(document);
  return root;
}

bool Node::is_table() const { return node_ && as_toml(node_).is_table(); }
bool Node::is_array() const { return node_ && as_toml(node_).is_array(); }
bool Node::is_string() const { return node_ && as_toml(node_).is_string(); }
bool Node::is_integer() const { return node_ && as_toml(node_).is_integer(); }
bool Node::is_number() const { return node_ && as_toml(node_).is_number(); }
bool Node::is_bool() const { return node_ && as_toml(node_).is_boolean(); }

std::string Node::type_name() const {
  if (!node_) return "nothing";
  switch (as_toml(node_).type()) {
    case toml::node_type::table:
      return "table";
    case toml::node_type::array:
      return "array";
    case toml::node_type::string:
      return "string";
    case toml::node_type::integer:
      return "integer";
    case toml::node_type::floating_point:
      return "float";
    case toml::node_type::boolean:
      return "boolean";
    default:
      return "date or time";
  }
}

void Node::mismatch(const char* wanted) const {
  if (!node_) fail(fmt::format("is missing; {} is expected here", wanted));
  fail(fmt::format("expected {}, found {}{}", wanted, described(as_toml(node_)), quote_hint(as_toml(node_), wanted)));
}

std::int64_t Node::integer() const {
  if (!is_integer()) mismatch("an integer");
  return *as_toml(node_).value_exact<std::int64_t>();
}

double Node::number() const {
  if (!is_number()) mismatch("a number");
  // toml++ converts no integer that a double cannot hold exactly.
  return is_integer() ? static_cast<double>(integer()) : *as_toml(node_).value_exact<double>();
}

std::string Node::string() const {
  if (!is_string()) mismatch("a string");
  return *as_toml(node_).value_exact<std::string>();
}

bool Node::boolean() const {
  if (!is_bool()) mismatch("true or false");
  return *as_toml(node_).value_exact<bool>();
}

std::vector<std::pair<std::string, Node>> Node::items() const {
  std::vector<std::pair<std::string, Node>> children;
  const auto child = [&](const toml::node& value, std::string path, const toml::source_region& source) {
    Node node;
    node.document_ = document_;
    node.node_ = &value;
    node.path_ = std::move(path);
    node.where_ = place_of(is_override(value.source()) ? value.source() : source);
    return node;
  };
  if (is_table()) {
    std::vector<std::tuple<bool, toml::source_position, std::string_view, const toml::node*, const toml::key*>> rows;
    for (auto&& [key, value] : *as_toml(node_).as_table()) {
      rows.emplace_back(is_override(key.source()), key.source().begin, key.str(), &value, &key);
    }
    std::sort(rows.begin(), rows.end());
    for (const auto& [later, position, name, value, key] : rows) {
      const auto path = path_.empty() ? toml_key(name) : path_ + "." + toml_key(name);
      children.emplace_back(name, child(*value, path, key->source()));
    }
  } else if (is_array()) {
    for (const auto& value : *as_toml(node_).as_array()) {
      children.emplace_back("", child(value, fmt::format("{}[{}]", path_, children.size()), value.source()));
    }
  }
  return children;
}

Node Node::at(std::string_view key) const {
  if (!is_table() || as_toml(node_).as_table()->get(key) == nullptr) return {};
  for (auto& [name, child] : items()) {
    if (name == key) return child;
  }
  return {};
}

Node Node::item(std::size_t index) const {
  if (!is_array() || index >= size()) return {};
  return items()[index].second;
}

bool Node::from_override() const { return node_ && is_override(as_toml(node_).source()); }

std::size_t Node::size() const {
  if (is_table()) return as_toml(node_).as_table()->size();
  if (is_array()) return as_toml(node_).as_array()->size();
  return 0;
}

base::Json Node::json() const { return node_ ? json_of(as_toml(node_)) : base::Json(); }

void Node::fail(const std::string& message, const std::string& nearest) const {
  throw Error(Exit::config, where(), path_.empty() ? message : path_ + ": " + message).with_nearest(nearest);
}

std::string toml_key(std::string_view key) {
  const auto bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), bare) ? std::string(key) : toml_string(key);
}

std::string to_toml(const base::Json& value, int depth) {
  if (value.is_object()) {
    std::vector<std::string> parts;
    for (const auto& [key, below] : value.items()) parts.push_back(toml_key(key) + " = " + to_toml(below));
    return parts.empty() ? "{}" : "{ " + base::join(parts, ", ") + " }";
  }
  if (value.is_array()) {
    std::vector<std::string> parts;
    for (const auto& below : value) parts.push_back(to_toml(below));
    const bool tables = depth == 0 && !value.empty() && value.front().is_object();
    return tables ? "[\n  " + base::join(parts, ",\n  ") + ",\n]" : "[" + base::join(parts, ", ") + "]";
  }
  if (value.is_string()) return toml_string(value.get<std::string>());
  if (!value.is_number_float()) return value.dump();
  auto text = fmt::format("{}", value.get<double>());
  return text.find_first_of(".enf") == std::string::npos ? text + ".0" : text;
}

}  // namespace assay::config
