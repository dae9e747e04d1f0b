// Two ranks train as one: ctest runs these cases under mpirun -n 2 (tag [.mpi]).
// LibTorch first: it has a CHECK of its own, which Catch2 replaces.
#include "nn/torch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <csignal>

#include "comm/world.hpp"
#include "os/signal.hpp"
#include "train/small.hpp"

using namespace assay;
using train::Result;

namespace {

train::Settings settings_for(train::Settings::Optimizer optimizer) {
  train::Settings settings;
  settings.epochs = 3;
  settings.batch_size = 24;
  settings.optimizer = optimizer;
  settings.lr = 5e-3;
  settings.crop = 1;
  settings.clip_norm = 1;
  return settings;
}

double distance(const train::Model& a, const train::Model& b) {
  return (small::weights(a) - small::weights(b)).abs().max().item<double>();
}

}  // namespace

TEST_CASE("two ranks give the weights of one rank with the whole batch", "[.mpi]") {
  const comm::World world;
  REQUIRE(world.size() == 2);
  at::set_num_threads(1);
  const auto data = small::images(101, 1), valid = small::images(51, 2);
  const train::Sum both(world.groups(2), torch::kCPU), alone(world.groups(1), torch::kCPU);

  for (const auto optimizer : {train::Settings::Optimizer::sgd, train::Settings::Optimizer::adamw}) {
    auto shared = small::net(false, 0), single = small::net(false, 0);
    const auto settings = settings_for(optimizer);
    const auto together =
        train::train(shared, {.train = data, .valid = valid, .settings = settings, .seed = 4, .sum = both});
    const auto apart =
        train::train(single, {.train = data, .valid = valid, .settings = settings, .seed = 4, .sum = alone});
    CHECK(distance(shared, single) < 1e-4);
    CHECK(std::abs(together.metrics.at("accuracy") - apart.metrics.at("accuracy")) < 0.03);
    CHECK(std::abs(together.metrics.at("loss") - apart.metrics.at("loss")) < 1e-3);
  }

  // Statistics of norms are the mean over the ranks, so both have the same network and the same metrics; a signal to
  // one rank stops both at the same step.
  const small::Folder mine;
  std::string folder = mine.path;
  both.group().broadcast(folder);
  train::Job job{.train = data,
                 .valid = valid,
                 .settings = settings_for(train::Settings::Optimizer::sgd),
                 .seed = 4,
                 .sum = both,
                 .identity = {"a", "b"}};
  job.settings.epochs = 12;
  auto undisturbed = small::net(true, 0.2);
  const auto whole = train::train(undisturbed, job);
  std::string bytes(static_cast<const char*>(small::weights(undisturbed).data_ptr()), 8);
  const auto own = bytes;
  both.group().broadcast(bytes);
  CHECK(bytes == own);

  job.folder = folder;
  job.report = [&](std::int64_t epoch, const train::Metrics&) {
    if (epoch == 2 && both.group().rank() == 1) os::request_stop(SIGTERM);
    return false;
  };
  auto stopped = small::net(true, 0.2);
  const auto left = train::train(stopped, job);
  CHECK(os::stop_signal() != 0);  // on both ranks: neither goes on to another trial
  os::request_stop(0);
  CHECK(left.end == Result::End::left);
  CHECK(left.epochs < 12);
  job.report = {};
  job.previous = folder;
  auto resumed = small::net(true, 0.2);
  CHECK(train::train(resumed, job).end == Result::End::done);
  CHECK(distance(resumed, undisturbed) < 1e-5);

  // Rank 1 does not see the checkpoint, or sees another one: rank 0's counts.
  for (const bool adamw : {false, true}) {
    if (adamw) job.settings.optimizer = train::Settings::Optimizer::adamw;
    job.folder = folder;
    job.previous.clear();
    job.report = [&](std::int64_t epoch, const train::Metrics&) {
      if (epoch == 2) os::request_stop(SIGTERM);
      return false;
    };
    auto again = small::net(true, 0.2);
    CHECK(train::train(again, job).end == Result::End::left);
    os::request_stop(0);
    job.folder.clear();
    job.report = {};
    auto expected = small::net(true, 0.2);
    train::train(expected, job);
    job.previous = both.group().rank() == 0 ? folder : folder + "/nowhere";
    auto half_blind = small::net(true, 0.2);
    const auto end = train::train(half_blind, job);
    CHECK(end.end == Result::End::done);
    CHECK(end.epochs == 12);
    CHECK(distance(half_blind, expected) < 1e-5);
    job.previous = both.group().rank() == 1 ? folder : folder + "/nowhere";
    auto from_scratch = small::net(true, 0.2);
    train::train(from_scratch, job);
    CHECK(distance(from_scratch, expected) == 0);
  }
  both.group().barrier();  // rank 0's folder is still needed
}
