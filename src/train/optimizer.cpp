#include "train/optimizer.hpp"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>

namespace assay::train {

Optimizer::Optimizer(FlatParameters& parameters, const Settings& settings)
    : parameters_(parameters), settings_(settings) {
  const auto& values = parameters.values();
  const bool adamw = settings.optimizer == Settings::Optimizer::adamw;
  if (adamw || settings.momentum > 0) momentum_ = torch::zeros_like(values);
  if (adamw) {
    square_ = torch::zeros_like(values);
    count_ = torch::zeros({}, values.options());
  }
  const auto add = [&](auto half, double decay) {
    if (half(values).numel() == 0) return;
    parts_.push_back({half(values), half(parameters.gradients()),
                      momentum_.defined() ? half(momentum_) : torch::Tensor(),
                      square_.defined() ? half(square_) : torch::Tensor(), decay});
  };
  add([&](const torch::Tensor& flat) { return parameters_.decayed(flat); }, settings.weight_decay);
  add([&](const torch::Tensor& flat) { return parameters_.undecayed(flat); }, 0);
}

void Optimizer::step(double rate) {
  const torch::NoGradGuard no_gradients;
  if (settings_.optimizer == Settings::Optimizer::adamw) {
    step_adamw(rate);
  } else {
    step_sgd(rate);
  }
}

void Optimizer::step_sgd(double rate) {
  for (const auto& part : parts_) {
    std::vector<torch::Tensor> momentum;
    if (part.momentum.defined()) momentum.push_back(part.momentum);
    // A velocity of zero makes the first step like all others.
    at::_fused_sgd_({part.values}, {part.gradients}, momentum, part.decay, settings_.momentum, rate, /*dampening=*/0,
                    settings_.nesterov && settings_.momentum > 0, /*maximize=*/false, /*is_first_step=*/false);
  }
}

void Optimizer::step_adamw(double rate) {
  count_.add_(1);
  for (const auto& part : parts_) {
    at::_fused_adamw_({part.values}, {part.gradients}, {part.momentum}, {part.square}, {}, {count_}, rate,
                      settings_.beta1, settings_.beta2, part.decay, settings_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
}

nn::NamedTensors Optimizer::state() const {
  nn::NamedTensors state;
  const auto add = [&](const torch::Tensor& flat, const std::string& prefix) {
    if (!flat.defined()) return;
    for (auto& item : parameters_.by_name(flat, prefix)) state.push_back(std::move(item));
  };
  add(momentum_, "optimizer.momentum.");
  add(square_, "optimizer.square.");
  if (count_.defined()) state.emplace_back("optimizer.count", count_);
  return state;
}

}  // namespace assay::train
