#include "arch/check_blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "arch/network.hpp"
#include "base/text.hpp"
#include "config/check.hpp"

namespace assay::arch {
namespace {

using config::Node;

constexpr std::array reading_keys{"op", "use", "draw", "name", "repeat"};
constexpr std::array domain_keys{"choice", "int", "float", "normal", "subset", "ref"};
constexpr int deepest_use = 16;

class BlockChecker {
 public:
  explicit BlockChecker(const Node& defines) : defines_(defines) {}

  /// A block, a choice of blocks, or a list of either.
  void visit(const Node& node) const {
    if (node.is_array()) {
      for (const auto& [index, item] : node.items()) visit(item);
    } else if (config::is_domain(node)) {
      for (const auto& [index, item] : node.at("choice").items()) visit(item);
    } else if (node.is_table()) {
      block(node);
    }
  }

 private:
  void block(const Node& node) const {
    const auto ops = ops_of(node);
    if (ops.empty()) return;
    for (const auto& [key, child] : node.items()) {
      const bool reading = std::find(reading_keys.begin(), reading_keys.end(), key) != reading_keys.end();
      const bool blocks = key == "body" || key == "shortcut" || key == "edge";
      if (!reading) check_key(ops, key, child);
      if (blocks) {
        visit(child);
      } else if (key == "edges") {
        for (const auto& [name, edge] : child.items()) visit(edge);
      } else if (key != "from") {
        check_value(key, child);
      }
    }
  }

  /// What the block may be: its own op, or that of the define that it uses; nothing where that is not known.
  std::vector<std::string> ops_of(Node node) const {
    for (int depth = 0; node && depth < deepest_use; ++depth) {
      const auto op = node.at("op");
      if (op && op.is_string()) return {known(op)};
      if (op && op.at("choice")) {
        std::vector<std::string> ops;
        for (const auto& [index, item] : op.at("choice").items()) {
          if (!item.is_string()) return {};
          ops.push_back(known(item));
        }
        return ops;
      }
      const auto use = node.at("use");
      if (op || !use || !use.is_string() || !defines_) return {};
      node = defines_.at(use.string());
    }
    return {};
  }

  static std::string known(const Node& op) {
    const auto name = op.string();
    const auto all = ops();
    if (std::find(all.begin(), all.end(), name) != all.end()) return name;
    const auto near = base::nearest_word(name, all);
    op.fail(fmt::format("there is no op \"{}\"; it is one of {}{}", name, base::join(all, ", "),
                        near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)),
            near);
  }

  static void check_key(const std::vector<std::string>& ops, const std::string& key, const Node& child) {
    std::vector<std::string> all;
    for (const auto& op : ops) {
      for (const auto& known : attributes(op)) {
        if (std::find(all.begin(), all.end(), known) == all.end()) all.push_back(known);
      }
    }
    if (std::find(all.begin(), all.end(), key) != all.end()) return;
    const auto near = base::nearest_word(key, all);
    child.fail(fmt::format("{} has no attribute {}; it has {}{}", base::join(ops, " or "), key, base::join(all, ", "),
                           near.empty() ? "" : fmt::format("; did you mean {}?", near)),
               near);
  }

  static void check_value(const std::string& key, const Node& value) {
    if (key == "width" && value.is_string() && value.string() != "classes")
      value.fail("width is a number, or \"classes\" for as many as the data have", "classes");
    if (!value.is_table() || config::is_domain(value)) return;
    const std::vector<std::string> kinds(domain_keys.begin(), domain_keys.end());
    for (const auto& [word, child] : value.items()) {
      const auto near = base::nearest_word(word, kinds);
      child.fail(fmt::format("{} needs a value or a domain ({}){}", key, base::join(kinds, ", "),
                             near.empty() ? "" : fmt::format("; did you mean {}?", near)),
                 near);
    }
  }

  Node defines_;
};

}  // namespace

void check_blocks(const config::Config& config) {
  const BlockChecker checker(config.node("define"));
  checker.visit(config.node("model.blocks"));
  for (const auto& [name, define] : config.node("define").items()) checker.visit(define);
}

}  // namespace assay::arch
