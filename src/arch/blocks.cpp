#include <algorithm>
#include <cmath>
#include <numeric>

#include "arch/lowering.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace assay::arch {

using base::Json;

int Lowering::add_conv(const Block& block, int from, const Builder::Attributes& attributes) {
  return builder_.add("conv", block.name(), {from}, attributes);
}

int Lowering::add_norm(const Block& block, int from) {
  return builder_.add("norm", block.name(), {from}, {{"kind", block.text("norm", "batch")}});
}

int Lowering::add_act(const Block& block, int from, const std::string& kind) {
  if (kind == "none") return from;
  return builder_.add("act", block.name(), {from}, {{"kind", kind == "silu" ? "swish" : kind}});
}

int Lowering::conv(const Block& block, const Place& place) { return ordered(block, place, false); }
int Lowering::sepconv(const Block& block, const Place& place) { return ordered(block, place, true); }

/// conv and sepconv: convolution, norm and activation in the order that the block says.
int Lowering::ordered(const Block& block, const Place& place, bool separable) {
  const auto order = block.text("order", place.in_shortcut ? "conv" : "conv-norm-act");
  const auto steps = base::split(order, '-');
  const auto times = [&](std::string_view step) { return std::count(steps.begin(), steps.end(), step); };
  if (times("conv") != 1 || times("norm") > 1 || times("act") > 1 ||
      times("norm") + times("act") + 1 != static_cast<std::ptrdiff_t>(steps.size())) {
    block.fail(fmt::format(
        "order \"{}\" must be conv, norm and act joined by \"-\", conv once and the others at most once", order));
  }
  const auto out = width(block, place, "conv"), step = stride(block, place, 1);
  const auto kernel = block.integer("kernel", 3, 1, 255), dilation = block.integer("dilation", 1, 1, 255);
  const auto padding = (kernel - 1) / 2 * dilation;
  const std::int64_t bias = block.flag("bias", times("norm") == 0 && !place.in_shortcut) ? 1 : 0;
  auto at = place.input;
  for (const auto& what : steps) {
    if (what == "norm") at = add_norm(block, at);
    if (what == "act") at = add_act(block, at, block.text("act", "relu"));
    if (what != "conv") continue;
    auto groups = separable ? channels(at) : block.integer("groups", 1, 1, widest);
    if (!separable && scaling_.width != 1) groups = std::gcd(groups, std::gcd(channels(at), out));
    at = add_conv(block, at,
                  {{"width", separable ? channels(at) : out},
                   {"kernel", kernel},
                   {"stride", step},
                   {"padding", padding},
                   {"dilation", dilation},
                   {"groups", groups},
                   {"bias", separable ? 0 : bias}});
    if (separable) at = add_conv(block, at, {{"width", out}, {"kernel", std::int64_t{1}}, {"bias", bias}});
  }
  return at;
}

/// The inverted residual: expand by 1x1, depthwise, squeeze-excitation, project by 1x1; a skip where nothing changes.
int Lowering::mbconv(const Block& block, const Place& place) {
  const auto from = place.input;
  if (builder_.shape(from).size() != 3) {
    block.fail(fmt::format("mbconv needs an image, but its input has {} features", channels(from)));
  }
  const auto in = channels(from), out = width(block, place, "conv"), step = stride(block, place, 1);
  const auto kernel = block.integer("kernel", 3, 1, 255);
  const auto hidden = std::max(1LL, std::llround(static_cast<double>(in) * block.real("expand", 1, 0.01, 100)));
  const auto act = block.text("act", "relu");
  const std::int64_t none = 0, one = 1;
  auto at = from;
  if (hidden != in) {
    at = add_conv(block, at, {{"width", hidden}, {"kernel", one}, {"bias", none}});
    at = add_act(block, add_norm(block, at), act);
  }
  at = add_conv(block, at,
                {{"width", hidden},
                 {"kernel", kernel},
                 {"stride", step},
                 {"padding", (kernel - 1) / 2},
                 {"groups", hidden},
                 {"bias", none}});
  at = add_act(block, add_norm(block, at), act);
  if (const auto share = block.real("se", 0, 0, 1); share > 0) {
    at = squeeze_excite(block, at, std::max(1LL, std::llround(static_cast<double>(in) * share)));
  }
  at = add_norm(block, add_conv(block, at, {{"width", out}, {"kernel", one}, {"bias", none}}));
  return builder_.shape(at) == builder_.shape(from) && step == 1 ? builder_.add("add", block.name(), {at, from}) : at;
}

int Lowering::squeeze_excite(const Block& block, int from, std::int64_t squeezed) {
  const auto gate = block.text("gate", block.text("act", "relu") == "hswish" ? "hsigmoid" : "sigmoid");
  auto at = builder_.add("pool", block.name(), {from}, {{"kind", "global-avg"}});
  at = add_act(block, builder_.add("linear", block.name(), {at}, {{"width", squeezed}}), "relu");
  at = add_act(block, builder_.add("linear", block.name(), {at}, {{"width", channels(from)}}), gate);
  return builder_.add("scale", block.name(), {from, at});
}

