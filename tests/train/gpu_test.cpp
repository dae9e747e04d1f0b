// The same training on a GPU; skipped where there is none.
// LibTorch first: it has a CHECK of its own, which Catch2 replaces.
#include "nn/torch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <csignal>

#include "arch/lower.hpp"
#include "base/json.hpp"
#include "nn/network_module.hpp"
#include "os/signal.hpp"
#include "train/augment.hpp"
#include "train/device.hpp"
#include "train/small.hpp"

using namespace assay;
using train::Result;

namespace {

torch::Device gpu() {
  if (!torch::cuda::is_available()) SKIP("this machine shows no CUDA device");
  return train::choose_device("cuda", 0);
}

train::Resident moved(train::Resident data, torch::Device device) {
  data.inputs = data.inputs.to(device);
  data.targets = data.targets.to(device);
  return data;
}

train::Settings settings_for(int epochs) {
  train::Settings settings;
  settings.epochs = epochs;
  settings.batch_size = 32;
  settings.lr = 5e-3;
  settings.crop = 1;
  return settings;
}

}  // namespace

TEST_CASE("the GPU's augmentation is the CPU's", "[gpu]") {
  const auto device = gpu();
  const auto images = torch::randn({50, 3, 8, 8});
  train::Settings settings;
  settings.crop = 2;
  settings.flip = true;
  settings.cutout = 3;
  const auto draws = train::draw_augmentation(50, 8, 8, settings, 1, 0);
  CHECK(torch::equal(train::augmented(images, draws, settings),
                     train::augmented(images.to(device), draws.to(device), settings).cpu()));
}

TEST_CASE("a training in fp32 on the GPU follows the one on the CPU", "[gpu]") {
  const auto device = gpu();
  const auto data = small::images(320, 1);
  const auto there = moved(data, device);
  const train::Sum on_cpu(comm::Group(), torch::kCPU), on_gpu(comm::Group(), device);
  for (const auto optimizer : {train::Settings::Optimizer::sgd, train::Settings::Optimizer::adamw}) {
    auto settings = settings_for(1);
    settings.optimizer = optimizer;
    settings.clip_norm = 1;
    auto here = small::net(true, 0), over_there = small::net(true, 0);
    train::train(here, {.train = data, .valid = data, .settings = settings, .seed = 3, .sum = on_cpu});
    const auto result =
        train::train(over_there, {.train = there, .valid = there, .settings = settings, .seed = 3, .sum = on_gpu});
    CHECK(result.end == Result::End::done);
    CHECK((small::weights(here) - small::weights(over_there)).abs().max().item<double>() < 2e-2);
  }
}

TEST_CASE("bf16 on the GPU learns, stops and goes on", "[gpu]") {
  const auto device = gpu();
  const auto data = moved(small::images(640, 1), device), valid = moved(small::images(200, 2), device);
  const train::Sum sum(comm::Group(), device);
  auto settings = settings_for(8);
  settings.precision = train::Settings::Precision::bf16;
  const small::Folder folder;
  const train::Identity identity{"a", "b", false};
  train::Job job{
      .train = data, .valid = valid, .settings = settings, .sum = sum, .identity = identity, .folder = folder.path};
  job.report = [](std::int64_t epoch, const train::Metrics&) {
    if (epoch == 3) os::request_stop(SIGUSR2);
    return false;
  };
  auto first = small::net(true, 0.1);
  CHECK(train::train(first, job).end == Result::End::left);
  os::request_stop(0);
  auto second = small::net(true, 0.1);
  job.previous = folder.path;
  std::int64_t first_epoch = 0;
  job.report = [&](std::int64_t epoch, const train::Metrics&) {
    if (first_epoch == 0) first_epoch = epoch;
    return false;
  };
  const auto result = train::train(second, job);
  CHECK(first_epoch == 4);
  CHECK(result.metrics.at("accuracy") > 0.9);
}

TEST_CASE("a batch that the GPU does not hold fails alone", "[gpu]") {
  const auto device = gpu();
  const auto data = moved(small::images(64, 1), device);
  const train::Sum sum(comm::Group(), device);
  auto greedy = small::net(false, 0);
  greedy.forward = [device](const torch::Tensor& batch) {
    return torch::zeros({batch.size(0), std::int64_t{1} << 40}, torch::TensorOptions(torch::kFloat32).device(device));
  };
  const auto result = train::train(greedy, {.train = data, .valid = data, .settings = settings_for(1), .sum = sum});
  CHECK(result.end == Result::End::oom);
  auto modest = small::net(false, 0);
  CHECK(train::train(modest, {.train = data, .valid = data, .settings = settings_for(1), .sum = sum}).end ==
        Result::End::done);
}

TEST_CASE("a network of primitives trains in both precisions and layouts", "[gpu]") {
  const auto device = gpu();
  const auto data = moved(small::images(320, 1), device);
  const train::Sum sum(comm::Group(), device);
  const auto network = arch::lower(base::Json::parse(R"({"input": [1, 6, 6], "blocks": [
      {"op": "conv", "name": "a", "kernel": 3, "width": 16},
      {"op": "mbconv", "name": "b", "kernel": 3, "width": 16, "expand": 3, "se": 0.25, "stride": 1},
      {"op": "pool", "name": "p", "kind": "global-avg"},
      {"op": "linear", "name": "l", "width": "classes"}]})"),
                                   4);
  for (const auto precision : {train::Settings::Precision::fp32, train::Settings::Precision::bf16}) {
    auto settings = settings_for(6);
    settings.precision = precision;
    auto model = train::as_model(std::make_shared<nn::NetworkModule>(network, 1));
    const auto result = train::train(model, {.train = data, .valid = data, .settings = settings, .sum = sum});
    CHECK(result.end == Result::End::done);
    CHECK(result.metrics.at("accuracy") > 0.8);
  }
}
