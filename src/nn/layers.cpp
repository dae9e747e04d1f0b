#include "nn/layers.hpp"

#include <cmath>
#include <functional>
#include <map>

#include "arch/primitives.hpp"
#include "base/error.hpp"

namespace assay::nn {
namespace {

using arch::integer;
using arch::Node;
using arch::real;
using arch::Shape;
using arch::text;
using torch::Tensor;

class Conv : public Layer {
 public:
  Conv(const Node& node, const Shape& input, torch::Generator& generator)
      : stride_(integer(node, "stride")),
        padding_(integer(node, "padding")),
        dilation_(integer(node, "dilation")),
        groups_(integer(node, "groups")) {
    const auto width = integer(node, "width"), kernel = integer(node, "kernel");
    const auto deviation = std::sqrt(2.0 * static_cast<double>(groups_) / static_cast<double>(kernel * kernel * width));
    weight_ = register_parameter(
        "weight", torch::empty({width, input[0] / groups_, kernel, kernel}).normal_(0, deviation, generator));
    if (integer(node, "bias") != 0) bias_ = register_parameter("bias", torch::zeros({width}));
  }

  Tensor forward(const std::vector<Tensor>& inputs) override {
    return torch::conv2d(inputs[0], weight_, bias_, stride_, padding_, dilation_, groups_);
  }

 private:
  std::int64_t stride_, padding_, dilation_, groups_;
  Tensor weight_, bias_;
};

class Linear : public Layer {
 public:
  Linear(const Node& node, const Shape& input, torch::Generator& generator) {
    const auto width = integer(node, "width");
    const auto bound = 1 / std::sqrt(static_cast<double>(input[0]));
    weight_ = register_parameter("weight", torch::empty({width, input[0]}).uniform_(-bound, bound, generator));
    if (integer(node, "bias") != 0) {
      bias_ = register_parameter("bias", torch::empty({width}).uniform_(-bound, bound, generator));
    }
  }

  Tensor forward(const std::vector<Tensor>& inputs) override { return torch::linear(inputs[0], weight_, bias_); }

 private:
  Tensor weight_, bias_;
};

class BatchNorm : public Layer {
 public:
  BatchNorm(const Node& node, const Shape& input) : epsilon_(real(node, "epsilon")), momentum_(real(node, "momentum")) {
    weight_ = register_parameter("weight", torch::ones({input[0]}));
    bias_ = register_parameter("bias", torch::zeros({input[0]}));
    mean_ = register_buffer("running_mean", torch::zeros({input[0]}));
    variance_ = register_buffer("running_var", torch::ones({input[0]}));
  }

  Tensor forward(const std::vector<Tensor>& inputs) override {
    // A single value per channel has no variance: the running statistics would become NaN.
    const bool batch_statistics = is_training() && inputs[0].numel() > inputs[0].size(1);
    return torch::batch_norm(inputs[0], weight_, bias_, mean_, variance_, batch_statistics, momentum_, epsilon_,
                             torch::globalContext().userEnabledCuDNN());
  }

 private:
  double epsilon_, momentum_;
  Tensor weight_, bias_, mean_, variance_;
};

/// Over all values of one example, with a factor and an offset per channel.
class LayerNorm : public Layer {
 public:
  LayerNorm(const Node& node, const Shape& input) : epsilon_(real(node, "epsilon")) {
    weight_ = register_parameter("weight", torch::ones({input[0]}));
    bias_ = register_parameter("bias", torch::zeros({input[0]}));
  }

  Tensor forward(const std::vector<Tensor>& inputs) override {
    return torch::group_norm(inputs[0], 1, weight_, bias_, epsilon_);
  }

 private:
  double epsilon_;
  Tensor weight_, bias_;
};

class Dropout : public Layer {
 public:
  explicit Dropout(double rate) : rate_(rate) {}
  Tensor forward(const std::vector<Tensor>& inputs) override {
    return is_training() ? torch::dropout(inputs[0], rate_, true) : inputs[0];
  }