int Lowering::pool(const Block& block, const Place& place) {
  const auto kind = block.text("kind", "max");
  if (kind == "global-avg") return builder_.add("pool", block.name(), {place.input}, {{"kind", kind}});
  const auto kernel = block.integer("kernel", place.in_dag ? 3 : 2, 1, 255);
  const std::int64_t count_padding = block.flag("count_padding", false) ? 1 : 0;
  return builder_.add("pool", block.name(), {place.input},
                      {{"kind", kind},
                       {"kernel", kernel},
                       {"stride", stride(block, place, place.in_dag ? 1 : kernel)},
                       {"padding", (kernel - 1) / 2},
                       {"count_padding", count_padding}});
}

int Lowering::norm(const Block& block, const Place& place) {
  return builder_.add("norm", block.name(), {place.input}, {{"kind", block.text("kind", "batch")}});
}

int Lowering::act(const Block& block, const Place& place) {
  return add_act(block, place.input, block.text("kind", "relu"));
}

int Lowering::dropout(const Block& block, const Place& place) {
  return builder_.add("dropout", block.name(), {place.input}, {{"rate", block.real("rate", 0.5, 0, 0.99)}});
}

int Lowering::linear(const Block& block, const Place& place) {
  const std::int64_t bias = block.flag("bias", true) ? 1 : 0;
  const auto from = flatten(block, place);
  const auto out = own_width(block, place, "linear").value_or(place.width.value_or(channels(from)));
  const auto at = builder_.add("linear", block.name(), {from}, {{"width", out}, {"bias", bias}});
  return add_act(block, at, block.text("act", "none"));
}

int Lowering::flatten(const Block& block, const Place& place) {
  if (builder_.shape(place.input).size() == 1) return place.input;
  return builder_.add("flatten", block.name(), {place.input});
}

int Lowering::skip(const Block&, const Place& place) { return place.input; }

int Lowering::zero(const Block& block, const Place& place) {
  return builder_.zero(block.name(), builder_.shape(place.input));
}

int Lowering::residual(const Block& block, const Place& place) {
  auto inside = place;
  inside.path = block.name() + ".";
  inside.keep_width = false;
  inside.in_dag = false;
  inside.before.reset();
  if (const auto own = own_width(block, place, "conv")) inside.width = own;
  if (block.has("stride")) inside.stride = stride(block, place, 1);
  const auto body = sequence(block.at("body"), inside);
  const auto other = shortcut(block, inside, body);
  return add_act(block, builder_.add("add", block.name(), {body, other}), block.text("act", "none"));
}

/// The written shortcut; else the identity, or a projection with norm where the body changes the shape. Copies after
/// the first have stride 1, for which the written one (often a pool) is not meant.
int Lowering::shortcut(const Block& block, const Place& place, int body) {
  if (block.has("shortcut") && place.first_copy) {
    auto inside = place;
    inside.in_shortcut = true;
    return sequence(block.at("shortcut"), inside);
  }
  const auto& in = builder_.shape(place.input);
  const auto& out = builder_.shape(body);
  if (in == out || in.size() != out.size()) return place.input;
  if (in.size() == 1) {
    return builder_.add("linear", block.name(), {place.input}, {{"width", out[0]}, {"bias", std::int64_t{0}}});
  }
  const auto step = (in[1] + out[1] - 1) / out[1];
  return add_norm(
      block, add_conv(block, place.input,
                      {{"width", out[0]}, {"kernel", std::int64_t{1}}, {"stride", step}, {"bias", std::int64_t{0}}}));
}

int Lowering::dag(const Block& block, const Place& place) {
  const auto nodes = block.integer("nodes", 0, 2, 64);
  if (nodes == 0) block.fail("dag needs \"nodes\"");
  const auto* edges = block.find("edges");
  const auto* edge = block.find("edge");
  if (edges == nullptr && edge == nullptr) block.fail("dag needs \"edges\" (or \"edge\", the same for all)");
  if (edges != nullptr && !edges->is_object()) block.fail("edges must be a table of blocks, \"0-1\" and so on");
  auto inside = place;
  inside.keep_width = false;
  inside.in_dag = true;
  inside.before.reset();
  inside.stride.reset();
  if (const auto own = own_width(block, place, "conv")) inside.width = own;
  std::vector<int> values = {place.input};
  std::size_t used = 0;
  for (std::int64_t j = 1; j < nodes; ++j) {
    std::vector<int> incoming;
    for (std::int64_t i = 0; i < j; ++i) {
      const auto key = fmt::format("{}-{}", i, j);
      const bool named = edges != nullptr && edges->contains(key);
      if (!named && edge == nullptr) block.fail(fmt::format("edge \"{}\" is missing", key));
      if (named) ++used;
      const auto name = fmt::format("{}.{}", block.name(), key);
      inside.path = name + ".";
      inside.input = values[static_cast<std::size_t>(i)];
      incoming.push_back(repeated(named ? edges->at(key) : *edge, name, inside).input);
    }
    values.push_back(sum_of_edges(block, incoming));
  }
  if (edges != nullptr && used != edges->size()) {
    block.fail(fmt::format("edges holds more than \"i-j\" for 0 <= i < j < {}", nodes));
  }
  return values.back();
}

int Lowering::sum_of_edges(const Block& block, const std::vector<int>& edges) {
  // A zero has the shape of its source, which need not be that of the sum: drop it here already.
  std::vector<int> addends;
  std::copy_if(edges.begin(), edges.end(), std::back_inserter(addends),
               [&](int edge) { return !builder_.is(edge, "zero"); });
  if (addends.empty()) return edges.front();
  return addends.size() == 1 ? addends.front() : builder_.add("add", block.name(), addends);
}

}  // namespace assay::arch
