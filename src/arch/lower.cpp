#include "arch/lower.hpp"

#include <algorithm>
#include <cmath>

#include "arch/lowering.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace assay::arch {

using base::Exit;
using base::Json;

namespace {

std::string text_of(const Json& json, const char* key, const std::string& otherwise) {
  const bool there = json.is_object() && json.contains(key) && json.at(key).is_string();
  return there ? json.at(key).get<std::string>() : otherwise;
}

}  // namespace

const std::vector<Lowering::Kind>& Lowering::kinds() {
  static const std::vector<Kind> table = {
      {"conv", {"kernel", "width", "stride", "dilation", "groups", "bias", "act", "order", "norm"}, &Lowering::conv},
      {"sepconv", {"kernel", "width", "stride", "dilation", "bias", "act", "order", "norm"}, &Lowering::sepconv},
      {"mbconv", {"kernel", "expand", "width", "stride", "se", "gate", "act", "norm"}, &Lowering::mbconv},
      {"pool", {"kind", "kernel", "stride", "count_padding"}, &Lowering::pool},
      {"norm", {"kind"}, &Lowering::norm},
      {"act", {"kind"}, &Lowering::act},
      {"dropout", {"rate"}, &Lowering::dropout},
      {"linear", {"width", "act", "bias"}, &Lowering::linear},
      {"flatten", {}, &Lowering::flatten},
      {"skip", {}, &Lowering::skip},
      {"zero", {}, &Lowering::zero},
      {"residual", {"body", "shortcut", "act", "width", "stride"}, &Lowering::residual},
      {"dag", {"nodes", "edges", "edge", "width"}, &Lowering::dag},
      {"cell", {"nodes", "inputs", "from", "edges", "edge", "join", "width", "stride", "norm"}, &Lowering::cell},
  };
  return table;
}

std::vector<std::string> Lowering::ops() {
  std::vector<std::string> names;
  for (const auto& kind : kinds()) names.emplace_back(kind.op);
  return names;
}

std::vector<std::string> Lowering::attributes(std::string_view op) {
  for (const auto& kind : kinds()) {
    if (kind.op == op) return {kind.keys.begin(), kind.keys.end()};
  }
  return {};
}

const Lowering::Kind& Lowering::kind_of(const Block& block) {
  for (const auto& kind : kinds()) {
    if (kind.op == block.op()) return kind;
  }
  const auto names = ops();
  const auto nearest = base::nearest_word(block.op(), names);
  block.fail(
      fmt::format("there is no op \"{}\"; {}", block.op(),
                  nearest.empty() ? "it is one of " + base::join(names, ", ") : "did you mean \"" + nearest + "\"?"),
      nearest);
}

Network Lowering::run(const Json& model) {
  if (!model.is_object() || !model.contains("input") || !model.contains("blocks")) {
    base::fail(Exit::config, "[model] needs \"input\" and \"blocks\"");
  }
  auto last = sequence(model.at("blocks"), Place{.path = "", .input = input(model), .keep_width = true});
  if (builder_.shape(last).size() == 3 && base::element_count(builder_.shape(last)) == outputs_) {
    last = builder_.add("flatten", "output", {last});
  }
  if (builder_.shape(last) != Shape{outputs_}) {
    base::fail(Exit::config, "the model gives {} values, but the data need {}: end it with {}",
               to_text(builder_.shape(last)), outputs_, R"({ op = "linear", width = "classes" })");
  }
  auto network = builder_.finish(last);
  if (count(network).parameters == 0) base::fail(Exit::config, "the model has no layer with weights: nothing to train");
  return network;
}

int Lowering::input(const Json& model) {
  const auto& json = model.at("input");
  Shape shape;
  bool valid = json.is_array() && (json.size() == 1 || json.size() == 3);
  for (std::size_t i = 0; valid && i < json.size(); ++i) {
    valid = json[i].is_number_integer() && json[i].get<std::int64_t>() >= 1 && json[i].get<std::int64_t>() <= widest;
    if (valid) shape.push_back(json[i].get<std::int64_t>());
  }
  if (!valid) {
    base::fail(Exit::config, "model.input must be [channels, height, width] or [features], but is {}", json.dump());
  }
  for (std::size_t i = 1; i < shape.size(); ++i) {
    // Below 4 pixels nothing of an image is left.
    const auto scaled = std::llround(static_cast<double>(shape[i]) * scaling_.resolution);
    shape[i] = std::max<std::int64_t>(scaled, std::min<std::int64_t>(shape[i], 4));
  }
  return builder_.input(shape);
}

