#include "arch/shapes.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace assay::arch::rules {
namespace {

using base::Exit;

template <class... Args>
[[noreturn]] void misfit(const Node& node, fmt::format_string<Args...> what, Args&&... args) {
  base::fail(Exit::config, "block \"{}\": {}", node.block, fmt::format(what, std::forward<Args>(args)...));
}

const Shape& image(const Node& node, const Shapes& inputs) {
  if (inputs[0].size() != 3) {
    misfit(node,
           "{} needs an image (channels x height x width), but its input has {} features: put it before flatten, "
           "linear and global pooling",
           node.op, to_text(inputs[0]));
  }
  return inputs[0];
}

/// Output extent of a sliding window, or 0 where it does not fit.
std::int64_t slide(std::int64_t extent, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                   std::int64_t dilation) {
  const auto room = extent + 2 * padding - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

Shape windowed(const Node& node, const Shape& in, std::int64_t channels, std::int64_t dilation) {
  const auto kernel = integer(node, "kernel"), stride = integer(node, "stride"), padding = integer(node, "padding");
  const Shape out = {channels, slide(in[1], kernel, stride, padding, dilation),
                     slide(in[2], kernel, stride, padding, dilation)};
  if (out[1] < 1 || out[2] < 1) {
    misfit(node,
           "a {0}x{0} window{1} does not fit into {2}: use a smaller kernel, fewer strides before it, or a larger "
           "resolution",
           kernel, dilation > 1 ? fmt::format(" of dilation {}", dilation) : "", to_text(in));
  }
  return out;
}

}  // namespace

Shape given(const Node& node, const Shapes&) {
  const auto channels = integer(node, "channels"), height = integer(node, "height"), width = integer(node, "width");
  if ((height == 0) != (width == 0)) misfit(node, "height and width must both be given, or neither");
  return height == 0 ? Shape{channels} : Shape{channels, height, width};
}

Shape same(const Node&, const Shapes& inputs) { return inputs[0]; }

Shape conv(const Node& node, const Shapes& inputs) {
  const auto& in = image(node, inputs);
  const auto width = integer(node, "width"), groups = integer(node, "groups");
  if (in[0] % groups != 0 || width % groups != 0) {
    misfit(node,
           "{} groups do not divide the {} channels of its input and its width {}: choose groups that divide both",
           groups, in[0], width);
  }
  return windowed(node, in, width, integer(node, "dilation"));
}

Shape pool(const Node& node, const Shapes& inputs) {
  const auto& in = image(node, inputs);
  if (text(node, "kind") == "global-avg") return {in[0]};
  if (2 * integer(node, "padding") > integer(node, "kernel")) {
    misfit(node, "padding {} is more than half of the kernel {}", integer(node, "padding"), integer(node, "kernel"));
  }
  return windowed(node, in, in[0], 1);
}

Shape linear(const Node& node, const Shapes& inputs) {
  if (inputs[0].size() != 1) {
    misfit(node, "linear needs features, but its input is an image of {}: put flatten or global pooling before it",
           to_text(inputs[0]));
  }
  return {integer(node, "width")};
}

Shape flatten(const Node&, const Shapes& inputs) { return {base::element_count(inputs[0])}; }

Shape add(const Node& node, const Shapes& inputs) {
  for (const auto& shape : inputs) {
    if (shape == inputs[0]) continue;
    const auto& first = inputs[0];
    const bool same_extent = shape.size() == 3 && first.size() == 3 && shape[1] == first[1] && shape[2] == first[2];
    misfit(node, "cannot add {} and {}: {}", to_text(first), to_text(shape),
           same_extent ? "give both paths the same width" : "give both paths the same stride and width");
  }
  return inputs[0];
}

Shape concat(const Node& node, const Shapes& inputs) {
  Shape out = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const auto& next = inputs[i];
    if (next.size() != out.size() || (out.size() == 3 && (next[1] != out[1] || next[2] != out[2]))) {
      misfit(node, "cannot concatenate {} and {}: height and width must agree", to_text(inputs[0]), to_text(next));
    }
    out[0] += next[0];
  }
  return out;
}

Shape scale(const Node& node, const Shapes& inputs) {
  if (inputs[1] != Shape{inputs[0][0]}) {
    misfit(node, "cannot scale {} by {}: one factor per channel is needed", to_text(inputs[0]), to_text(inputs[1]));
  }
  return inputs[0];
}

Cost free_of_cost(const Node&, const Shapes&) { return {}; }

Cost conv_cost(const Node& node, const Shapes& inputs) {
  const auto kernel = integer(node, "kernel"), width = integer(node, "width");
  const auto weights = width * (inputs[0][0] / integer(node, "groups")) * kernel * kernel;
  return {weights + (integer(node, "bias") != 0 ? width : 0), weights * node.shape[1] * node.shape[2]};
}

Cost linear_cost(const Node& node, const Shapes& inputs) {
  const auto width = integer(node, "width");
  return {inputs[0][0] * width + (integer(node, "bias") != 0 ? width : 0), inputs[0][0] * width};
}

Cost norm_cost(const Node&, const Shapes& inputs) { return {2 * inputs[0][0], 0}; }

}  // namespace assay::arch::rules