 private:
  double rate_;
};

/// A primitive without weights.
class Function : public Layer {
 public:
  using Body = std::function<Tensor(const std::vector<Tensor>&)>;
  explicit Function(Body body) : body_(std::move(body)) {}
  Tensor forward(const std::vector<Tensor>& inputs) override { return body_(inputs); }

 private:
  Body body_;
};

Function::Body activation(const std::string& kind) {
  static const std::map<std::string, Tensor (*)(const Tensor&)> table = {
      {"relu", [](const Tensor& x) { return torch::relu(x); }},
      {"relu6", [](const Tensor& x) { return torch::hardtanh(x, 0, 6); }},
      {"hswish", [](const Tensor& x) { return torch::hardswish(x); }},
      {"swish", [](const Tensor& x) { return torch::silu(x); }},
      {"gelu", [](const Tensor& x) { return torch::gelu(x); }},
      {"sigmoid", [](const Tensor& x) { return torch::sigmoid(x); }},
      {"hsigmoid", [](const Tensor& x) { return torch::hardsigmoid(x); }},
      {"tanh", [](const Tensor& x) { return torch::tanh(x); }},
      {"leaky", [](const Tensor& x) { return torch::leaky_relu(x, 0.01); }},
  };
  const auto at = table.find(kind);
  base::require(at != table.end(), "activation {} has no layer", kind);
  return [function = at->second](const std::vector<Tensor>& in) { return function(in[0]); };
}

Function::Body pooling(const Node& node) {
  const auto kernel = integer(node, "kernel"), stride = integer(node, "stride"), padding = integer(node, "padding");
  const bool count_padding = integer(node, "count_padding") != 0;
  if (text(node, "kind") == "global-avg") return [](const auto& in) { return in[0].mean({2, 3}); };
  if (text(node, "kind") == "max") {
    return [=](const auto& in) { return torch::max_pool2d(in[0], kernel, stride, padding); };
  }
  return [=](const auto& in) { return torch::avg_pool2d(in[0], kernel, stride, padding, false, count_padding); };
}

Tensor sum(const std::vector<Tensor>& inputs) {
  auto total = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) total = total + inputs[i];
  return total;
}

Tensor scaled(const std::vector<Tensor>& inputs) {
  return inputs[0].dim() == 2 ? inputs[0] * inputs[1] : inputs[0] * inputs[1].unsqueeze(-1).unsqueeze(-1);
}

Function::Body zeros(const Shape& shape) {
  return [shape](const std::vector<Tensor>& in) {
    auto sizes = shape;
    sizes.insert(sizes.begin(), in[0].size(0));
    return torch::zeros(sizes, in[0].options());
  };
}

Function::Body function_of(const Node& node) {
  if (node.op == "act") return activation(text(node, "kind"));
  if (node.op == "pool") return pooling(node);
  if (node.op == "add") return sum;
  if (node.op == "concat") return [](const auto& in) { return torch::cat(in, 1); };
  if (node.op == "scale") return scaled;
  if (node.op == "flatten") return [](const auto& in) { return in[0].flatten(1); };
  if (node.op == "zero") return zeros(node.shape);
  if (node.op == "identity") return [](const auto& in) { return in[0]; };
  base::fail(base::Exit::defect, "primitive {} has no layer", node.op);
}

}  // namespace

std::shared_ptr<Layer> make_layer(const Node& node, const std::vector<Shape>& inputs, torch::Generator& generator) {
  if (node.op == "conv") return std::make_shared<Conv>(node, inputs[0], generator);
  if (node.op == "linear") return std::make_shared<Linear>(node, inputs[0], generator);
  if (node.op == "norm" && text(node, "kind") == "batch") return std::make_shared<BatchNorm>(node, inputs[0]);
  if (node.op == "norm") return std::make_shared<LayerNorm>(node, inputs[0]);
  if (node.op == "dropout") return std::make_shared<Dropout>(real(node, "rate"));
  return std::make_shared<Function>(function_of(node));
}

}  // namespace assay::nn
