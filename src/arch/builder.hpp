// Grows a network node by node, inferring shapes; and the simplification that every finished network passes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/network.hpp"
#include "arch/primitives.hpp"

namespace assay::arch {

class Builder {
 public:
  using Attributes = std::map<std::string, AttributeValue>;

  /// The index of the new node. Error(config) naming the block if attributes or shapes do not fit.
  int add(std::string op, const std::string& block, std::vector<int> inputs, Attributes attributes = {});
  int input(const Shape& shape);
  int zero(const std::string& block, const Shape& shape);

  bool is(int node, std::string_view op) const { return network_.nodes[static_cast<std::size_t>(node)].op == op; }
  const Shape& shape(int node) const { return network_.nodes[static_cast<std::size_t>(node)].shape; }
  /// The finished network; the last node becomes `output`, whatever it does not need is dropped.
  Network finish(int output) const;
  Network take() && { return std::move(network_); }

 private:
  Network network_;
};

/// The same function with less: identity nodes, dropout of rate 0 and sums of one are passed through, zeros are no
/// addends, zeros stay zeros through layers without bias, and nodes that the output does not need go. The input stays.
Network simplify(const Network& network);

}  // namespace assay::arch
