// Cells whose nodes choose what they read: NASNet (Zoph et al., CVPR 2018, section 3), DARTS, and the space of EcoNAS.
#include <fmt/format.h>

#include <algorithm>

#include "arch/lowering.hpp"
#include "base/json.hpp"

namespace assay::arch {

using base::Json;

/// A cell under construction: nodes 0 and 1 are what the two cells before gave, inner nodes follow.
struct Lowering::Cell {
  const Block& block;
  std::int64_t width, height, breadth;  ///< of every inner node
  std::vector<int> values;              ///< the node of the network behind each node of the cell
  std::vector<bool> read;               ///< by an inner node
};

int Lowering::cell(const Block& block, const Place& place) {
  const auto shape = builder_.shape(place.input);
  if (shape.size() != 3) block.fail(fmt::format("cell needs an image, but its input has {} features", shape[0]));
  const auto nodes = block.integer("nodes", 0, 0, 64), inputs = block.integer("inputs", 2, 1, 16);
  if (nodes == 0) block.fail("cell needs \"nodes\", 1 to 64 inner ones");
  const auto step = stride(block, place, 1);
  auto inside = place;
  inside.width = width(block, place, "conv");
  inside.keep_width = false;
  inside.in_dag = true;
  inside.before.reset();

  Cell cell{block, *inside.width, (shape[1] + step - 1) / step, (shape[2] + step - 1) / step, {}, {}};
  for (const auto from : {place.before.value_or(place.input), place.input}) {
    cell.values.push_back(projected(block, from, cell.width, (builder_.shape(from)[1] + shape[1] - 1) / shape[1]));
  }
  cell.read.assign(static_cast<std::size_t>(nodes) + 2, false);
  for (std::int64_t node = 2; node < nodes + 2; ++node) {
    std::vector<int> addends;
    for (std::int64_t input = 1; input <= inputs; ++input) {
      const auto added = cell_edge(cell, node, fmt::format("{}.{}", node, input), step, inside);
      // A zero adds nothing; a sum of nothing but zeros is one of the right shape.
      if (!builder_.is(added, "zero")) addends.push_back(added);
    }
    if (addends.empty()) addends.push_back(builder_.zero(block.name(), {cell.width, cell.height, cell.breadth}));
    cell.values.push_back(addends.size() == 1 ? addends.front() : builder_.add("add", block.name(), addends));
  }
  return join(cell);
}

int Lowering::cell_edge(Cell& cell, std::int64_t node, const std::string& key, std::int64_t step, Place inside) {
  const auto& block = cell.block;
  const auto& from = block.at("from");
  const bool chosen = from.is_object() && from.contains(key) && from.at(key).is_number_integer();
  const auto source = chosen ? from.at(key).get<std::int64_t>() : -1;
  if (source < 0 || source >= node) {
    block.fail(fmt::format("from must say for \"{}\" which node it reads, 0 to {}", key, node - 1));
  }
  const auto* edges = block.find("edges");
  const bool named = edges != nullptr && edges->is_object() && edges->contains(key);
  if (!named && !block.has("edge")) block.fail(fmt::format("edge \"{}\" is missing", key));

  const auto name = fmt::format("{}.{}", block.name(), key);
  inside.path = name + ".";
  inside.input = cell.values[static_cast<std::size_t>(source)];
  inside.stride.reset();
  if (source < 2 && step > 1) inside.stride = step;
  cell.read[static_cast<std::size_t>(source)] = true;
  const auto added = repeated(named ? edges->at(key) : block.at("edge"), name, inside).input;
  // What keeps its size where the cell halves it (a skip above all) is projected.
  return builder_.is(added, "zero") ? added : fitted(cell, added);
}

int Lowering::join(const Cell& cell) {
  const auto kind = cell.block.text("join", "unused");
  if (kind != "unused" && kind != "all") {
    cell.block.fail(fmt::format("join must be \"unused\" or \"all\", not \"{}\"", kind));
  }
  std::vector<int> parts;
  for (std::size_t i = 0; i < cell.values.size(); ++i) {
    const bool joins = kind == "all" ? i >= 2 : !cell.read[i];
    if (joins) parts.push_back(fitted(cell, cell.values[i]));
  }
  return parts.size() == 1 ? parts.front() : builder_.add("concat", cell.block.name(), parts);
}

int Lowering::fitted(const Cell& cell, int from) {
  const auto shape = builder_.shape(from);
  if (shape == Shape{cell.width, cell.height, cell.breadth}) return from;
  return projected(cell.block, from, cell.width, (shape[1] + cell.height - 1) / cell.height);
}

int Lowering::projected(const Block& block, int from, std::int64_t width, std::int64_t step) {
  const auto conv =
      add_conv(block, add_act(block, from, "relu"),
               {{"width", width}, {"kernel", std::int64_t{1}}, {"stride", step}, {"bias", std::int64_t{0}}});
  return add_norm(block, conv);
}

}  // namespace assay::arch
