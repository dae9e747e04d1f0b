#include "train/evaluate.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "train/autocast.hpp"

namespace assay::train {
namespace {

/// Sums over rows, kept on the device until all batches are through.
struct Sums {
  torch::Tensor loss, correct;
};

void add_batch(Sums& sums, const Resident& part, const torch::Tensor& output, const torch::Tensor& targets) {
  if (part.task == data::Task::classification) {
    sums.loss += at::cross_entropy_loss(output, targets, {}, at::Reduction::Sum);
    sums.correct += output.argmax(1).eq(targets).sum();
  } else {
    sums.loss += at::mse_loss(output.view(-1), targets, at::Reduction::Sum);
  }
}

/// Squared distance of the targets from their own mean: what r2 compares with.
double spread(const torch::Tensor& targets) {
  const auto exact = targets.to(torch::kFloat64);
  return (exact - exact.mean()).square().sum().item<double>();
}

}  // namespace

Metrics evaluate(const Model& model, const Resident& part, std::int64_t training_batch, bool bf16,
                 const comm::Group& group) {
  const torch::InferenceMode inference;
  model.module->eval();
  const auto device = part.inputs.device();
  const auto rows = part.rows();
  auto size = std::max<std::int64_t>(training_batch, device.is_cuda() ? 2048 : 256);
  const auto options = torch::TensorOptions(torch::kFloat64).device(device);
  Sums sums{torch::zeros({}, options), torch::zeros({}, options)};
  const auto first = rows * group.rank() / group.size(), last = rows * (group.rank() + 1) / group.size();
  {
    const AutocastScope autocast(bf16, device.type());
    for (auto at = first; at < last;) {
      const auto count = std::min(size, last - at);
      try {
        auto inputs = part.normalised(part.inputs.narrow(0, at, count));
        if (model.channels_last && inputs.dim() == 4) inputs = inputs.contiguous(at::MemoryFormat::ChannelsLast);
        add_batch(sums, part, model.forward(inputs).to(torch::kFloat32), part.targets.narrow(0, at, count));
        at += count;
      } catch (const c10::OutOfMemoryError&) {
        if (size <= training_batch) throw;
        size = training_batch;  // what could be trained can be scored
      }
    }
  }
  model.module->train();
  const auto host = torch::stack({sums.loss, sums.correct}).cpu();
  std::array totals{static_cast<float>(host[0].item<double>()), static_cast<float>(host[1].item<double>())};
  double loss = host[0].item<double>(), correct = host[1].item<double>();
  if (group.size() > 1) {
    group.sum(totals.data(), totals.size());
    loss = totals[0];
    correct = totals[1];
  }
  const auto count = static_cast<double>(rows);
  if (part.task == data::Task::classification) return {{"accuracy", correct / count}, {"loss", loss / count}};
  const auto total = spread(part.targets);
  return {{"rmse", std::sqrt(loss / count) * part.target_deviation},
          {"r2", total > 0 ? 1 - loss / total : 0.0},
          {"loss", loss / count}};
}

}  // namespace assay::train
