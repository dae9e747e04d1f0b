// The table of primitives: all that any part of the project knows about one kind of node stands in one row. Counting,
// scaling, shape errors, hashing and network.json are served from here; nn adds the computation itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arch/network.hpp"

namespace assay::arch {

using AttributeValue = std::variant<std::int64_t, double, std::string>;

/// One attribute: its type is that of `initial`. Flags are integers 0 and 1.
struct Attribute {
  std::string_view name;
  AttributeValue initial;               ///< counts where a node says nothing
  double lo = 0, hi = 0;                ///< inclusive range of numbers
  std::vector<std::string_view> words;  ///< the valid texts
};

struct Cost {
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;  ///< of convolutions and linear layers, as the literature counts them
};

struct Primitive {
  std::string_view op;
  int least_inputs, most_inputs;
  bool commutative;             ///< the order of the inputs does not matter
  std::int64_t width_multiple;  ///< Scaling::width acts on attribute `width`, in multiples of this; 0: not at all
  bool keeps_zero;              ///< an input of zeros gives zeros whatever the weights (see keeps_zero())
  std::vector<Attribute> attributes;
  Shape (*shape)(const Node& node, const std::vector<Shape>& inputs);  ///< Error(config) naming block and shapes
  Cost (*cost)(const Node& node, const std::vector<Shape>& inputs);
};

const std::vector<Primitive>& primitives();

/// Error(config) with the nearest valid name if there is no such primitive.
const Primitive& primitive(std::string_view op);

/// The attribute's value, or its default. A name that the table does not have is a defect.
std::int64_t integer(const Node& node, std::string_view attribute);
double real(const Node& node, std::string_view attribute);
const std::string& text(const Node& node, std::string_view attribute);

/// Error(config) for an unknown attribute, a wrong type, a value out of range or a wrong number of inputs; fills in the
/// defaults, so that equal nodes compare equal.
void complete(Node& node);

/// Whether zeros at any one input make the node's output zero, for all weights.
bool keeps_zero(const Node& node);

/// "16x8x8"; "10" for features.
std::string to_text(const Shape& shape);

/// `width` times `factor`, rounded to a multiple (at least one multiple; never above `width` when shrinking).
std::int64_t scaled_width(std::int64_t width, double factor, std::int64_t multiple);

}  // namespace assay::arch
