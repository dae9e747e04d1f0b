#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "space/domain.hpp"

namespace assay::space {
namespace {

struct ToText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const std::vector<std::string>& value) const { return base::join(value, "+"); }
};

Value value_from_json(const std::string& name, const base::Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>() + 0.0;  // one zero: -0 is the same point
  if (json.is_string()) return json.get<std::string>();
  std::vector<std::string> labels;
  bool texts = json.is_array();
  for (std::size_t i = 0; texts && i < json.size(); ++i) {
    texts = json[i].is_string();
    if (texts) labels.push_back(json[i].get<std::string>());
  }
  if (!texts)
    base::fail(base::Exit::data, "parameter {}: {} is neither a scalar nor a list of texts", name, json.dump());
  return labels;
}

}  // namespace

base::Json to_json(const Params& params) {
  auto json = base::Json::object();
  for (const auto& [name, value] : params) {
    std::visit([&json, &key = name](const auto& held) { json[key] = held; }, value);
  }
  return json;
}

Params params_from_json(const base::Json& json) {
  if (!json.is_object()) base::fail(base::Exit::data, "parameters must be a JSON object, found {}", json.dump());
  Params params;
  for (const auto& [name, value] : json.items()) params.emplace(name, value_from_json(name, value));
  return params;
}

std::string to_text(const Value& value) { return std::visit(ToText{}, value); }

bool same(const Value& a, const Value& b) {
  if (a.index() == b.index()) return a == b;  // two integers are compared exactly, beyond 2^53 too
  const auto x = as_number(a), y = as_number(b);
  return x && y && *x == *y;
}

}  // namespace assay::space
