// Optimizers, loss, clipping, weight decay and schedule against numbers that PyTorch gave (reference.hpp).
// LibTorch first: it has a CHECK of its own, which Catch2 replaces.
#include "nn/torch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include "train/reference.hpp"
#include "train/schedule.hpp"
#include "train/small.hpp"

using namespace assay;
using Catch::Matchers::WithinAbs;
using train::Settings;

namespace {

constexpr std::int64_t rows = 12;

std::vector<double> trained(Settings settings, bool regression = false) {
  settings.epochs = 6;
  settings.batch_size = rows;  // one step per epoch
  settings.weight_decay = 0.05;
  settings.warmup = 0;
  settings.beta2 = 0.99;
  auto linear = std::make_shared<torch::nn::LinearImpl>(4, 3);
  {
    const torch::NoGradGuard no_gradients;
    linear->weight.copy_(small::fixed({3, 4}, 0.1));
    linear->bias.copy_(small::fixed({3}, 0.2));
  }
  train::Model model{linear, [&](const torch::Tensor& batch) {
                       const auto output = linear->forward(batch);
                       return regression ? output.narrow(1, 0, 1) : output;
                     }};
  train::Resident data{.inputs = small::fixed({rows, 4}, 0.3), .targets = torch::arange(rows, torch::kInt64) % 3};
  if (regression) {
    data.targets = small::fixed({rows}, 0.4);
    data.task = data::Task::regression;
  }
  const train::Sum alone(comm::Group(), torch::kCPU);
  const auto result = train::train(model, {.train = data, .valid = data, .settings = settings, .sum = alone});
  REQUIRE(result.end == train::Result::End::done);
  const auto weights = small::weights(model);
  std::vector<double> values(weights.data_ptr<double>(), weights.data_ptr<double>() + weights.numel());
  values.push_back(result.metrics.at("loss"));
  return values;
}

void compare(const std::vector<double>& found, const std::vector<double>& wanted) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO("value " << i);
    CHECK_THAT(found[i], WithinAbs(wanted[i], 2e-6));
  }
}

Settings sgd(double lr, double momentum, bool nesterov) {
  Settings settings;
  settings.optimizer = Settings::Optimizer::sgd;
  settings.schedule = Settings::Schedule::constant;
  settings.lr = lr;
  settings.momentum = momentum;
  settings.nesterov = nesterov;
  return settings;
}

Settings adamw() {
  Settings settings;
  settings.schedule = Settings::Schedule::constant;
  settings.lr = 0.05;
  return settings;
}

}  // namespace

TEST_CASE("SGD gives PyTorch's numbers") {
  compare(trained(sgd(0.1, 0, false)), reference::sgd_plain);
  compare(trained(sgd(0.1, 0.9, false)), reference::sgd_momentum);
  compare(trained(sgd(0.1, 0.9, true)), reference::sgd_nesterov);
  auto cosine = sgd(0.1, 0.9, true);
  cosine.schedule = Settings::Schedule::cosine;
  compare(trained(cosine), reference::sgd_nesterov_cosine);
  auto clipped = sgd(0.5, 0, false);
  clipped.clip_norm = 0.2;
  compare(trained(clipped), reference::sgd_clipped);
}

TEST_CASE("AdamW gives PyTorch's numbers") {
  compare(trained(adamw()), reference::adamw);
  compare(trained(adamw(), true), reference::adamw_regression);
  auto all = adamw();
  all.schedule = Settings::Schedule::cosine;
  all.label_smoothing = 0.1;
  all.clip_norm = 0.3;
  compare(trained(all), reference::adamw_smoothed_clipped_cosine);
}

TEST_CASE("the learning rate warms up, then falls along a cosine to the end of this training") {
  Settings settings;
  settings.lr = 1;
  settings.epochs = 10;
  settings.warmup = 1;
  const auto schedule = train::make_schedule(settings, 9);
  CHECK(schedule.warmup_steps == 9);
  CHECK_THAT(schedule.rate(0), WithinAbs(0.1, 1e-12));
  CHECK_THAT(schedule.rate(8), WithinAbs(0.9, 1e-12));
  CHECK_THAT(schedule.rate(9), WithinAbs(1, 1e-12));
  CHECK(schedule.rate(89) < 0.001);
  CHECK(schedule.rate(89) > 0);
  for (int step = 9; step < 89; ++step) CHECK(schedule.rate(step + 1) < schedule.rate(step));

  settings.epochs = 2;  // a short proxy is not all warm-up
  CHECK(train::make_schedule(settings, 10).warmup_steps == 5);
  settings.schedule = Settings::Schedule::constant;
  CHECK(train::make_schedule(settings, 10).rate(19) == 1);
}
