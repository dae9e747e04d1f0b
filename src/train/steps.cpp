#include "train/steps.hpp"

#include <ATen/Context.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/random.hpp"
#include "train/autocast.hpp"

namespace assay::train {
namespace {

/// Memory runs out in the first steps if it does.
constexpr std::int64_t careful_steps = 3;

bool wants_bf16(const Settings& settings, torch::Device device) {
  return settings.precision == Settings::Precision::bf16 && device.is_cuda();
}

torch::nn::Module& placed(Model& model, torch::Device device, bool bf16) {
  place(model, device, bf16);
  return *model.module;
}

}  // namespace

Steps::Steps(Model& model, const Resident& rows, torch::Tensor positions, const Settings& settings, std::uint64_t seed,
             const Sum& sum)
    : model_(model),
      sum_(sum),
      task_(rows.task),
      settings_(settings),
      seed_(seed),
      device_(rows.inputs.device()),
      bf16_(wants_bf16(settings, device_)),
      batches_(rows, std::move(positions), settings, seed),
      parameters_(placed(model, device_, bf16_)),
      optimizer_(parameters_, settings) {
  share_parameters(*model_.module, parameters_, sum_.group());
  // Trying convolution algorithms costs more than it saves in a short training.
  at::globalContext().setBenchmarkCuDNN(batches_.steps() * settings.epochs >= 2000);
  model_.module->train();
  start_epoch(0);
}

void Steps::start_epoch(std::int64_t epoch, double loss_sum) {
  batches_.start_epoch(epoch);
  // Ranks but the first start from zero: the sum over the ranks then counts what a checkpoint brought once.
  loss_sum_ =
      torch::full({}, sum_.group().rank() == 0 ? loss_sum : 0.0, torch::TensorOptions(torch::kFloat64).device(device_));
}

/// Dropout draws from the device's default generator, which others use too: each step starts it anew.
void Steps::seed_dropout(std::int64_t overall) {
  const auto& group = sum_.group();
  const auto seed = base::derive_seed(seed_, "train", overall * group.size() + group.rank(), "dropout");
  auto generator = at::globalContext().defaultGenerator(device_);
  const std::scoped_lock lock(generator.mutex());
  generator.set_current_seed(seed);
}

void Steps::forward_backward(const Batch& batch) {
  const auto rows = batch.targets.size(0);
  if (rows == 0) return;  // more ranks than rows: this one adds nothing
  auto inputs = batch.inputs;
  if (model_.channels_last && inputs.dim() == 4) inputs = inputs.contiguous(at::MemoryFormat::ChannelsLast);
  torch::Tensor loss;
  {
    const AutocastScope autocast(bf16_, device_.type());
    const auto output = model_.forward(inputs).to(torch::kFloat32);
    loss = task_ == data::Task::classification
               ? at::cross_entropy_loss(output, batch.targets, {}, at::Reduction::Mean, -100, settings_.label_smoothing)
               : at::mse_loss(output.view(-1), batch.targets);
  }
  // The mean over the whole batch is the sum of what the ranks have.
  const auto share = static_cast<double>(rows) / static_cast<double>(batch.global_rows);
  (rows == batch.global_rows ? loss : loss * share).backward();
  loss_sum_.add_(loss.detach(), static_cast<double>(rows));
}

void Steps::accumulate(const Batch& batch) {
  const auto rows = batch.targets.size(0),
             parts = std::min<std::int64_t>(settings_.accumulate, std::max<std::int64_t>(rows, 1));
  for (std::int64_t part = 0; part < parts; ++part) {
    const auto begin = rows * part / parts, end = rows * (part + 1) / parts;
    forward_backward({batch.inputs.slice(0, begin, end), batch.targets.slice(0, begin, end), batch.global_rows});
  }
}

bool Steps::take(std::int64_t in_epoch, std::int64_t overall, double rate) {
  const auto& group = sum_.group();
  const bool careful = group.size() > 1 && overall < careful_steps;
  seed_dropout(overall);
  parameters_.zero_gradients();
  bool fits = true;
  try {
    accumulate(batches_.take(in_epoch, group.rank(), group.size()));
  } catch (const c10::OutOfMemoryError&) {
    if (group.size() > 1 && !careful) throw;
    fits = false;
  }
  if (careful) fits = group.max(fits ? 0 : 1) == 0;
  if (!fits) return false;
  auto gradients = parameters_.gradients();
  sum_(gradients);
  if (settings_.clip_norm > 0) parameters_.clip(settings_.clip_norm);
  optimizer_.step(rate);
  return true;
}

void Steps::share_state() {
  share_parameters(*model_.module, parameters_, sum_.group());
  std::vector<torch::Tensor> tensors;
  for (auto& [name, tensor] : optimizer_.state()) tensors.push_back(tensor);
  share(std::move(tensors), sum_.group());
}

double Steps::loss_sum() const {
  sum_.wait();
  const double mine = loss_sum_.item<double>();
  if (sum_.group().size() == 1) return mine;
  auto total = static_cast<float>(mine);
  sum_.group().sum(&total, 1);
  return total;
}

}  // namespace assay::train