/// The blocks of an array (or a single one) in a row. A residual's stride goes to the first, the output's fixed width
/// to the last.
int Lowering::sequence(const Json& blocks, const Place& place) {
  if (blocks.is_object()) return sequence(Json::array({blocks}), place);
  if (!blocks.is_array()) base::fail(Exit::config, "blocks must be an array of tables, but are {}", blocks.dump());
  auto here = place;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto& json = blocks[i];
    const auto name = place.path + text_of(json, "name", fmt::format("{}#{}", text_of(json, "op", ""), i + 1));
    here.keep_width = place.keep_width && i + 1 == blocks.size();
    if (i > 0) here.stride.reset();
    const auto behind = repeated(json, name, here);
    here.input = behind.input;
    here.before = behind.before;
  }
  return here.input;
}

/// The copies of one block, each with its overlay from `layers`.
Place Lowering::repeated(const Json& json, const std::string& name, const Place& place) {
  const Block block(json, name);
  const auto* layers = block.find("layers");
  if (layers != nullptr && !layers->is_array()) block.fail("layers must be an array of tables");
  const auto overlays = layers == nullptr ? std::int64_t{1} : static_cast<std::int64_t>(layers->size());
  const auto repeat = block.integer("repeat", overlays, 0, 1000);
  if (layers != nullptr && overlays < repeat) {
    block.fail(fmt::format("layers has {} entries, but repeat is {}", overlays, repeat));
  }
  // Depth acts on what is written as repeated; a block that just stands there stays single.
  const auto depth = layers != nullptr || block.has("repeat") ? scaling_.depth : 1.0;
  const auto copies = repeat == 0 ? 0 : std::max(1LL, std::llround(static_cast<double>(repeat) * depth));
  auto here = place;
  for (std::int64_t i = 0; i < copies; ++i) {
    auto copy = json;
    copy.erase("layers");
    copy.erase("repeat");
    if (layers != nullptr) {
      const auto& overlay = layers->at(static_cast<std::size_t>(std::min<std::int64_t>(i, repeat - 1)));
      if (!overlay.is_object()) block.fail("layers must be an array of tables");
      copy.update(overlay);
    }
    if (i > 0) here.first_copy = false;
    const bool numbered = layers != nullptr || copies > 1;
    const auto read = here.input;
    here.input = once(copy, numbered ? fmt::format("{}.{}", name, i + 1) : name, here);
    here.before = text_of(copy, "op", "") == "cell" ? std::optional(read) : std::nullopt;
  }
  return here;
}

int Lowering::once(const Json& json, const std::string& name, const Place& place) {
  const Block block(json, name);
  const auto& kind = kind_of(block);
  auto keys = kind.keys;
  keys.insert(keys.end(), {"op", "name", "repeat", "layers"});
  block.allow_only(keys);
  return (this->*kind.rule)(block, place);
}

std::optional<std::int64_t> Lowering::own_width(const Block& block, const Place& place,
                                                std::string_view primitive_op) const {
  const auto* value = block.find("width");
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) {
    if (*value == "classes") return outputs_;
    block.fail("width must be a number or \"classes\", but is " + value->dump(), "classes");
  }
  const auto number = block.integer("width", 0, 1, widest);
  if (place.keep_width && number == outputs_) return number;
  return scaled_width(number, scaling_.width, primitive(primitive_op).width_multiple);
}

std::int64_t Lowering::width(const Block& block, const Place& place, std::string_view primitive_op) const {
  if (const auto own = own_width(block, place, primitive_op)) return *own;
  return place.width.value_or(channels(place.input));
}

std::int64_t Lowering::stride(const Block& block, const Place& place, std::int64_t otherwise) const {
  const auto own = block.integer("stride", place.stride.value_or(otherwise), 1, 255);
  return place.first_copy ? own : 1;
}

namespace {

std::string to_text(const Scaling& scaling) {
  std::vector<std::string> parts;
  if (scaling.width != 1) parts.push_back(fmt::format("width {}", scaling.width));
  if (scaling.depth != 1) parts.push_back(fmt::format("depth {}", scaling.depth));
  if (scaling.resolution != 1) parts.push_back(fmt::format("resolution {}", scaling.resolution));
  return base::join(parts, ", ");
}

}  // namespace

std::vector<std::string> ops() { return Lowering::ops(); }

std::vector<std::string> attributes(std::string_view op) { return Lowering::attributes(op); }

Network lower(const Json& model, std::int64_t outputs, const Scaling& scaling) {
  base::require(outputs >= 1, "a network needs at least one output, not {}", outputs);
  if (!(scaling.width > 0 && scaling.depth > 0 && scaling.resolution > 0)) {
    base::fail(Exit::config, "width, depth and resolution of a fidelity must be above 0");
  }
  try {
    return Lowering(outputs, scaling).run(model);
  } catch (const base::Error& error) {
    const auto scaled = to_text(scaling);
    if (scaled.empty() || error.code() != Exit::config) throw;
    throw base::Error(Exit::config, fmt::format("{} (at {})", error.what(), scaled)).with_nearest(error.nearest());
  }
}

}  // namespace assay::arch
