#include "space/reading/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/text.hpp"
#include "config/check.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"
#include "space/constraints/expression.hpp"
#include "space/domain.hpp"
#include "space/reading/names.hpp"
#include "space/reading/nni.hpp"
#include "space/reading/read_domain.hpp"
#include "space/reading/template.hpp"

namespace assay::space {

using config::Node;

namespace {

/// Of what stands below [params]; a key without a role is a setting of the training.
Role role_of(const std::string& key) {
  return key == "model" ? Role::architecture : key == "augment" ? Role::augmentation : Role::training;
}

}  // namespace

Loader::Loader(const config::Config& config, std::string_view overlay, std::string_view values)
    : config_(config), overlay_(overlay), values_(values), reader_(registry_, config.node("define")) {
  read_model();
  read_section("training", Role::training);
  read_section("augment", Role::augmentation);
  read_params();
  read_import();
  registry_.check_references();
  resolve_references(pattern, registry_.placeholders());
  read_constraints();
  check_fidelities();
  parameters = registry_.parameters();
}

void Loader::read_model() {
  const auto model = config_.node("model");
  if (!model) return;
  const Scope scope{Role::architecture, true, {}};
  auto& result = pattern["model"] = base::Json::object();
  for (const auto& [key, node] : model.items()) {
    if (key == "blocks") {
      result[key] = reader_.blocks(node, "", "", scope);
    } else if (key == "input") {
      result[key] = reader_.value(node, "model.input", scope);
    } else {
      const auto nearest = base::nearest_word(key, {"input", "blocks"});
      node.fail(fmt::format("unknown key {} in [model]; it takes input and blocks", key), nearest);
    }
  }
  const auto defines = config_.node("define");
  if (!defines) return;
  for (const auto& [name, node] : defines.items()) {
    if (std::find(reader_.used().begin(), reader_.used().end(), name) != reader_.used().end()) continue;
    remarks.push_back(fmt::format("{}: [define.{}] is never used", base::to_string(node.where()), name));
  }
}

Node Loader::overlaid(const std::string& stage, const std::string& place) const {
  return stage.empty() ? Node() : config_.node(stage + "." + place);
}

void Loader::read_section(const std::string& name, Role role) {
  auto& result = pattern[name] = base::Json::object();
  const auto concrete = config_.section(name, values_), searched = config_.section(name, overlay_);
  for (const auto& [key, ignored] : searched.items()) {
    const auto place = name + "." + key;
    auto node = overlaid(overlay_, place);
    if (!node) node = config_.node(place);
    if (node && is_domain(node)) {
      result[key] = reader_.value(node, place, {role, false, {}});
      const auto* setting = config::find_setting(place);
      const auto* parameter = registry_.find(result[key].value("$param", ""));
      if (setting != nullptr && parameter != nullptr) check_against(*setting, parameter->domain, node);
      const auto fixed = values_ == overlay_ ? Node() : overlaid(values_, place);
      if (fixed && is_domain(fixed)) fixed.fail("one value is needed here: only the search draws values");
      if (fixed) result[key] = concrete.at(key);
      continue;
    }
    const auto& written = concrete.at(key);
    if (written.is_object() && node) {
      node.fail("expected a value or a domain (choice, int, float, normal, subset or ref)");
    }
    if (written.is_number()) registry_.add_fixed(place, written.get<double>());
    result[key] = written;
  }
}

void Loader::read_params() {
  const auto params = config_.node("params");
  if (!params) return;
  auto& result = pattern["params"] = base::Json::object();
  for (const auto& [key, node] : params.items()) {
    result[key] = reader_.value(node, "params." + key, {role_of(key), false, {}});
  }
}

void Loader::read_import() {
  const auto node = config_.node("space.import");
  if (!node) return;
  const auto file = config_.text("space.import");
  const auto section = config_.has("space.role") ? config_.text("space.role") : std::string("training");
  const auto text = os::try_read_file(file);
  if (!text) node.fail(fmt::format("there is no file {}; name NNI's search_space.json, relative to this file", file));
  const auto imported = import_nni(registry_, *text, file, "params." + section, role_of(section));
  auto& table = pattern["params"][section];
  for (const auto& [key, value] : imported.items()) {
    if (table.contains(key)) node.fail(fmt::format("[params.{}] has {} too; remove one of the two", section, key));
    table[key] = value;
  }
}

std::optional<Meaning> Loader::meaning_of(const std::string& name) const {
  for (const auto& candidate : {name, name + ".width"}) {
    if (const auto place = registry_.place(candidate)) {
      const auto& domain = registry_.parameters()[*place].domain;
      Meaning meaning{.parameter = *place, .type = Type::label};
      const auto flags = std::all_of(domain.items.begin(), domain.items.end(),
                                     [](const auto& item) { return std::holds_alternative<bool>(item); });
      if (domain.kind != Kind::subset && all_numbers(domain)) {
        meaning.type = Type::number;
      } else if (domain.kind == Kind::choice && flags) {
        meaning.type = Type::truth;
      } else if (domain.kind == Kind::choice) {
        for (const auto& item : domain.items) meaning.labels.push_back(to_text(item));
      }
      return meaning;
    }
    if (const auto number = registry_.fixed(candidate)) return Meaning{.fixed = number};
  }
  const auto full = registry_.ending(name);
  return full.size() == 1 ? meaning_of(full.front()) : std::nullopt;
}

bool Loader::is_label(const std::string& text) const {
  return std::any_of(registry_.parameters().begin(), registry_.parameters().end(), [&](const auto& parameter) {
    const auto& items = parameter.domain.items;
    return parameter.domain.kind == Kind::choice && std::find(items.begin(), items.end(), Value(text)) != items.end();
  });
}

void Loader::read_constraints() {
  const auto list = config_.node("constraint");
  if (!list) return;
  for (const auto& [key, item] : list.items()) {
    const auto node = item.at("require");
    if (!node) continue;
    const auto unknown = [&, node = node](const std::string& name) {
      const auto several = registry_.ending(name);
      if (!several.empty())
        node.fail(fmt::format("{} may mean {}; write the full name", name, base::join(several, " or ")));
      if (is_label(name))
        node.fail(fmt::format("no parameter is called {}; if the label is meant, quote it: \"{}\"", name, name));
      const auto nearest = registry_.nearest(name);
      node.fail(fmt::format("no parameter is called {}{}", name, remedy_for_name(nearest, registry_.names())), nearest);
    };
    try {
      const auto expression = parse_expression(
          node.string(), [&](const auto& name) { return meaning_of(name); }, unknown);
      constraints.push_back(
          {node.string(), node.where(), std::make_shared<const Expression>(expression), parameters_in(expression)});
    } catch (const std::invalid_argument& error) {
      node.fail(fmt::format("\"{}\" is no constraint: {}", node.string(), error.what()));
    }
  }
}

void Loader::check_fidelities() const {
  const auto candidates = config_.node("proxy.candidate");
  if (!candidates) return;
  for (const auto& [key, candidate] : candidates.items()) {
    const auto epochs = candidate.at("epochs");
    if (!epochs) continue;
    for (const auto& parameter : registry_.parameters()) {
      const auto& path = registry_.path(parameter.name);
      if (path != "training.epochs" && path != overlay_ + ".training.epochs") continue;
      epochs.fail(
          fmt::format("training.epochs is searched ({}), so proxies cannot differ in it; fix training.epochs or leave "
                      "epochs out of the candidates",
                      base::to_string(parameter.where)));
    }
  }
}

}  // namespace assay::space
