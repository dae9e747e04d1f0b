#include "arch/primitives.hpp"

#include <algorithm>
#include <cmath>

#include "arch/shapes.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::arch {
namespace {

using base::Exit;

constexpr double most = 1 << 20;  // channels, features, pixels: beyond it a number is a slip of the pen

Attribute whole(std::string_view name, std::int64_t initial, double lo, double hi) {
  return {name, initial, lo, hi, {}};
}
Attribute flag(std::string_view name, std::int64_t initial) { return {name, initial, 0, 1, {}}; }
Attribute number(std::string_view name, double initial, double lo, double hi) { return {name, initial, lo, hi, {}}; }
Attribute word(std::string_view name, std::vector<std::string_view> words) {
  return {name, std::string(words.front()), 0, 0, std::move(words)};
}

std::vector<Primitive> make_table() {
  const std::vector<Attribute> extents = {whole("channels", 1, 1, 1e9), whole("height", 0, 0, most),
                                          whole("width", 0, 0, most)};
  using namespace rules;
  // op, inputs from, to, commutative, width multiple, keeps zero, attributes, shape, cost
  return {
      {"input", 0, 0, false, 0, false, extents, given, free_of_cost},
      {"conv",
       1,
       1,
       false,
       4,
       true,
       {whole("width", 1, 1, most), whole("kernel", 3, 1, 255), whole("stride", 1, 1, 255),
        whole("padding", 0, 0, 4096), whole("dilation", 1, 1, 255), whole("groups", 1, 1, most), flag("bias", 1)},
       rules::conv,
       conv_cost},
      {"norm",
       1,
       1,
       false,
       0,
       false,
       {word("kind", {"batch", "layer"}), number("epsilon", 1e-5, 1e-12, 1), number("momentum", 0.1, 0, 1)},
       same,
       norm_cost},
      {"act",
       1,
       1,
       false,
       0,
       true,
       {word("kind", {"relu", "relu6", "hswish", "swish", "gelu", "sigmoid", "hsigmoid", "tanh", "leaky"})},
       same,
       free_of_cost},
      {"pool",
       1,
       1,
       false,
       0,
       true,
       {word("kind", {"max", "avg", "global-avg"}), whole("kernel", 2, 1, 255), whole("stride", 2, 1, 255),
        whole("padding", 0, 0, 127), flag("count_padding", 0)},
       rules::pool,
       free_of_cost},
      {"linear", 1, 1, false, 1, true, {whole("width", 1, 1, most), flag("bias", 1)}, rules::linear, linear_cost},
      {"flatten", 1, 1, false, 0, true, {}, rules::flatten, free_of_cost},
      {"add", 1, 4096, true, 0, false, {}, rules::add, free_of_cost},
      {"concat", 1, 4096, false, 0, false, {}, rules::concat, free_of_cost},
      {"scale", 2, 2, false, 0, true, {}, rules::scale, free_of_cost},
      {"zero", 1, 1, false, 0, false, extents, given, free_of_cost},
      {"dropout", 1, 1, false, 0, true, {number("rate", 0.5, 0, 0.99)}, same, free_of_cost},
      {"identity", 1, 1, false, 0, true, {}, same, free_of_cost},
  };
}

const Attribute* find(const Primitive& row, std::string_view name) {
  const auto at =
      std::find_if(row.attributes.begin(), row.attributes.end(), [&](const auto& a) { return a.name == name; });
  return at == row.attributes.end() ? nullptr : &*at;
}

const AttributeValue& value_of(const Node& node, std::string_view name) {
  if (const auto at = node.attributes.find(std::string(name)); at != node.attributes.end()) return at->second;
  const auto* attribute = find(primitive(node.op), name);
  base::require(attribute != nullptr, "primitive {} has no attribute {}", node.op, name);
  return attribute->initial;
}

[[noreturn]] void unknown_attribute(const Node& node, const Primitive& row, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& attribute : row.attributes) names.emplace_back(attribute.name);
  const auto nearest = base::nearest_word(name, names);
  throw base::Error(Exit::config, fmt::format("block \"{}\": {} has no attribute \"{}\"{}", node.block, node.op, name,
                                              nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"))
      .with_nearest(nearest);
}

void check_range(const Node& node, const Attribute& attribute, double value) {
  if (value >= attribute.lo && value <= attribute.hi) return;  // also refuses NaN
  base::fail(Exit::config, "block \"{}\": {} {} must be between {} and {}, but is {}", node.block, node.op,
             attribute.name, attribute.lo, attribute.hi, value);
}

void check_word(const Node& node, const Attribute& attribute, const std::string& value) {
  if (std::find(attribute.words.begin(), attribute.words.end(), value) != attribute.words.end()) return;
  const std::vector<std::string> words(attribute.words.begin(), attribute.words.end());
  throw base::Error(Exit::config, fmt::format("block \"{}\": {} {} cannot be \"{}\"; it is one of {}", node.block,
                                              node.op, attribute.name, value, base::join(words, ", ")))
      .with_nearest(base::nearest_word(value, words));
}

void check_value(const Node& node, const Attribute& attribute, AttributeValue& value) {
  if (std::holds_alternative<double>(attribute.initial) && std::holds_alternative<std::int64_t>(value)) {
    value = static_cast<double>(std::get<std::int64_t>(value));
  }
  if (value.index() != attribute.initial.index()) {
    base::fail(Exit::config, "block \"{}\": {} {} has the wrong type", node.block, node.op, attribute.name);
  }
  if (const auto* i = std::get_if<std::int64_t>(&value)) check_range(node, attribute, static_cast<double>(*i));
  if (const auto* d = std::get_if<double>(&value)) check_range(node, attribute, *d);
  if (const auto* s = std::get_if<std::string>(&value)) check_word(node, attribute, *s);
}

}  // namespace

const std::vector<Primitive>& primitives() {
  static const std::vector<Primitive> table = make_table();
  return table;
}

const Primitive& primitive(std::string_view op) {
  for (const auto& row : primitives()) {
    if (row.op == op) return row;
  }
  std::vector<std::string> names;
  for (const auto& row : primitives()) names.emplace_back(row.op);
  const auto nearest = base::nearest_word(op, names);
  throw base::Error(Exit::config, fmt::format("there is no primitive \"{}\"{}", op,
                                              nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"))
      .with_nearest(nearest);
}

std::int64_t integer(const Node& node, std::string_view attribute) {
  return std::get<std::int64_t>(value_of(node, attribute));
}
double real(const Node& node, std::string_view attribute) { return std::get<double>(value_of(node, attribute)); }
const std::string& text(const Node& node, std::string_view attribute) {
  return std::get<std::string>(value_of(node, attribute));
}

void complete(Node& node) {
  const auto& row = primitive(node.op);
  const auto inputs = static_cast<int>(node.inputs.size());
  if (inputs < row.least_inputs || inputs > row.most_inputs) {
    base::fail(Exit::config, "block \"{}\": {} cannot have {} inputs", node.block, node.op, inputs);
  }
  for (auto& [name, value] : node.attributes) {
    const auto* attribute = find(row, name);
    if (attribute == nullptr) unknown_attribute(node, row, name);
    check_value(node, *attribute, value);
  }
  for (const auto& attribute : row.attributes) node.attributes.emplace(attribute.name, attribute.initial);
}

bool keeps_zero(const Node& node) {
  if (!primitive(node.op).keeps_zero) return false;
  if (node.op == "conv" || node.op == "linear") return integer(node, "bias") == 0;
  if (node.op == "act") return text(node, "kind") != "sigmoid" && text(node, "kind") != "hsigmoid";
  return true;
}

std::string to_text(const Shape& shape) {
  std::vector<std::string> parts;
  for (const auto extent : shape) parts.push_back(std::to_string(extent));
  return base::join(parts, "x");
}

std::int64_t scaled_width(std::int64_t width, double factor, std::int64_t multiple) {
  if (factor == 1) return width;
  const auto steps = std::llround(static_cast<double>(width) * factor / static_cast<double>(multiple));
  const auto scaled = std::max<std::int64_t>(steps, 1) * multiple;
  return factor < 1 ? std::min(scaled, width) : scaled;
}

}  // namespace assay::arch
