#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "config/check.hpp"
#include "space/domain.hpp"
#include "space/reading/read_domain.hpp"
#include "space/reading/tree_reader.hpp"

namespace assay::space {

using config::Node;

/// One row of the chain block -> define -> define ...: how parameters of the fields written there are called.
struct Level {
  Node table;
  std::string define;  ///< "" for the block itself
  std::string prefix;
  bool per_layer = false;
};

struct Field {
  Node node;
  const Level* level = nullptr;
};

struct TreeReader::Block {
  std::vector<Level> levels;

  /// The field as the nearest level writes it.
  Field find(const std::string& key) const {
    for (const auto& level : levels) {
      if (const auto node = level.table.at(key)) return {node, &level};
    }
    return {};
  }
  /// All keys but those that tell how to read the block; defines first.
  std::vector<std::string> keys() const;
};

/// A number that may be searched: of repeats, of nodes.
struct TreeReader::Count {
  base::Json pattern;
  std::int64_t least = 1, most = 1;
  std::string parameter;  ///< "" where it is fixed

  /// Adds the condition for the part that exists from `number` on.
  Scope from(std::int64_t number, const Scope& scope) const {
    return number <= least || parameter.empty() ? scope : scope.with({parameter, {}, number});
  }
};

namespace {

const std::set<std::string> reading_keys{"use", "draw", "name"};

std::string draw_of(const Node& block, const Node& define) {
  auto draw = block.at("draw");
  if (!draw) draw = define.at("draw");
  if (!draw) return "once";
  const std::vector<std::string> known{"once", "per-use", "per-layer"};
  const auto text = draw.string();
  if (std::find(known.begin(), known.end(), text) == known.end()) {
    draw.fail(fmt::format("unknown draw {}; it is one of {}", text, base::join(known, ", ")),
              base::nearest_word(text, known));
  }
  return text;
}

/// What an unnamed block is called in parameter names; "" if only a name can tell.
std::string label_of(const Node& block) {
  for (const auto* key : {"name", "use", "op"}) {
    const auto label = block.at(key);
    if (label && label.is_string()) return label.string();
  }
  return "";
}

bool is_block_list(const Node& node) {
  const auto items = node.is_array() ? node.items() : std::vector<std::pair<std::string, Node>>{};
  return !items.empty() && items.front().second.is_table();
}

void set_limits(const Domain& domain, const Node& node, std::int64_t& least, std::int64_t& most) {
  std::vector<double> numbers{domain.lo, domain.hi};
  if (domain.kind == Kind::choice) {
    numbers.clear();
    for (const auto& item : domain.items) {
      if (!std::holds_alternative<std::int64_t>(item)) node.fail(fmt::format("{} is no count", to_text(item)));
      numbers.push_back(*as_number(item));
    }
  } else if (domain.kind != Kind::integer) {
    node.fail("a count is an int domain or a choice of integers");
  }
  const auto [lo, hi] = std::minmax_element(numbers.begin(), numbers.end());
  least = static_cast<std::int64_t>(*lo);
  most = static_cast<std::int64_t>(*hi);
  if (least < 0 || most > 1000)
    node.fail(fmt::format("a count from {} to {}; it must be from 0 to 1,000", least, most));
}

}  // namespace

std::vector<std::string> TreeReader::Block::keys() const {
  std::vector<std::string> result;
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    for (const auto& [key, node] : level->table.items()) {
      if (reading_keys.contains(key) || std::find(result.begin(), result.end(), key) != result.end()) continue;
      result.push_back(key);
    }
  }
  return result;
}

bool TreeReader::is_cell(const Block& block) {
  const auto op = block.find("op").node;
  return op && op.is_string() && op.string() == "cell";
}

/// Of the edges, those of as many nodes as were drawn.
base::Json TreeReader::up_to(const Count& nodes, base::Json edges) {
  if (nodes.parameter.empty()) return edges;
  return {{"$upto", nodes.pattern}, {"$edges", std::move(edges)}};
}

base::Json TreeReader::blocks(const Node& list, const std::string& prefix, const std::string& owner,
                              const Scope& scope) {
  if (!list.is_array()) list.fail(fmt::format("expected a list of blocks, found {}", list.type_name()));
  auto result = base::Json::array();
  std::set<std::string> names;
  std::size_t place = 0;
  for (const auto& [key, node] : list.items()) {
    if (!node.is_table()) node.fail("a block is a table such as { op = \"conv\", kernel = 3 }");
    const auto name = node.at("name");
    if (name && !names.insert(name.string()).second) {
      name.fail(fmt::format("two blocks have the name {}; give one of them another", name.string()));
    }
    result.push_back(block(node, prefix, owner, ++place, scope));
  }
  return result;
}

