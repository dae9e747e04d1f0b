// --set and `assay set`: values that take their place in a parsed document.
#include <fmt/format.h>

#include <span>

#include "base/text.hpp"
#include "config/path.hpp"
#include "config/toml.hpp"

namespace assay::config {
namespace {

using base::Error;
using base::Exit;

/// One override on its way into the document.
class Override {
 public:
  Override(const std::string& text, int number, const std::function<bool(std::string_view)>& takes_text)
      : name_(std::string(override_mark) + text) {
    region_.path = std::make_shared<const std::string>(name_);
    region_.begin.line = static_cast<toml::source_index>(number);  // new keys stand in the order of the overrides
    const auto cut = cut_override(text);
    if (!cut) fail("an override is written key=value, for example --set search.max_trials=100");
    auto steps = steps_of(cut->first);
    if (!steps) {
      fail(
          fmt::format("{} is no key; a key is written model.blocks[0].width, names with other characters than letters, "
                      "digits, - and _ in quotes",
                      cut->first));
    }
    steps_ = std::move(*steps);
    takes_away_ = cut->second.empty();
    if (!takes_away_) value_ = parsed(cut->second, takes_text(cut->first));
  }

  void apply(toml::table& document) { into_table(document, steps_, ""); }

 private:
  using Steps = std::span<const Step>;

  [[noreturn]] void fail(const std::string& message) const { throw Error(Exit::config, {.file = name_}, message); }
  [[noreturn]] static void fail(const toml::node& at, const std::string& message) {
    throw Error(Exit::config, place_of(at.source()), message);
  }

  /// The value as a table with the one key x: so it carries the override as its place.
  toml::table parsed(std::string_view value, bool as_text) const {
    const auto quoted = [&] { return parse_toml("x = " + toml_string(value), name_); };
    const bool bare = std::string_view("[{\"'").find(value.front()) == std::string_view::npos;
    const auto text = fmt::format("x = {}", value);
    if (!bare) return single(parse_toml(text, name_));
    try {
      auto table = toml::parse(text, std::string_view(name_));
      if (table.size() == 1 && (!as_text || table.get("x")->is_string())) return table;
    } catch (const toml::parse_error&) {
      // a bare word: text
    }
    return quoted();
  }

  toml::table single(toml::table table) const {
    if (table.size() != 1) fail("this is more than one value; write them in one list or give every key by itself");
    return table;
  }

  /// An empty table or array, in the place of what the path leads through and is not there.
  toml::table container(const Step& next) const { return parse_toml(next.index ? "x = []" : "x = {}", name_); }

  toml::key key_of(const std::string& key) const { return toml::key(key, region_); }

  void into(toml::node& node, Steps rest, const std::string& path) {
    if (auto* table = node.as_table()) return into_table(*table, rest, path);
    into_array(*node.as_array(), rest, path);
  }

  void into_table(toml::table& table, Steps rest, const std::string& path) {
    const auto& step = rest.front();
    auto* const there = table.get(step.key);
    const auto place = path_below(path, step);
    if (rest.size() == 1) {
      if (takes_away_) {
        table.erase(step.key);
      } else {
        value_.get("x")->visit([&](auto& value) { table.insert_or_assign(key_of(step.key), std::move(value)); });
      }
      return;
    }
    if (!leads_on(there, rest[1], place)) {
      if (takes_away_) return;
      auto made = container(rest[1]);
      made.get("x")->visit([&](auto& value) { table.insert_or_assign(key_of(step.key), std::move(value)); });
    }
    into(*table.get(step.key), rest.subspan(1), place);
    if (takes_away_ && rest[1].index && rest.size() == 2) tidy(table, step.key);
  }

  void into_array(toml::array& array, Steps rest, const std::string& path) {
    const auto index = *rest.front().index;
    const auto place = path_below(path, rest.front());
    const bool last = rest.size() == 1;
    if (index > array.size() || (takes_away_ && index == array.size())) {
      fail(array, fmt::format("{}: there is no {}, {}", path, place, what_there_is(array, path)));
    }
    const auto at = array.cbegin() + static_cast<std::ptrdiff_t>(index);
    if (last && takes_away_) {
      took_table_ = at->is_table();
      array.erase(at);
      return;
    }
    const bool there = index < array.size();
    if (last || !there || !leads_on(array.get(index), rest[1], place)) {
      if (!last && takes_away_) return;
      auto made = last ? std::move(value_) : container(rest[1]);
      made.get("x")->visit([&](auto& value) { array.insert(there ? array.erase(at) : at, std::move(value)); });
    }
    if (!last) into(*array.get(index), rest.subspan(1), place);
  }

  /// True if `node` is what the next step needs; a single value may be replaced by it. A list is no table.
  static bool leads_on(const toml::node* node, const Step& next, const std::string& path) {
    if (node == nullptr) return false;
    if (next.index ? node->is_array() : node->is_table()) return true;
    if (const auto* array = node->as_array()) {
      fail(*node, fmt::format("{} is a list: {}", path, what_there_is(*array, path)));
    }
    if (next.index) {
      fail(*node,
           fmt::format("{} is no list, so there is no {}; leave [{}] out", path, path_below(path, next), *next.index));
    }
    return false;
  }

  static std::string what_there_is(const toml::array& array, const std::string& path) {
    const auto next = fmt::format("{}[{}] adds one", path, array.size());
    if (array.empty()) return "it is empty; " + next;
    const auto last = array.size() - 1;
    return last == 0 ? fmt::format("its only entry is {}[0]; {}", path, next)
                     : fmt::format("its entries are {}[0] to {}[{}]; {}", path, path, last, next);
  }

  /// A list of tables without any is left out; an empty list of values may mean "none".
  void tidy(toml::table& table, const std::string& key) {
    const auto* array = table.get_as<toml::array>(key);
    if (array != nullptr && array->empty() && took_table_) table.erase(key);
  }

  std::string name_;
  toml::source_region region_;
  std::vector<Step> steps_;
  toml::table value_;
  bool takes_away_ = false, took_table_ = false;
};

}  // namespace

void apply_override(toml::table& document, const std::string& text, int number,
                    const std::function<bool(std::string_view)>& takes_text) {
  Override(text, number, takes_text).apply(document);
}

}  // namespace assay::config
