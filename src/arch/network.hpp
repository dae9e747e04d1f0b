// One network as data: a graph of primitives with inferred shapes. No LibTorch here: counting, scaling, hashing and
// exchange work on a login node.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/json_fwd.hpp"

namespace assay::arch {

/// Channels, height, width of an image; {features} after flatten or for tables. Batch is not counted.
using Shape = std::vector<std::int64_t>;

/// One primitive. Attributes are plain JSON values; which ones exist per `op` stands in primitives.hpp.
struct Node {
  std::string op;           ///< "input", "conv", "norm", "act", "pool", "linear", "add", "concat", "scale", "zero", ...
  std::string block;        ///< name of the block that it came from, for messages
  std::vector<int> inputs;  ///< indices of earlier nodes
  std::map<std::string, std::variant<std::int64_t, double, std::string>> attributes;
  Shape shape;  ///< of the output
};

/// Nodes in topological order; node 0 is the input, the last node the output (logits, or one value for regression).
struct Network {
  std::vector<Node> nodes;

  const Shape& input() const { return nodes.front().shape; }
  const Shape& output() const { return nodes.back().shape; }
};

/// Reductions of a proxy (Fidelity): widths are multiplied and rounded to a multiple of `width_multiple` (at least one
/// multiple; the output keeps its width), resolution scales the input's height and width, depth the repeats.
struct Scaling {
  double width = 1, depth = 1, resolution = 1;
};

/// Lowers a concrete model (see lower.hpp) for `outputs` classes (1 for regression).
/// Error(config) naming the block and the shapes if they do not fit.
Network lower(const base::Json& model, std::int64_t outputs, const Scaling& scaling = {});

/// Names of all block ops, and the attributes that one of them takes.
std::vector<std::string> ops();
std::vector<std::string> attributes(std::string_view op);

struct Counts {
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;  ///< of one example's forward pass
  std::int64_t activations = 0;    ///< output values of all nodes, one example
};
Counts count(const Network& network);

/// Equal for networks that compute the same function of their weights, up to the rounding of sums: a Merkle hash from
/// the input up and from the output down. Equal are networks that differ in
///   - names, the order of addends, sums of sums and sums in one;
///   - identity nodes, dropout of rate 0, branches that do not reach the output;
///   - zeros as addends, and zeros behind layers that keep them (convolutions without bias, activations, pooling);
///   - nodes without weights that are computed twice from the same inputs.
/// Not equal are one layer used twice and two equal layers. A norm on a dead input still emits its offset, so it is not
/// dead, but which convolution stood before it does not matter.
std::string canonical_hash(const Network& network);

/// The exchange format, network.json.
base::Json to_json(const Network& network);
Network network_from_json(const base::Json& json);

}  // namespace assay::arch
