#include "arch/builder.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
namespace assay::arch {
namespace {

Builder::Attributes extents(const Shape& shape) {
  Builder::Attributes attributes = {{"channels", shape[0]}};
  if (shape.size() == 3) attributes["height"] = shape[1], attributes["width"] = shape[2];
  return attributes;
}

std::vector<bool> needed_by(const std::vector<Node>& nodes, int output) {
  std::vector<bool> needed(nodes.size(), false);
  needed.front() = true;
  needed[static_cast<std::size_t>(output)] = true;
  for (auto i = nodes.size(); i-- > 0;) {
    if (!needed[i]) continue;
    for (const auto input : nodes[i].inputs) needed[static_cast<std::size_t>(input)] = true;
  }
  return needed;
}

/// The nodes that `output` needs (and the input), renumbered; the output comes last.
Network compact(const std::vector<Node>& nodes, int output) {
  const auto needed = needed_by(nodes, output);
  std::vector<int> renumbered(nodes.size(), -1);
  Network network;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!needed[i]) continue;
    renumbered[i] = static_cast<int>(network.nodes.size());
    auto node = nodes[i];
    for (auto& input : node.inputs) input = renumbered[static_cast<std::size_t>(input)];
    network.nodes.push_back(std::move(node));
  }
  return network;
}

/// Rewrites one network from the input up. `stands_for[i]` is the node of the result that computes node i.
class Simplifier {
 public:
  explicit Simplifier(const Network& from) : from_(from) {}

  Network run() {
    for (std::size_t i = 0; i < from_.nodes.size(); ++i) stands_for_.push_back(visit(from_.nodes[i]));
    return compact(nodes_, stands_for_.back());
  }

 private:
  const Node& at(int index) const { return nodes_[static_cast<std::size_t>(index)]; }

  int push(Node node) {
    nodes_.push_back(std::move(node));
    return static_cast<int>(nodes_.size()) - 1;
  }

  int visit(Node node) {
    for (auto& input : node.inputs) input = stands_for_[static_cast<std::size_t>(input)];
    const auto is_zero = [&](int input) { return at(input).op == "zero"; };
    if (node.op == "identity" || (node.op == "dropout" && real(node, "rate") == 0)) return node.inputs[0];
    if (node.op == "flatten" && at(node.inputs[0]).shape.size() == 1) return node.inputs[0];
    if (node.op == "zero") return zeros(node);
    if (node.op == "add") {
      std::erase_if(node.inputs, is_zero);
      if (node.inputs.empty()) return zeros(node);
      if (node.inputs.size() == 1) return node.inputs[0];
    }
    if (keeps_zero(node) && std::any_of(node.inputs.begin(), node.inputs.end(), is_zero)) return zeros(node);
    return push(std::move(node));
  }

  /// A zero hangs on the network's input, from which it takes the batch size alone.
  int zeros(const Node& like) {
    Node node{"zero", like.block, {0}, extents(like.shape), like.shape};
    complete(node);
    return push(std::move(node));
  }

  const Network& from_;
  std::vector<Node> nodes_;
  std::vector<int> stands_for_;
};

}  // namespace

int Builder::add(std::string op, const std::string& block, std::vector<int> inputs, Attributes attributes) {
  Node node{std::move(op), block, std::move(inputs), std::move(attributes), {}};
  complete(node);
  std::vector<Shape> shapes;
  for (const auto input : node.inputs) shapes.push_back(shape(input));
  const auto& row = primitive(node.op);
  node.shape = row.shape(node, shapes);
  // A thousand million is far beyond any network of this program, and keeps the counts from overflowing.
  constexpr std::int64_t too_many = 1'000'000'000;
  const auto values = base::element_count(node.shape), weights = row.cost(node, shapes).parameters;
  if (values > too_many || weights > too_many) {
    base::fail(base::Exit::config, "block \"{}\": {} values per example and {} weights in one layer are too many",
               node.block, base::with_commas(values), base::with_commas(weights));
  }
  network_.nodes.push_back(std::move(node));
  return static_cast<int>(network_.nodes.size()) - 1;
}

int Builder::input(const Shape& shape) { return add("input", "input", {}, extents(shape)); }

int Builder::zero(const std::string& block, const Shape& shape) { return add("zero", block, {0}, extents(shape)); }

Network Builder::finish(int output) const { return simplify(compact(network_.nodes, output)); }

Network simplify(const Network& network) { return Simplifier(network).run(); }

}  // namespace assay::arch
