// Turns what stands in the file into templates (template.hpp) and registers the parameters met on the way. Values and
// domains are read in tree_reader.cpp, blocks of a model (use, define, draw, repeat, edges) in block_reader.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/node.hpp"
#include "space/reading/registry.hpp"
#include "space/space.hpp"

namespace assay::space {

/// What holds for everything below a place.
struct Scope {
  Role role = Role::architecture;
  bool model = false;  ///< tables with `op` or `use` are blocks
  std::vector<Condition> conditions;

  Scope with(Condition condition) const;
};

/// "a.b", or "b" below nothing.
std::string join_name(const std::string& prefix, const std::string& name);

class TreeReader {
 public:
  TreeReader(Registry& registry, config::Node defines) : registry_(registry), defines_(std::move(defines)) {}

  /// A value, domain, table or list whose parameters are called `name` and `name`.<key>. An empty name: a domain must
  /// bring its own.
  base::Json value(const config::Node& node, const std::string& name, const Scope& scope);

  /// A list of blocks. Parameters are called `prefix`.<block>.<key>, the blocks themselves `owner`.<block>: their names
  /// are relative to the block that holds them.
  base::Json blocks(const config::Node& list, const std::string& prefix, const std::string& owner, const Scope& scope);

  /// Names of the defines that some block used.
  const std::vector<std::string>& used() const { return used_; }

 private:
  using ItemReader = std::function<base::Json(const config::Node& item, const std::string& name, const Scope& scope)>;
  struct Block;
  struct Count;

  /// `own_name`: the domain's `name = ".."` takes the place of `name`.
  base::Json domain(const config::Node& node, const std::string& name, const Scope& scope, const ItemReader& item,
                    bool own_name = true);
  base::Json list(const config::Node& node, const std::string& name, const Scope& scope);
  /// A choice's item: `owner` is what a block is called there.
  base::Json item(const config::Node& node, const std::string& name, const std::string& owner, const Scope& scope);

  base::Json block(const config::Node& node, const std::string& prefix, const std::string& owner, std::size_t place,
                   const Scope& scope);
  /// A block that is itself a choice of blocks.
  base::Json block_choice(const config::Node& node, const std::string& prefix, const std::string& owner,
                          const Scope& scope);
  /// A block whose parameters' prefix and own name are known.
  base::Json named_block(const config::Node& node, const std::string& prefix, const std::string& name,
                         const Scope& scope);
  Block resolve(const config::Node& node, const std::string& prefix) const;
  Count count_of(const Block& block, const std::string& key, const std::string& prefix, const Scope& scope);
  void layers(const Block& block, const std::vector<std::string>& keys, const Count& repeat, const Scope& scope,
              base::Json& result);
  void field(const Block& block, const std::string& key, const std::string& prefix, const Scope& scope,
             base::Json& result);
  base::Json edges(const config::Node& node, const Count& nodes, const std::string& prefix, const Scope& scope);
  /// The edges of a cell, "2.1" for the first input of its first inner node; and `from`, what they read, where the file
  /// does not fix it.
  void cell(const Block& block, const config::Node& edge, const Count& nodes, const std::string& prefix,
            const Scope& scope, base::Json& result);
  static bool is_cell(const Block& block);
  static base::Json up_to(const Count& nodes, base::Json edges);
  base::Json edge(const config::Node& node, const std::string& prefix, const std::string& key, const Scope& scope);
  bool draws(const config::Node& node) const;

  Registry& registry_;
  config::Node defines_;
  std::vector<std::string> open_;  ///< defines that are being read, outermost first
  std::vector<std::string> used_;
};

}  // namespace assay::space
