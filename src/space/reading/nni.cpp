#include "space/reading/nni.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"
#include "space/domain.hpp"
#include "space/reading/placed_json.hpp"

namespace assay::space {
namespace {

using base::Json;

constexpr std::int64_t longest_unordered_range = 1000;

const std::vector<std::string> types{"choice",      "randint", "uniform", "quniform",  "loguniform",
                                     "qloguniform", "normal",  "qnormal", "lognormal", "qlognormal"};

class Importer {
 public:
  Importer(Registry& registry, Role role) : registry_(registry), role_(role) {}

  /// An object of parameters; `_name` is no parameter.
  Json space(const PlacedJson& object, const std::string& prefix, const std::vector<Condition>& conditions) {
    auto result = Json::object();
    for (const auto& [key, spec] : object.items) {
      if (key == "_name") {
        result[key] = spec.scalar;
        continue;
      }
      result[key] = parameter(spec, key, prefix + "." + key, conditions);
    }
    return result;
  }

 private:
  Json parameter(const PlacedJson& spec, const std::string& key, const std::string& name,
                 const std::vector<Condition>& conditions) {
    if (key.empty()) spec.fail("a parameter's name must not be empty");
    const auto* type = spec.find("_type");
    const auto* value = spec.find("_value");
    if (type == nullptr || value == nullptr) {
      spec.fail(fmt::format("{} needs _type and _value: {{\"_type\": \"uniform\", \"_value\": [0, 1]}}", key));
    }
    for (const auto& [word, other] : spec.items) {
      if (word != "_type" && word != "_value") {
        other.fail(fmt::format("unknown key {} in {}; a parameter has _type and _value", word, key));
      }
    }
    if (!type->scalar.is_string()) type->fail("_type is a text such as \"choice\"");
    const auto kind = type->scalar.get<std::string>();
    if (std::find(types.begin(), types.end(), kind) == types.end()) {
      const auto nearest = base::nearest_word(kind, types);
      type->fail(
          fmt::format("unknown _type {} of {}{}; NNI has {}", kind, key,
                      nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest), base::join(types, ", ")),
          nearest);
    }
    if (!value->is_array()) value->fail(fmt::format("_value of {} must be a list", key));
    if (kind == "choice") return choice(spec, *value, name, conditions);
    Parameter made{name, kind == "randint" ? randint(*value) : range(*value, kind), role_, conditions, spec.where};
    made.domain.initial = middle(made.domain);
    return add(std::move(made), name);
  }

  Json add(Parameter made, const std::string& name) {
    if (const auto* known = registry_.find(name)) {  // {"a": {"_name": "b", "c": ..}} beside "a.b.c"
      throw base::Error(base::Exit::config, made.where,
                        fmt::format("the parameter name {} is used twice, also at {}; rename one of them", name,
                                    base::to_string(known->where)));
    }
    Json placeholder{{"$param", name}};
    registry_.add(std::move(made), "imported " + name, placeholder);
    return placeholder;
  }

  Json choice(const PlacedJson& spec, const PlacedJson& list, const std::string& name,
              const std::vector<Condition>& conditions) {
    if (list.items.empty()) list.fail("an empty choice; list at least one value");
    const bool nested = std::all_of(list.items.begin(), list.items.end(), [](const auto& item) {
      return item.second.is_object() && item.second.find("_name") != nullptr;
    });
    Parameter made{name, {}, role_, conditions, spec.where};
    made.domain.kind = Kind::choice;
    auto cases = Json::object();
    for (const auto& [ignored, item] : list.items) {
      const auto value = nested ? Value{label_of(item)} : plain(item, cases);
      const auto& known = made.domain.items;
      if (std::any_of(known.begin(), known.end(), [&](const auto& other) { return same(other, value); })) {
        item.fail(fmt::format("{} is listed twice; remove it or give it another _name", to_text(value)));
      }
      made.domain.items.push_back(value);
    }
    made.domain.initial = made.domain.items.front();
    auto placeholder = add(std::move(made), name);
    if (nested) {
      for (const auto& [ignored, item] : list.items) {
        const auto label = label_of(item);
        auto inner = conditions;
        inner.push_back({name, {Value{label}}, std::nullopt});
        cases[label] = space(item, name + "." + label, inner);
      }
    }
    if (!cases.empty()) {
      placeholder["$case"] = std::move(cases);
      registry_.set_placeholder(name, placeholder);
    }
    return placeholder;
  }

  static std::string label_of(const PlacedJson& item) {
    const auto* label = item.find("_name");
    if (!label->scalar.is_string() || label->scalar.get<std::string>().empty()) {
      label->fail("_name is a text such as \"conv\"");
    }
    return label->scalar.get<std::string>();
  }

