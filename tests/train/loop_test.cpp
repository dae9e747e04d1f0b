// The whole loop: learning, exact resuming, failures, mixed precision.
// LibTorch first: it has a CHECK of its own, which Catch2 replaces.
#include "nn/torch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <limits>

#include "os/signal.hpp"
#include "train/autocast.hpp"
#include "train/device.hpp"
#include "train/small.hpp"

using namespace assay;
using train::Result;

namespace {

train::Settings settings_for(int epochs) {
  train::Settings settings;
  settings.epochs = epochs;
  settings.batch_size = 16;
  settings.lr = 5e-3;
  settings.crop = 1;
  return settings;
}

const train::Sum& alone() {
  static const train::Sum sum(comm::Group(), torch::kCPU);
  return sum;
}

/// A model whose `at`-th forward pass in training is followed by a stop signal.
train::Model stopping(train::Model model, int at) {
  auto inner = model.forward;
  auto* module = model.module.get();
  auto count = std::make_shared<int>(0);
  model.forward = [=](const torch::Tensor& batch) {
    if (module->is_training() && ++*count == at) os::request_stop(SIGUSR2);
    return inner(batch);
  };
  return model;
}

}  // namespace

TEST_CASE("a small network learns") {
  const auto data = small::images(400, 1), valid = small::images(200, 2);
  auto model = small::net(true, 0.1);
  int epochs = 0;
  const auto result = train::train(model, {.train = data,
                                           .valid = valid,
                                           .settings = settings_for(8),
                                           .sum = alone(),
                                           .report = [&](std::int64_t epoch, const train::Metrics& metrics) {
                                             CHECK(epoch == ++epochs);
                                             CHECK(metrics.contains("train_loss"));
                                             return false;
                                           }});
  CHECK(result.end == Result::End::done);
  CHECK(epochs == 8);
  CHECK(result.metrics.at("accuracy") > 0.9);
  CHECK(result.train_seconds > 0);
}

TEST_CASE("a training that takes longer than it may ends between two steps, without a checkpoint") {
  const auto data = small::images(100, 1);
  const small::Folder folder;
  auto model = small::net(true, 0);
  int epochs = 0;
  train::Job job{
      .train = data, .valid = data, .settings = settings_for(1 << 20), .sum = alone(), .folder = folder.path};
  job.timeout = 0.3;
  job.report = [&](std::int64_t, const train::Metrics&) { return ++epochs < 0; };
  const auto result = train::train(model, job);
  CHECK(result.end == Result::End::timeout);
  CHECK(result.reason.starts_with("the training took longer than 0.3 s, in epoch "));
  CHECK(epochs > 0);
  CHECK_FALSE(std::filesystem::exists(folder.path / study::checkpoint_file));
}

TEST_CASE("the same seed gives the same bits, another seed does not") {
  const auto data = small::images(100, 1);
  const auto weights = [&](std::uint64_t seed) {
    auto model = small::net(true, 0.3);
    train::train(model, {.train = data, .valid = data, .settings = settings_for(2), .seed = seed, .sum = alone()});
    return small::weights(model);
  };
  CHECK(torch::equal(weights(1), weights(1)));
  CHECK_FALSE(torch::equal(weights(1), weights(2)));
}

TEST_CASE("a training stopped at any step and resumed ends with the same bits") {
  const auto data = small::images(100, 1);
  auto undisturbed = small::net(true, 0.3);
  train::Job job{.train = data,
                 .valid = data,
                 .settings = settings_for(3),
                 .seed = 9,
                 .sum = alone(),
                 .identity = {"same", "kin"}};
  const auto whole = train::train(undisturbed, job);
  for (const int at : {1, 5, 7, 14, 20}) {  // seven steps per epoch
    const small::Folder first, second;
    job.folder = first.path;
    job.previous.clear();
    auto model = stopping(small::net(true, 0.3), at);
    const auto left = train::train(model, job);
    os::request_stop(0);
    REQUIRE(left.end == Result::End::left);
    CHECK(left.reason == "SIGUSR2");

    auto again = small::net(true, 0.3);
    job.previous = first.path;
    job.folder = second.path;
    std::vector<double> losses;
    job.report = [&](std::int64_t, const train::Metrics& metrics) {
      losses.push_back(metrics.at("train_loss"));
      return false;
    };
    const auto result = train::train(again, job);
    job.report = {};
    CHECK(result.end == Result::End::done);
    CHECK(torch::equal(small::weights(again), small::weights(undisturbed)));
    CHECK(result.metrics == whole.metrics);
    CHECK(losses.size() == static_cast<std::size_t>(3 - at / 7));
  }
}

