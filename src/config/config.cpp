// Config over a checked document: typed values with defaults, overlays, run.toml, identity.
#include "config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "base/version.hpp"
#include "config/data.hpp"
#include "config/document.hpp"
#include "config/path.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"

namespace assay::config {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Exit;
using base::Json;

constexpr std::array overlay_sections = {"training", "augment"};

bool takes_text(std::string_view key) {
  const auto* row = find_setting(key);
  return row != nullptr && (row->type == Type::text || row->type == Type::duration || row->type == Type::path);
}

/// Rows that have one key, as opposed to patterns with * and [].
bool is_concrete(const Setting& row) { return row.key.find_first_of("*[") == std::string_view::npos; }

/// "key=" of a key that there is not: nothing would be taken out, and nobody would know.
void check_removal(const std::string& override) {
  const auto cut = cut_override(override);
  if (!cut || !cut->second.empty() || may_stand(cut->first)) return;
  const auto near = nearest_key(cut->first);
  throw Error(Exit::config, {.file = "--set " + override},
              fmt::format("{}: unknown key{}", cut->first, near.empty() ? "" : "; did you mean " + near + "?"))
      .with_nearest(near);
}

}  // namespace

std::shared_ptr<const Config::Data> Config::Data::make(std::string text, std::string name, fs::path folder,
                                                       fs::path beside, std::vector<std::string> overrides) {
  auto data = std::make_shared<Data>();
  data->root = Document::parse(text, name, overrides, takes_text);
  data->written = check(data->root);
  for (const auto& override : overrides) check_removal(override);
  data->text = std::move(text);
  data->name = std::move(name);
  data->folder = std::move(folder);
  data->beside = std::move(beside);
  data->overrides = std::move(overrides);
  data->check_times();
  return data;
}

Node Config::Data::value(std::string_view key) const {
  const auto found = written.find(std::string(key));
  if (found != written.end()) return found->second.node;
  const auto initial = defaults().find(key);
  return initial != defaults().end() ? initial->second : Node();
}

Node Config::Data::need(std::string_view key, std::initializer_list<Type> types) const {
  const auto* row = find_setting(key);
  base::require(row != nullptr && std::find(types.begin(), types.end(), row->type) != types.end(),
                "\"{}\" is not a key of this type in the settings table", key);
  auto node = value(key);
  if (!node) throw Error(Exit::config, {.file = name}, fmt::format("{} is missing: {}", key, row->help));
  if (node.is_table()) node.fail("is a search domain, but one value is needed here");
  return node;
}

std::string Config::Data::find_path(const std::string& path, const fs::path& from) const {
  const fs::path given(path);
  if (given.is_absolute()) return path;
  std::error_code ignored;
  for (const auto& base : {from, fs::current_path(ignored), fs::path(base::share_folder())}) {
    if (!base.empty() && fs::exists(base / given, ignored))
      return fs::absolute(base / given).lexically_normal().string();
  }
  return path;
}

/// An argument of the command that is a file beside the TOML file: trials run in folders of their own.
std::string Config::Data::find_argument(const std::string& argument, const fs::path& from) {
  std::error_code ignored;
  if (from.empty() || argument.empty() || !fs::is_regular_file(from / argument, ignored)) return argument;
  return fs::absolute(from / argument).lexically_normal().string();
}

Json Config::Data::settled(const Setting& row, const Node& node) const {
  const bool path = row.type == Type::path, command = row.key == "trial.command";
  if (row.key == "search.import") {
    auto entries = node.json();
    for (auto& entry : entries) {
      auto& file = entry.is_object() ? entry.at("file") : entry;
      file = find_path(file.get<std::string>(), node.from_override() ? beside : folder);
    }
    return entries;
  }
  if (!path && !command) return node.json();
  const auto settle = [&](const Node& item) -> Json {
    if (!item.is_string()) return item.json();
    const auto& from = item.from_override() ? beside : folder;
    return path ? find_path(item.string(), from) : find_argument(item.string(), from);
  };
  if (!node.is_array()) return settle(node);
  auto json = Json::array();
  for (const auto& [key, item] : node.items()) json.push_back(settle(item));
  return json;
}

