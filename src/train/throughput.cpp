#include "train/throughput.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "arch/lower.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "nn/network_module.hpp"
#include "train/device.hpp"
#include "train/steps.hpp"
#include "train/training_data.hpp"

namespace assay::train {
namespace {

constexpr std::int64_t smallest = 8;
constexpr double warmup_seconds = 0.1, measured_seconds = 0.3;
constexpr int warmup_steps = 3, measured_steps = 5;
/// Most bytes of activations that a batch may need on the CPU; GPUs are tried until they refuse.
constexpr double cpu_memory = 512.0 * (1 << 20);

/// Without evaluation, measured where the device has finished; nothing if the memory does not suffice.
std::optional<double> seconds_per_step(const arch::Network& network, const Resident& rows, const Settings& settings,
                                       std::uint64_t seed) {
  auto model = as_model(std::make_shared<nn::NetworkModule>(network, seed));
  const Sum alone(comm::Group(), rows.inputs.device());
  Steps steps(model, rows, {}, settings, seed, alone);
  std::int64_t taken = 0;
  const auto run_for = [&](double seconds, int least) -> std::optional<double> {
    const auto start = base::steady_seconds();
    const auto before = taken;
    while (taken - before < least || base::steady_seconds() - start < seconds) {
      if (!steps.take(taken % steps.steps_per_epoch(), taken, settings.lr)) return std::nullopt;
      // Kernels only queue up on a GPU: waiting now and then keeps the clock honest.
      if (++taken % 16 == 0) steps.loss_sum();
    }
    steps.loss_sum();
    return (base::steady_seconds() - start) / static_cast<double>(taken - before);
  };
  if (!run_for(warmup_seconds, warmup_steps)) return std::nullopt;
  return run_for(measured_seconds, measured_steps);
}

}  // namespace

std::vector<run::BatchPoint> sweep_batches(const run::Run& run, const space::Space& space, const std::string& device,
                                           int threads) {
  const auto where = choose_device(device, 0);
  set_threads(threads);
  TrainingData data(run, Rows::search, where);
  const auto concrete = space.instantiate(space.defaults());
  data.check_input(concrete.at("model"));
  const auto network = arch::lower(concrete.at("model"), data.outputs());
  auto settings = settings_from(concrete.at("training"), concrete.at("augment"));
  const auto& rows = data.parts(network.input()).train;
  const auto largest = std::min(run.config().integer("baseline.largest_batch"), rows.rows());
  // Activations and their gradients, and as much again for workspaces.
  const double bytes_per_row = static_cast<double>(arch::count(network).activations) * sizeof(float) * 4;

  std::vector<run::BatchPoint> sweep;
  double best = 0;
  int without_gain = 0;
  for (std::int64_t batch = smallest; batch <= largest && without_gain < 2; batch *= 2) {
    if (where.is_cpu() && batch > smallest && bytes_per_row * static_cast<double>(batch) > cpu_memory) break;
    settings.batch_size = batch;
    run::BatchPoint point{.batch = batch};
    const auto seconds = seconds_per_step(network, rows, settings, run.seed());
    point.out_of_memory = !seconds;
    if (seconds) {
      point.seconds_per_step = *seconds;
      point.examples_per_second = static_cast<double>(batch) / *seconds;
    }
    sweep.push_back(point);
    if (point.out_of_memory) break;
    without_gain = point.examples_per_second > best * (1 + least_gain) ? 0 : without_gain + 1;
    best = std::max(best, point.examples_per_second);
  }
  return sweep;
}

std::int64_t best_batch(const std::vector<run::BatchPoint>& sweep) {
  std::int64_t batch = 0;
  double best = 0;
  for (const auto& point : sweep) {
    if (point.out_of_memory || point.examples_per_second <= best * (1 + least_gain)) continue;
    best = point.examples_per_second;
    batch = point.batch;
  }
  return batch;
}

}  // namespace assay::train