  /// Lists and objects without _name are handed over as they are, and labelled by their text.
  static Value plain(const PlacedJson& item, Json& cases) {
    if (item.is_object()) item.fail("items of a choice are numbers, texts, or all of them objects with _name");
    if (item.is_array()) {
      auto label = item.json().dump();
      cases[label] = item.json();
      return label;
    }
    if (item.scalar.is_null()) item.fail("null is no value; write a text such as \"none\"");
    if (item.scalar.is_boolean()) return item.scalar.get<bool>();
    if (item.scalar.is_number_integer()) return item.scalar.get<std::int64_t>();
    if (item.scalar.is_number()) return item.scalar.get<double>() + 0.0;
    return item.scalar.get<std::string>();
  }

  static std::vector<double> numbers(const PlacedJson& list, std::size_t count, const char* meaning) {
    if (list.items.size() != count) {
      list.fail(fmt::format("_value has {} values; it is {}", list.items.size(), meaning));
    }
    std::vector<double> result;
    for (const auto& [ignored, item] : list.items) {
      if (!item.is_number()) item.fail(fmt::format("{} is no number; _value is {}", item.json().dump(), meaning));
      result.push_back(item.scalar.get<double>() + 0.0);
    }
    return result;
  }

  static Domain randint(const PlacedJson& list) {
    const auto ends = numbers(list, 2, "[lower, upper], and the upper end is never drawn");
    const double lo = std::ceil(ends[0]), hi = std::ceil(ends[1]);
    if (!(lo < hi)) {
      list.fail(fmt::format("[{}, {}] holds no integer (the upper end is never drawn); widen it", ends[0], ends[1]));
    }
    if (std::max(std::abs(lo), std::abs(hi)) > 9e15) list.fail("the range is too wide; no search can use it");
    Domain domain;
    if (hi - lo > longest_unordered_range) {
      domain.kind = Kind::integer;
      domain.lo = lo;
      domain.hi = hi - 1;
      return domain;
    }
    domain.kind = Kind::choice;
    for (auto number = static_cast<std::int64_t>(lo); number < static_cast<std::int64_t>(hi); ++number) {
      domain.items.emplace_back(number);
    }
    return domain;
  }

  static Domain range(const PlacedJson& list, const std::string& kind) {
    const bool steps = kind.front() == 'q', normal = kind.ends_with("normal");
    const auto* const meaning = normal  ? (steps ? "[mu, sigma, q]" : "[mu, sigma]")
                                : steps ? "[low, high, q]"
                                        : "[low, high]";
    const auto given = numbers(list, steps ? 3 : 2, meaning);
    Domain domain;
    domain.kind = normal ? Kind::normal : Kind::real;
    domain.log = kind.find("log") != std::string::npos;
    domain.lo = given[0];
    domain.hi = given[1];
    if (normal && !(domain.hi > 0)) list.fail(fmt::format("sigma is {}; it must be above 0", domain.hi));
    if (!normal && !(domain.lo < domain.hi)) {
      list.fail(fmt::format("[{}, {}] is no range: the first number must be below the second", domain.lo, domain.hi));
    }
    if (!normal && domain.log && domain.lo <= 0) {
      list.fail(fmt::format("a logarithmic range must start above 0, not at {}", domain.lo));
    }
    if (!normal && !(domain.hi - domain.lo <= 1e300)) list.fail("the range is too wide; no search can use it");
    if (normal) {
      if (const auto why = out_of_range(domain); !why.empty()) list.fail(why);
    }
    if (!steps) return domain;
    domain.step = given[2];
    domain.rounded = !normal;
    if (!(domain.step > 0)) list.fail(fmt::format("q is {}; it must be above 0", domain.step));
    if (!normal && domain.step > domain.hi - domain.lo) {
      list.fail(fmt::format("q is {}, wider than the range [{}, {}]", domain.step, domain.lo, domain.hi));
    }
    if (!normal && std::max(std::abs(domain.lo), std::abs(domain.hi)) / domain.step > 1e15) {
      list.fail(
          fmt::format("q = {} cuts the range into over 10^15 pieces; use {} instead", domain.step, kind.substr(1)));
    }
    return domain;
  }

  Registry& registry_;
  Role role_;
};

}  // namespace

Json import_nni(Registry& registry, const std::string& text, const std::string& file, const std::string& prefix,
                Role role) {
  const auto root = parse_placed(text, file);
  if (!root.is_object()) root.fail("a search space is an object: {\"lr\": {\"_type\": .., \"_value\": ..}}");
  if (root.items.empty()) root.fail("the search space has no parameters");
  return Importer(registry, role).space(root, prefix, {});
}

}  // namespace assay::space
