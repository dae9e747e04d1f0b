// The pass that turns blocks into nodes; lower.cpp walks the blocks, blocks.cpp and cell.cpp hold one rule per op.
// Internal to arch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/block.hpp"
#include "arch/builder.hpp"
#include "base/json_fwd.hpp"

namespace assay::arch {

inline constexpr std::int64_t widest = 1 << 20;

/// What a block's surroundings decide about it.
struct Place {
  std::string path;           ///< prefix of names: "s3." inside residual s3
  int input = 0;              ///< node that the block reads
  std::optional<int> before;  ///< where the block before is a cell: node that it read
  bool first_copy = true;     ///< of the innermost repeat; in later ones strides are 1
  bool in_dag = false;
  bool in_shortcut = false;
  bool keep_width = false;             ///< the network's output: never scaled
  std::optional<std::int64_t> width;   ///< of the residual or dag around it, scaled already
  std::optional<std::int64_t> stride;  ///< of the residual around it, for the first block of a path
};

/// One pass over a concrete model. Each block kind is one member that adds its nodes and returns the last.
class Lowering {
 public:
  Lowering(std::int64_t outputs, const Scaling& scaling) : outputs_(outputs), scaling_(scaling) {}

  Network run(const base::Json& model);

  static std::vector<std::string> ops();
  static std::vector<std::string> attributes(std::string_view op);

 private:
  using Rule = int (Lowering::*)(const Block&, const Place&);
  struct Kind {
    std::string_view op;
    std::vector<std::string_view> keys;
    Rule rule;
  };
  static const std::vector<Kind>& kinds();
  static const Kind& kind_of(const Block& block);

  int input(const base::Json& model);
  int sequence(const base::Json& blocks, const Place& place);
  /// The place behind the copies.
  Place repeated(const base::Json& json, const std::string& name, const Place& place);
  int once(const base::Json& json, const std::string& name, const Place& place);

  int conv(const Block& block, const Place& place);
  int sepconv(const Block& block, const Place& place);
  int mbconv(const Block& block, const Place& place);
  int pool(const Block& block, const Place& place);
  int norm(const Block& block, const Place& place);
  int act(const Block& block, const Place& place);
  int dropout(const Block& block, const Place& place);
  int linear(const Block& block, const Place& place);
  int flatten(const Block& block, const Place& place);
  int skip(const Block& block, const Place& place);
  int zero(const Block& block, const Place& place);
  int residual(const Block& block, const Place& place);
  int dag(const Block& block, const Place& place);
  int cell(const Block& block, const Place& place);

  int ordered(const Block& block, const Place& place, bool separable);
  int add_conv(const Block& block, int from, const Builder::Attributes& attributes);
  int add_norm(const Block& block, int from);
  int add_act(const Block& block, int from, const std::string& kind);
  int squeeze_excite(const Block& block, int from, std::int64_t squeezed);
  int shortcut(const Block& block, const Place& place, int body);
  int sum_of_edges(const Block& block, const std::vector<int>& edges);

  struct Cell;
  /// One input of one inner node ("2.1"): its block, reading the node that it chose.
  int cell_edge(Cell& cell, std::int64_t node, const std::string& key, std::int64_t step, Place inside);
  int join(const Cell& cell);
  /// In the shape of the cell's inner nodes: projected where it has another.
  int fitted(const Cell& cell, int from);
  int projected(const Block& block, int from, std::int64_t width, std::int64_t step);

  std::int64_t channels(int node) const { return builder_.shape(node)[0]; }
  std::optional<std::int64_t> own_width(const Block& block, const Place& place, std::string_view primitive_op) const;
  std::int64_t width(const Block& block, const Place& place, std::string_view primitive_op) const;
  std::int64_t stride(const Block& block, const Place& place, std::int64_t otherwise) const;

  std::int64_t outputs_;
  Scaling scaling_;
  Builder builder_;
};

}  // namespace assay::arch