TEST_CASE("a longer training goes on after a shorter one, a copy too, another one takes only the weights") {
  const auto data = small::images(100, 1);
  const small::Folder folder;
  train::Job job{
      .train = data, .valid = data, .settings = settings_for(2), .seed = 9, .sum = alone(), .identity = {"two", "kin"}};
  job.folder = folder.path;
  job.leave_checkpoint = true;
  auto shorter = small::net(true, 0);
  train::train(shorter, job);

  train::Settings longer = settings_for(5);
  std::int64_t first_epoch = 0;
  const auto report = [&](std::int64_t epoch, const train::Metrics&) {
    if (first_epoch == 0) first_epoch = epoch;
    return epoch >= 3;
  };
  for (const train::Identity& identity : {train::Identity{"five", "kin"}, train::Identity{"five", "stranger", true},
                                          train::Identity{"five", "stranger"}}) {
    const bool continues = identity.related == "kin" || identity.copy;
    first_epoch = 0;
    auto model = small::net(true, 0);
    train::Job next{.train = data, .valid = data, .settings = longer, .seed = 9, .sum = alone(), .identity = identity};
    next.previous = folder.path;
    next.report = report;
    const auto result = train::train(model, next);
    CHECK(result.end == Result::End::stopped);
    CHECK(first_epoch == (continues ? 3 : 1));
    CHECK(result.metrics.at("accuracy") > 0.5);
  }
  // A checkpoint of another shape, or none at all, means scratch.
  auto other = small::net(false, 0);
  auto fresh = small::net(false, 0);
  train::Job scratch{.train = data, .valid = data, .settings = settings_for(1), .sum = alone(), .identity = {"x", "y"}};
  scratch.previous = folder.path / "missing";
  train::train(other, scratch);
  scratch.previous.clear();
  train::train(fresh, scratch);
  CHECK(torch::equal(small::weights(other), small::weights(fresh)));
}

TEST_CASE("a loss that is no number ends the training") {
  auto data = small::images(64, 1);
  auto settings = settings_for(3);
  SECTION("a diverging rate") {
    settings.optimizer = train::Settings::Optimizer::sgd;
    settings.lr = 1e20;
  }
  SECTION("broken data") { data.inputs[5][0][0][0] = std::numeric_limits<float>::quiet_NaN(); }
  auto model = small::net(false, 0);
  const auto result = train::train(model, {.train = data, .valid = data, .settings = settings, .sum = alone()});
  CHECK(result.end == Result::End::nan);
  CHECK(result.epochs == 1);
  CHECK(result.reason.find("not finite in epoch 1") != std::string::npos);
}

TEST_CASE("a batch computed in parts gives the gradients of the whole, and fits where the whole does not") {
  const auto data = small::images(64, 1);
  const auto weights = [&](int parts, std::int64_t most_rows) {
    auto model = small::net(false, 0);
    model.forward = [forward = model.forward, most_rows](const torch::Tensor& batch) {
      if (batch.size(0) > most_rows) throw c10::OutOfMemoryError({}, "simulated");
      return forward(batch);
    };
    auto settings = settings_for(2);
    settings.accumulate = parts;
    const auto result = train::train(model, {.train = data, .valid = data, .settings = settings, .sum = alone()});
    CHECK(result.end == Result::End::done);
    return small::weights(model);
  };
  CHECK(torch::allclose(weights(1, 16), weights(2, 8), 1e-4, 1e-6));
}

TEST_CASE("a batch that memory does not hold is reported as such") {
  const auto data = small::images(64, 1);
  auto model = small::net(false, 0);
  model.forward = [](const torch::Tensor&) -> torch::Tensor { throw c10::OutOfMemoryError({}, "simulated"); };
  const auto result = train::train(model, {.train = data, .valid = data, .settings = settings_for(1), .sum = alone()});
  CHECK(result.end == Result::End::oom);
  CHECK(result.reason.find("16 rows") != std::string::npos);
}

TEST_CASE("evaluation is exact whatever the batches, and leaves the statistics alone") {
  const auto data = small::images(300, 1);
  auto model = small::net(true, 0.5);
  const auto before = small::weights(model);
  const auto metrics = train::evaluate(model, data, 16, false);
  const auto other = train::evaluate(model, data, 299, false);
  CHECK(metrics.at("accuracy") == other.at("accuracy"));
  CHECK(std::abs(metrics.at("loss") - other.at("loss")) < 1e-6);
  CHECK(torch::equal(before, small::weights(model)));
  model.module->eval();
  const torch::NoGradGuard no_gradients;
  const auto right = model.forward(data.inputs).argmax(1).eq(data.targets).to(torch::kFloat64).mean().item<double>();
  CHECK(std::abs(metrics.at("accuracy") - right) < 1e-12);
}

TEST_CASE("autocast is restored, and its cache does not outlive the scope") {
  auto linear = torch::nn::Linear(4, 4);
  const auto input = torch::ones({2, 4});
  const auto output = [&] {
    const train::AutocastScope scope(true, torch::kCPU);
    const auto result = linear(input);
    CHECK(result.scalar_type() == torch::kBFloat16);
    return result.to(torch::kFloat32);
  };
  const auto first = output();
  CHECK(linear(input).scalar_type() == torch::kFloat32);
  {
    const torch::NoGradGuard no_gradients;
    linear->weight.add_(1);
  }
  CHECK_FALSE(torch::equal(first, output()));  // a stale low-precision copy would give the old result
  output().sum().backward();
  CHECK(linear->weight.grad().defined());
  const train::AutocastScope off(false, torch::kCPU);
  CHECK(linear(input).scalar_type() == torch::kFloat32);
}

TEST_CASE("a device that is not there is refused") {
  CHECK(train::choose_device("cpu", 0) == torch::Device(torch::kCPU));
  CHECK_THROWS_AS(train::choose_device("tpu", 0), base::Error);
  if (!torch::cuda::is_available()) {
    CHECK(train::choose_device("auto", 3) == torch::Device(torch::kCPU));
    CHECK_THROWS_AS(train::choose_device("cuda", 0), base::Error);
  }
}
