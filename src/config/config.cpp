// Config over a checked document: typed values with defaults, overlays, run.toml, identity.
#include "config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "base/version.hpp"
#include "config/check.hpp"
#include "config/document.hpp"
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

/// The defaults of all rows as a document of their own, so that they are read like any other value.
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

/// One spelling for equal values: 2e-3 and 0.002, 1 and 1.0 where the row takes any number, "60s" and "1m".
std::string canonical(const Setting& row, const Json& value) {
  if (value.is_number() && row.type == Type::number) return fmt::format("{}", value.get<double>());
  if (value.is_number_float()) return to_toml(value);
  if (value.is_string() && row.type != Type::free) return value.get<std::string>();
  return value.dump();
}

void flatten(const Setting& row, const std::string& path, const Json& value, std::map<std::string, std::string>& into) {
  if (!value.is_structured() || value.empty()) {
    into[path] = canonical(row, value);
  } else if (value.is_object()) {
    for (const auto& [key, below] : value.items()) flatten(row, path + "." + toml_key(key), below, into);
  } else {
    for (std::size_t i = 0; i < value.size(); ++i) flatten(row, fmt::format("{}[{}]", path, i), value[i], into);
  }
}

bool below_prefix(std::string_view key, std::string_view prefix) {
  return key.starts_with(prefix) &&
         (key.size() == prefix.size() || key[prefix.size()] == '.' || key[prefix.size()] == '[');
}

}  // namespace

struct Config::Data {
  std::string text, name;
  fs::path folder;  ///< of the TOML file; empty: none
  std::vector<std::string> overrides;
  Node root;
  std::map<std::string, Written> written;

  static std::shared_ptr<const Data> make(std::string text, std::string name, fs::path folder,
                                          std::vector<std::string> overrides) {
    auto data = std::make_shared<Data>();
    data->root = Document::parse(text, name, overrides, takes_text);
    data->written = check(data->root);
    data->text = std::move(text);
    data->name = std::move(name);
    data->folder = std::move(folder);
    data->overrides = std::move(overrides);
    data->check_times();
    return data;
  }

  /// The value of a row as written or by default; empty if there is neither.
  Node value(std::string_view key) const {
    const auto found = written.find(std::string(key));
    if (found != written.end()) return found->second.node;
    const auto initial = defaults().find(key);
    return initial != defaults().end() ? initial->second : Node();
  }

  /// For getters: a value must be there, and be no domain.
  Node need(std::string_view key, std::initializer_list<Type> types) const {
    const auto* row = find_setting(key);
    base::require(row != nullptr && std::find(types.begin(), types.end(), row->type) != types.end(),
                  "\"{}\" is not a key of this type in the settings table", key);
    auto node = value(key);
    if (!node) throw Error(Exit::config, {.file = name}, fmt::format("{} is missing: {}", key, row->help));
    if (node.is_table()) node.fail("is a search domain, but one value is needed here");
    return node;
  }

  std::string find_path(const std::string& path) const {
    const fs::path given(path);
    if (given.is_absolute()) return path;
    std::error_code ignored;
    for (const auto& base : {folder, fs::current_path(ignored), fs::path(base::share_folder())}) {
      if (!base.empty() && fs::exists(base / given, ignored))
        return fs::absolute(base / given).lexically_normal().string();
    }
    return path;
  }

  /// An argument of the command that is a file beside the TOML file: trials run in folders of their own.
  std::string find_argument(const std::string& argument) const {
    std::error_code ignored;
    if (folder.empty() || argument.empty() || !fs::is_regular_file(folder / argument, ignored)) return argument;
    return fs::absolute(folder / argument).lexically_normal().string();
  }

  Json settled_imports(Json entries) const {
    for (auto& entry : entries) {
      auto& file = entry.is_object() ? entry.at("file") : entry;
      file = find_path(file.get<std::string>());
    }
    return entries;
  }

  /// The value as run.toml and identity give it: paths in full.
  Json settled(const Setting& row, const Node& node) const {
    const bool path = row.type == Type::path, command = row.key == "trial.command";
    if (row.key == "search.import") return settled_imports(node.json());
    auto json = node.json();
    const auto settle = [&](Json& item) {
      if (item.is_string()) item = path ? find_path(item.get<std::string>()) : find_argument(item.get<std::string>());
    };
    if (!path && !command) return json;
    if (!json.is_array()) {
      settle(json);
    } else {
      for (auto& item : json) settle(item);
    }
    return json;
  }

  void check_times() const {
    const auto lease = value("study.lease"), beat = value("study.heartbeat");
    if (seconds_of(lease) >= 2 * seconds_of(beat)) return;
    (written.contains("study.lease") ? lease : beat)
        .fail("study.lease must be at least twice study.heartbeat, else living workers lose their trials");
  }
};

Config Config::load(const fs::path& file, const std::vector<std::string>& overrides) {
  const auto text = os::try_read_file(file);
  if (!text) {
    base::fail(Exit::config, "{}: there is no such configuration file; `assay new {}` writes one", file.string(),
               file.string());
  }
  Config config;
  config.data_ = Data::make(*text, file.string(), fs::absolute(file).parent_path(), overrides);
  return config;
}

Config Config::parse(std::string_view text, const std::string& name, const std::vector<std::string>& overrides) {
  Config config;
  config.data_ = Data::make(std::string(text), name, {}, overrides);
  return config;
}

Config Config::with(const std::vector<std::string>& overrides) const {
  auto all = data_->overrides;
  all.insert(all.end(), overrides.begin(), overrides.end());
  Config config;
  config.data_ = Data::make(data_->text, data_->name, data_->folder, std::move(all));
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
  while (node && !dotted_key.empty()) {
    const auto dot = dotted_key.find('.');
    node = node.at(dotted_key.substr(0, dot));
    dotted_key = dot == std::string_view::npos ? "" : dotted_key.substr(dot + 1);
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

std::map<std::string, std::string> Config::identity(const std::vector<std::string>& prefixes) const {
  std::map<std::string, std::string> flat;
  const auto add = [&](const std::string& key, const Setting& row, const Node& node) {
    if (row.key_class != KeyClass::identity) return;
    if (row.type == Type::duration) {
      flat[key] = fmt::format("{}", seconds_of(node));
    } else {
      flatten(row, key, data_->settled(row, node), flat);
    }
  };
  for (const auto& [key, written] : data_->written) add(key, *written.row, written.node);
  for (const auto& [key, node] : defaults()) {
    if (!data_->written.contains(key)) add(key, *find_setting(key), node);
  }
  std::erase_if(flat, [&](const auto& pair) {
    return std::none_of(prefixes.begin(), prefixes.end(),
                        [&](const auto& prefix) { return below_prefix(pair.first, prefix); });
  });
  // What the file says is what counts, not where it lies.
  if (const auto file = flat.find("space.import"); file != flat.end()) {
    if (const auto text = os::try_read_file(this->text("space.import"))) {
      file->second = "content " + base::short_hash(*text);
    }
  }
  return flat;
}

KeyClass key_class(std::string_view key) {
  for (auto path = std::string(key); !path.empty();) {
    if (const auto* row = find_setting(path)) return row->key_class;
    const auto cut = path.find_last_of(".[");
    path.resize(cut == std::string::npos ? 0 : cut);  // a key inside a free table has the table's class
  }
  return KeyClass::identity;
}

}  // namespace assay::config