base::Json TreeReader::block(const Node& node, const std::string& prefix, const std::string& owner, std::size_t place,
                             const Scope& scope) {
  if (is_domain(node)) return block_choice(node, prefix, owner, scope);
  const auto label = label_of(node);
  if (label.empty() && draws(node)) {
    node.fail("a block with domains needs a name, for its parameters are called after it: add name = \"..\"");
  }
  const auto name = node.at("name") ? label : fmt::format("{}#{}", label, place);
  return named_block(node, join_name(prefix, label), join_name(owner, name), scope);
}

base::Json TreeReader::block_choice(const Node& node, const std::string& prefix, const std::string& owner,
                                    const Scope& scope) {
  const auto name = node.at("name");
  if (!name) node.fail("a block that is a choice needs a name: add name = \"..\" beside `choice`");
  const auto block_name = join_name(owner, name.string());
  // A define that is drawn per use gives its inner blocks' choices a name for each use: `name` is relative here.
  return domain(
      node, join_name(prefix, name.string()), scope,
      [&](const Node& one, const std::string& inner, const Scope& there) {
        return item(one, inner, block_name, there);
      },
      false);
}

base::Json TreeReader::named_block(const Node& node, const std::string& prefix, const std::string& name,
                                   const Scope& scope) {
  const auto block = resolve(node, prefix);
  const auto depth = open_.size();
  for (const auto& level : block.levels) {
    if (level.define.empty()) continue;
    open_.push_back(level.define);
    used_.push_back(level.define);
  }

  const auto op = block.find("op");
  if (!op.node) node.fail("a block needs op = \"..\" or use = \"..\"");
  base::Json result{{"op", nullptr}};
  if (!name.empty()) result["name"] = name;
  const auto repeat = count_of(block, "repeat", "", scope);
  if (!repeat.pattern.is_null()) result["repeat"] = repeat.pattern;

  // An edge's expansion follows its number of nodes into the layers; a cell draws what its edges read in any case.
  const auto in_layers = [&](const std::string& key) {
    const auto found = block.find(key);
    return found.node && found.level->per_layer && (draws(found.node) || (key == "edge" && is_cell(block)));
  };
  std::vector<std::string> per_layer;
  for (const auto& key : block.keys()) {
    if (key == "repeat") continue;
    if (in_layers(key) || (key == "edge" && in_layers("nodes"))) {
      per_layer.push_back(key);
    } else {
      field(block, key, block.find(key).level->prefix, scope, result);
    }
  }
  if (result["op"].is_null()) result.erase("op");  // the layers tell
  if (!per_layer.empty()) layers(block, per_layer, repeat, scope, result);
  open_.resize(depth);
  return result;
}

TreeReader::Block TreeReader::resolve(const Node& node, const std::string& prefix) const {
  Block block;
  block.levels.push_back({node, "", prefix, false});
  auto chain = open_;
  for (auto use = node.at("use"); use; use = block.levels.back().table.at("use")) {
    const auto define = use.string();
    const auto table = defines_.at(define);
    if (!table) {
      std::vector<std::string> known;
      for (const auto& [key, child] : defines_ ? defines_.items() : std::vector<std::pair<std::string, Node>>{})
        known.push_back(key);
      const auto nearest = base::nearest_word(define, known);
      use.fail(fmt::format("there is no [define.{}]{}", define,
                           nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)),
               nearest);
    }
    chain.push_back(define);
    if (std::count(chain.begin(), chain.end(), define) > 1) {
      use.fail(fmt::format("[define.{}] uses itself: {}", define, base::join(chain, " -> ")));
    }
    if (const auto name = table.at("name")) name.fail("a define has no name of its own: name the blocks that use it");
    const auto& outer = block.levels.back();
    const auto draw = draw_of(node, table);
    const bool once = draw == "once";
    block.levels.push_back(
        {table, define, once ? define : outer.prefix, draw == "per-layer" || (!once && outer.per_layer)});
  }
  return block;
}

TreeReader::Count TreeReader::count_of(const Block& block, const std::string& key, const std::string& prefix,
                                       const Scope& scope) {
  Count count;
  const auto found = block.find(key);
  if (!found.node) return count;
  count.pattern = value(found.node, (prefix.empty() ? found.level->prefix : prefix) + "." + key, scope);
  if (!is_domain(found.node)) {
    count.least = count.most = found.node.integer();
    if (count.least < 0 || count.most > 1000) found.node.fail(fmt::format("{} must be from 0 to 1,000", key));
    return count;
  }
  count.parameter = count.pattern.value("$param", count.pattern.value("$ref", ""));
  const auto* parameter = registry_.find(count.parameter);
  if (parameter == nullptr)
    found.node.fail(fmt::format("{} refers to {}, which must be written before it", key, count.parameter));
  set_limits(parameter->domain, found.node, count.least, count.most);
  return count;
}

