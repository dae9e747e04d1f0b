#include "space/reading/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.hpp"
#include "base/text.hpp"
#include "config/check.hpp"
#include "space/reading/read_domain.hpp"

namespace assay::space {
namespace {

using config::Node;

/// Longer ones are no names.
constexpr std::size_t longest_label = 80;

bool holds_tables(const Node& node) {
  return node.is_array() && node.size() > 0 && node.items().front().second.is_table();
}

bool holds_domains(const Node& node) {
  if (is_domain(node)) return true;
  if (!node.is_table() && !node.is_array()) return false;
  const auto items = node.items();
  return std::any_of(items.begin(), items.end(), [](const auto& item) { return holds_domains(item.second); });
}

/// The key that plain_label() reads; "" if there is none.
std::string label_key(const Node& table) {
  for (const auto* key : {"name", "op", "use"}) {
    const auto label = table.at(key);
    if (label && label.is_string()) return key;
  }
  return "";
}

std::string content_of(const Node& node);

/// "kernel=3, width=8": keys by name, so that their order in the file is no matter.
std::string fields_of(const Node& table, const std::string& but) {
  auto fields = table.items();
  std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> texts;
  for (const auto& [key, value] : fields) {
    if (key != but) texts.push_back(key + "=" + content_of(value));
  }
  return base::join(texts, ", ");
}

std::string content_of(const Node& node) {
  if (node.is_string()) return node.string();
  if (node.is_table()) return "{" + fields_of(node, "") + "}";
  if (!node.is_array()) return node.json().dump();
  std::vector<std::string> texts;
  for (const auto& [key, item] : node.items()) texts.push_back(content_of(item));
  return "[" + base::join(texts, ", ") + "]";
}

std::string long_label(const Node& item) {
  if (item.is_array()) {
    std::vector<std::string> texts;
    for (const auto& [key, block] : item.items()) texts.push_back(long_label(block));
    return base::join(texts, "+");
  }
  if (!item.is_table()) return content_of(item);
  const auto fields = fields_of(item, label_key(item)), head = plain_label(item);
  return head.empty() || fields.empty() ? head + fields : fmt::format("{}({})", head, fields);
}

[[noreturn]] void ask_for_name(const Node& item, const std::string& why) {
  item.fail(fmt::format("{}: add name = \"..\" to {}", why, item.is_array() ? "one of its blocks" : "it"));
}

std::string told_by_content(const Node& item) {
  if (holds_domains(item)) {
    ask_for_name(item, "an item with domains needs a label of its own, for its parameters are called after it");
  }
  auto label = long_label(item);
  const bool readable = label.find_first_of("'\"\n\\") == std::string::npos && label.size() <= longest_label;
  if (label.empty() || !readable) ask_for_name(item, "an item of a choice that nothing short tells apart");
  return label;
}

}  // namespace

std::string plain_label(const Node& item) {
  if (item.is_array()) {
    std::vector<std::string> texts;
    for (const auto& [key, block] : item.items()) {
      texts.push_back(plain_label(block));
      if (texts.back().empty()) return "";
    }
    return base::join(texts, "+");
  }
  const auto key = label_key(item);
  return key.empty() ? "" : item.at(key).string();
}

bool same_content(const Node& a, const Node& b) {
  if (a.is_table() != b.is_table() || a.is_array() != b.is_array()) return false;
  if (!a.is_table() && !a.is_array()) return a.json() == b.json();
  const auto ours = a.items(), theirs = b.items();
  if (ours.size() != theirs.size()) return false;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto other = a.is_table() ? b.at(ours[i].first) : theirs[i].second;
    if (!other || !same_content(ours[i].second, other)) return false;
  }
  return true;
}

std::vector<std::string> labels_of(const std::vector<Node>& items) {
  std::map<std::string, int> total, named;
  std::vector<std::string> labels;
  for (const auto& item : items) {
    const bool structured = item.is_table() || holds_tables(item);
    labels.push_back(structured ? plain_label(item) : "");
    ++total[labels.back()];
    if (item.is_table() && item.at("name") && ++named[labels.back()] > 1) {
      item.at("name").fail("two items of this choice have the name " + labels.back());
    }
  }
  std::map<std::string, Node> known;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& item = items[i];
    if (!item.is_table() && !holds_tables(item)) continue;
    if (labels[i].empty() || (total[labels[i]] > 1 && !item.at("name"))) labels[i] = told_by_content(item);
    const auto [other, fresh] = known.emplace(labels[i], item);
    if (fresh) continue;
    if (same_content(other->second, item)) item.fail(labels[i] + " is listed twice");
    ask_for_name(item, fmt::format("another item of this choice is called {} too", labels[i]));
  }
  return labels;
}

}  // namespace assay::space
