// What a change of a key means (DESIGN 3): values by class, and what a process at work takes up.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/hash.hpp"
#include "config/data.hpp"
#include "config/document.hpp"
#include "config/path.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"

namespace assay::config {
namespace {

using base::Json;

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

/// `constraint[3].require` -> `constraint[0].require` where it is the first of its kind: limits of metrics, which only
/// judge, may come and go before it.
std::string relation_key(std::size_t rank) { return fmt::format("constraint[{}].require", rank); }

/// The place of `constraint[3].require`; nothing for another key.
std::optional<std::size_t> relation_index(std::string_view key) {
  if (!key.starts_with("constraint[") || !key.ends_with("].require")) return std::nullopt;
  return (*steps_of(key))[1].index;
}

template <class Map>
void number_relations(Map& flat) {
  std::map<std::size_t, typename Map::mapped_type> relations;
  for (auto row = flat.begin(); row != flat.end();) {
    const auto index = relation_index(row->first);
    if (index) relations[*index] = row->second;
    row = index ? flat.erase(row) : std::next(row);
  }
  std::size_t rank = 0;
  for (const auto& [index, value] : relations) flat[relation_key(rank++)] = value;
}

/// Whether a process at work takes up what a row says.
bool is_taken_up(const Setting& row) { return row.key_class == KeyClass::judging || row.key_class == KeyClass::limit; }

/// The override that makes `mine` to `theirs` (null: not there), if they differ.
void add_change(const std::string& key, const Node& mine, const Json& theirs, std::vector<std::string>& changes) {
  if (mine.json() == theirs) return;
  changes.push_back(key + "=" + (theirs.is_null() ? "" : to_toml(theirs)));
}

/// An entry of a list of tables in which no key is of another class.
bool entry_is_taken_up(const Node& entry) {
  const auto keys = entry.items();
  return std::all_of(keys.begin(), keys.end(), [](const auto& pair) {
    const auto* row = find_setting(pair.second.path());
    return row != nullptr && is_taken_up(*row);
  });
}

/// The entries in whatever order; relations between parameters go to the end of the list.
void add_list(const std::string& key, const Node& mine, const Json& entries, std::vector<std::string>& changes) {
  std::vector<std::string> before, now;
  for (const auto& [name, item] : mine.items()) before.push_back(item.json().dump());
  for (const auto& item : entries) now.push_back(item.dump());
  if (std::is_permutation(before.begin(), before.end(), now.begin(), now.end())) return;
  changes.push_back(key + "=" + (entries.empty() ? "" : to_toml(entries)));
}

}  // namespace

std::string to_string(KeyClass key_class) {
  static const char* names[] = {"identity", "judging", "limit", "site"};
  return names[static_cast<int>(key_class)];
}

KeyClass key_class(std::string_view key) {
  for (auto path = std::string(key); !path.empty();) {
    if (const auto* row = find_setting(path)) return row->key_class;
    const auto cut = path.find_last_of(".[");
    path.resize(cut == std::string::npos ? 0 : cut);  // a key inside a free table has the table's class
  }
  return KeyClass::identity;
}

std::map<std::string, std::string> Config::values(KeyClass key_class, const std::vector<std::string>& prefixes) const {
  std::map<std::string, std::string> flat;
  const auto add = [&](const std::string& key, const Setting& row, const Node& node) {
    if (row.key_class != key_class) return;
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
  return flat;
}

std::map<std::string, std::string> Config::identity(const std::vector<std::string>& prefixes) const {
  auto flat = values(KeyClass::identity, prefixes);
  number_relations(flat);
  // What the file says is what counts, not where it lies.
  if (const auto file = flat.find("space.import"); file != flat.end()) {
    if (const auto text = os::try_read_file(this->text("space.import"))) {
      file->second = "content " + base::short_hash(*text);
    }
  }
  return flat;
}

Json identity_only(const Json& flat) {
  std::map<std::string, Json> kept;
  for (const auto& [key, value] : flat.items()) {
    if (key_class(key) == KeyClass::identity) kept[key] = value;
  }
  number_relations(kept);
  auto json = Json::object();
  for (const auto& [key, value] : kept) json[key] = value;
  return json;
}

std::vector<std::string> Config::taken_up(const Config& fresh) const {
  std::vector<std::string> changes;
  const auto add = [&](const std::string& key) { add_change(key, node(key), fresh.node(key).json(), changes); };
  std::set<std::string> lists;
  for (const auto& row : settings()) {
    const std::string key(row.key);
    if (const auto list = key.find("[]"); list != std::string::npos) {
      lists.insert(key.substr(0, list));
    } else if (!is_taken_up(row)) {
      continue;
    } else if (const auto any = key.find(".*"); any != std::string::npos) {
      // What there is to judge is identity.
      for (const auto& [name, node] : node(key.substr(0, any)).items()) add(node.path() + key.substr(any + 2));
    } else {
      add(key);
    }
  }
  for (const auto& list : lists) {
    auto entries = Json::array();
    for (const auto& [key, item] : fresh.node(list).items()) {
      if (entry_is_taken_up(item)) entries.push_back(item.json());
    }
    for (const auto& [key, item] : node(list).items()) {
      if (!entry_is_taken_up(item)) entries.push_back(item.json());
    }
    add_list(list, node(list), entries, changes);
  }
  return changes;
}

}  // namespace assay::config