void Config::Data::check_times() const {
  const auto lease = value("study.lease"), beat = value("study.heartbeat");
  if (seconds_of(lease) >= 2 * seconds_of(beat)) return;
  (written.contains("study.lease") ? lease : beat)
      .fail("study.lease must be at least twice study.heartbeat, else living workers lose their trials");
}

const std::map<std::string, Node, std::less<>>& defaults() {
  static const auto all = [] {
    std::map<std::string, Node, std::less<>> nodes;
    for (const auto& row : settings()) {
      if (row.initial.empty()) continue;
      const auto root = Document::parse(fmt::format("{} = {}\n", row.key, row.initial), "defaults", {}, takes_text);
      auto node = root;
      while (node.is_table()) node = node.items().front().second;
      nodes.emplace(row.key, node);
    }
    return nodes;
  }();
  return all;
}

double seconds_of(const Node& node) {
  if (node.is_number()) return node.number();
  const auto text = node.string();
  return text.empty() ? 0 : base::parse_duration(text, node.path());
}

Config Config::load(const fs::path& file, const std::vector<std::string>& overrides) {
  const auto text = os::try_read_file(file);
  if (!text) {
    base::fail(Exit::config, "{}: there is no such configuration file; `assay new {}` writes one", file.string(),
               file.string());
  }
  Config config;
  config.data_ =
      Data::make(*text, file.string(), fs::absolute(file).parent_path(), fs::absolute(file).parent_path(), overrides);
  return config;
}

Config Config::parse(std::string_view text, const std::string& name, const std::vector<std::string>& overrides,
                     const fs::path& beside) {
  Config config;
  config.data_ = Data::make(std::string(text), name, {}, beside, overrides);
  return config;
}

Config Config::with(const std::vector<std::string>& overrides) const {
  auto all = data_->overrides;
  all.insert(all.end(), overrides.begin(), overrides.end());
  Config config;
  config.data_ = Data::make(data_->text, data_->name, data_->folder, data_->beside, std::move(all));
  return config;
}

std::int64_t Config::integer(std::string_view key) const { return data_->need(key, {Type::integer}).integer(); }

double Config::number(std::string_view key) const { return data_->need(key, {Type::number, Type::integer}).number(); }

bool Config::flag(std::string_view key) const { return data_->need(key, {Type::flag}).boolean(); }

double Config::seconds(std::string_view key) const { return seconds_of(data_->need(key, {Type::duration})); }

std::string Config::text(std::string_view key) const {
  const auto node = data_->need(key, {Type::text, Type::path, Type::duration});
  if (node.is_number()) return node.json().dump();
  if (find_setting(key)->type != Type::path) return node.string();
  if (node.is_array() && node.size() > 1) node.fail("one file is expected here, not a list");
  return texts(key).front();
}

std::vector<std::string> Config::texts(std::string_view key) const {
  const auto node = data_->need(key, {Type::texts, Type::path});
  const auto json = data_->settled(*find_setting(key), node);
  if (json.is_string()) return {json.get<std::string>()};
  std::vector<std::string> texts;
  for (const auto& item : json) texts.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  return texts;
}

std::vector<std::int64_t> Config::integers(std::string_view key) const {
  return data_->need(key, {Type::integers}).json().get<std::vector<std::int64_t>>();
}

Node Config::root() const { return data_->root; }

Node Config::node(std::string_view dotted_key) const {
  auto node = data_->root;
  if (dotted_key.empty()) return node;
  auto steps = steps_of(dotted_key);
  if (!steps) {  // names as they are, without the quotes that they would need
    steps.emplace();
    for (auto& name : base::split(dotted_key, '.')) steps->push_back({std::move(name), {}});
  }
  for (const auto& step : *steps) {
    if (!node) break;
    node = step.index ? node.item(*step.index) : node.at(step.key);
  }
  return node;
}