void TreeReader::layers(const Block& block, const std::vector<std::string>& keys, const Count& repeat,
                        const Scope& scope, base::Json& result) {
  auto copies = base::Json::array();
  for (std::int64_t copy = 1; copy <= repeat.most; ++copy) {
    auto layer = base::Json::object();
    for (const auto& key : keys) {
      const auto prefix = fmt::format("{}.{}", block.find(key).level->prefix, copy);
      field(block, key, prefix, repeat.from(copy, scope), layer);
    }
    copies.push_back(std::move(layer));
  }
  if (repeat.pattern.is_null()) {
    result.update(copies.front());
  } else if (repeat.parameter.empty()) {
    result["layers"] = std::move(copies);
  } else {
    result["layers"] = {{"$take", repeat.pattern}, {"$list", std::move(copies)}};
  }
}

void TreeReader::field(const Block& block, const std::string& key, const std::string& prefix, const Scope& scope,
                       base::Json& result) {
  const auto node = block.find(key).node;
  const auto full = prefix + "." + key;
  if (key == "edge") {
    // Layers that draw their number of nodes have it registered by now or register it here, once.
    const auto nodes = block.find("nodes");
    if (!nodes.node) node.fail("edges need the number of nodes: add nodes = 4");
    const bool layered = nodes.level->per_layer && draws(nodes.node);
    const auto count = count_of(block, "nodes", layered ? prefix : "", scope);
    if (is_cell(block)) {
      cell(block, node, count, prefix, scope, result);
    } else {
      result["edges"] = edges(node, count, full, scope);
    }
  } else if (key == "edges" && node.is_table() && !is_domain(node)) {
    auto& table = result["edges"] = base::Json::object();
    for (const auto& [key_of_edge, child] : node.items()) {
      table[key_of_edge] = edge(child, full, key_of_edge, scope);
    }
  } else if (is_block_list(node)) {
    result[key] = blocks(node, full, key, scope);
  } else {
    result[key] = value(node, full, scope);
  }
}

base::Json TreeReader::edge(const Node& node, const std::string& prefix, const std::string& key, const Scope& scope) {
  const auto name = prefix + "." + key;
  if (!is_domain(node)) return item(node, name, key, scope);
  return domain(node, name, scope, [&](const Node& one, const std::string& inner, const Scope& there) {
    return item(one, inner, key, there);
  });
}

base::Json TreeReader::edges(const Node& node, const Count& nodes, const std::string& prefix, const Scope& scope) {
  auto table = base::Json::object();
  for (std::int64_t j = 1; j < nodes.most; ++j) {
    for (std::int64_t i = 0; i < j; ++i) {
      const auto key = fmt::format("{}-{}", i, j);
      table[key] = edge(node, prefix, key, nodes.from(j + 1, scope));
    }
  }
  return up_to(nodes, std::move(table));
}

void TreeReader::cell(const Block& block, const Node& written, const Count& nodes, const std::string& prefix,
                      const Scope& scope, base::Json& result) {
  const auto per_node = block.find("inputs").node;
  const auto inputs = per_node ? per_node.integer() : 2;
  if (inputs < 1 || inputs > 16) per_node.fail("a node of a cell has 1 to 16 inputs");
  auto edges = base::Json::object(), from = base::Json::object();
  for (std::int64_t node = 2; node < nodes.most + 2; ++node) {
    const auto there = nodes.from(node - 1, scope);
    for (std::int64_t input = 1; input <= inputs; ++input) {
      const auto key = fmt::format("{}.{}", node, input);
      Domain earlier;
      for (std::int64_t other = 0; other < node; ++other) earlier.items.emplace_back(other);
      earlier.initial = std::max(node - input, std::int64_t{0});
      const auto name = fmt::format("{}.from.{}", prefix, key);
      from[key] = {{"$param", name}};
      if (!block.find("from").node) {
        registry_.add({name, std::move(earlier), scope.role, there.conditions, written.where()},
                      fmt::format("{} from {}", written.path(), key), from[key]);
      }
      edges[key] = edge(written, prefix + ".edge", key, there);
    }
  }
  result["edges"] = up_to(nodes, std::move(edges));
  if (!block.find("from").node) result["from"] = up_to(nodes, std::move(from));
}

bool TreeReader::draws(const Node& node) const {
  std::vector<std::string> seen;
  const std::function<bool(const Node&)> look = [&](const Node& at) {
    if (is_domain(at)) return true;
    if (!at.is_table() && !at.is_array()) return false;
    const auto use = at.is_table() ? at.at("use") : Node();
    if (use && use.is_string() && defines_ && std::find(seen.begin(), seen.end(), use.string()) == seen.end()) {
      seen.push_back(use.string());
      const auto define = defines_.at(use.string());
      if (define && look(define)) return true;
    }
    const auto items = at.items();
    return std::any_of(items.begin(), items.end(), [&](const auto& child) { return look(child.second); });
  };
  return look(node);
}

}  // namespace assay::space
