#include "arch/network.hpp"

#include "arch/builder.hpp"
#include "arch/primitives.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace assay::arch {
namespace {

using base::Exit;
using base::Json;

Cost cost_of(const Network& network, const Node& node) {
  std::vector<Shape> shapes;
  for (const auto input : node.inputs) shapes.push_back(network.nodes[static_cast<std::size_t>(input)].shape);
  return primitive(node.op).cost(node, shapes);
}

Json to_json(const AttributeValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

AttributeValue value_from(const Json& json) {
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  return json.get<std::string>();
}

void add_node(Builder& builder, int index, const Json& entry) {
  const auto op = entry.at("op").get<std::string>();
  const auto inputs = entry.value("inputs", std::vector<int>{});
  if ((index == 0) != (op == "input")) throw std::runtime_error("exactly the first node must be the input");
  for (const auto input : inputs) {
    if (input < 0 || input >= index) throw std::runtime_error("a node's inputs must stand before it");
  }
  Builder::Attributes attributes;
  if (entry.contains("attributes")) {
    for (const auto& [name, value] : entry.at("attributes").items()) attributes[name] = value_from(value);
  }
  builder.add(op, entry.value("block", op), inputs, std::move(attributes));
  if (entry.contains("shape") && entry.at("shape").get<Shape>() != builder.shape(index)) {
    throw std::runtime_error(fmt::format("node {} should have shape {}", index, to_text(builder.shape(index))));
  }
}

}  // namespace

Counts count(const Network& network) {
  Counts counts;
  for (const auto& node : network.nodes) {
    const auto cost = cost_of(network, node);
    counts.parameters += cost.parameters;
    counts.multiply_adds += cost.multiply_adds;
    counts.activations += base::element_count(node.shape);
  }
  return counts;
}

Json to_json(const Network& network) {
  Json nodes = Json::array();
  for (const auto& node : network.nodes) {
    Json attributes = Json::object();
    for (const auto& [name, value] : node.attributes) attributes[name] = to_json(value);
    nodes.push_back({{"op", node.op},
                     {"block", node.block},
                     {"inputs", node.inputs},
                     {"attributes", attributes},
                     {"shape", node.shape}});
  }
  return {{"format", "assay-network"}, {"version", 1}, {"nodes", nodes}};
}

Network network_from_json(const Json& json) {
  try {
    if (json.at("format") != "assay-network") throw std::runtime_error("its format is not \"assay-network\"");
    if (json.at("version") != 1) throw std::runtime_error("its version is newer than this program");
    Builder builder;
    const auto& nodes = json.at("nodes");
    if (nodes.empty()) throw std::runtime_error("it has no nodes");
    for (std::size_t i = 0; i < nodes.size(); ++i) add_node(builder, static_cast<int>(i), nodes[i]);
    return std::move(builder).take();
  } catch (const base::Error& error) {
    throw base::Error(Exit::data, fmt::format("not a valid network description: {}", error.what()));
  } catch (const std::exception& error) {
    throw base::Error(Exit::data, fmt::format("not a valid network description: {}", error.what()));
  }
}

}  // namespace assay::arch