Json Config::section(std::string_view name, std::string_view stage) const {
  const bool overlay =
      !stage.empty() && std::find(overlay_sections.begin(), overlay_sections.end(), name) != overlay_sections.end();
  auto json = Json::object();
  if (const auto written = node(name); written.is_table()) {
    for (const auto& [key, child] : written.items()) json[key] = child.json();
  }
  for (const auto& row : settings()) {
    if (!is_concrete(row) || !row.key.starts_with(std::string(name) + ".")) continue;
    const auto key = row.key.substr(name.size() + 1);
    const auto dot = key.find('.');
    // A section in a section ([trial.table]) is there only if it is written.
    if (dot != std::string_view::npos && !node(fmt::format("{}.{}", name, key.substr(0, dot)))) continue;
    auto value = overlay ? data_->value(fmt::format("{}.{}", stage, row.key)) : Node();
    if (!value) value = data_->value(row.key);
    if (!value) continue;
    auto& parent = dot == std::string_view::npos ? json : json[std::string(key.substr(0, dot))];
    parent[std::string(key.substr(dot == std::string_view::npos ? 0 : dot + 1))] = data_->settled(row, value);
  }
  return json;
}

namespace {

std::string entry(std::string_view key, const Json& value) {
  return fmt::format("{} = {}\n", toml_key(key), to_toml(value, 0));
}

/// Tables that the settings table does not describe key by key, as they were written.
std::string free_tables(const Node& root, std::string_view section) {
  std::string text;
  const auto node = root.at(section);
  if (!node) return text;
  const bool nested = section == "define" || section == "params";
  if (nested) {
    std::string bare;
    for (const auto& [name, value] : node.items()) {
      if (!value.is_table()) bare += entry(name, value.json());
    }
    if (!bare.empty()) text += fmt::format("\n[{}]\n{}", section, bare);
    for (const auto& [name, table] : node.items()) {
      if (!table.is_table()) continue;
      text += fmt::format("\n[{}.{}]\n", section, toml_key(name));
      for (const auto& [key, value] : table.items()) text += entry(key, value.json());
    }
  } else if (node.is_array()) {
    for (const auto& [name, table] : node.items()) {
      text += fmt::format("\n[[{}]]\n", section);
      for (const auto& [key, value] : table.items()) text += entry(key, value.json());
    }
  } else {
    text += fmt::format("\n[{}]\n", section);
    for (const auto& [key, value] : node.items()) text += entry(key, value.json());
  }
  return text;
}

}  // namespace

std::string Config::resolved() const {
  std::string text = "# The resolved configuration: every default written out. `assay set` changes it.\n";
  for (const auto& section : setting_names("")) {
    const auto name = section.ends_with("[]") ? section.substr(0, section.size() - 2) : section;
    const bool concrete = std::any_of(settings().begin(), settings().end(), [&](const Setting& row) {
      return is_concrete(row) && row.type != Type::free && row.key.starts_with(name + ".");
    });
    if (!concrete) {
      text += free_tables(data_->root, name);
      continue;
    }
    const bool overlaid = std::find(overlay_sections.begin(), overlay_sections.end(), name) != overlay_sections.end();
    if (overlaid && !has(name) && by_hand(*this)) continue;  // whoever measures has settings of their own
    text += fmt::format("\n[{}]\n", name);
    const auto values = this->section(name);
    for (const auto& [key, value] : values.items()) {
      const bool overlay = std::find(overlay_sections.begin(), overlay_sections.end(), key) != overlay_sections.end();
      if (!overlay) text += entry(key, value);
    }
    for (const auto* below : overlay_sections) {
      const auto overlay = node(name + "." + below);
      if (overlay) text += fmt::format("\n[{}.{}]\n", name, below);
      for (const auto& [key, value] : overlay.items()) text += entry(key, value.json());
    }
  }
  return text;
}

}  // namespace assay::config
