// From data sets to batches: normalisation, resizing, order, augmentation.
// LibTorch first: it has a CHECK of its own, which Catch2 replaces.
#include "nn/torch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "train/augment.hpp"
#include "train/batches.hpp"
#include "train/small.hpp"

using namespace assay;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

data::Dataset byte_images() {
  data::Dataset dataset;
  dataset.name = "test";
  dataset.shape = {2, 4, 4};
  dataset.class_names = {"a", "b"};
  for (int row = 0; row < 10; ++row) {
    dataset.labels.push_back(row % 2);
    for (int i = 0; i < 32; ++i)
      dataset.bytes.push_back(static_cast<std::uint8_t>((row * 37 + i * (i < 16 ? 3 : 11)) % 256));
  }
  return dataset;
}

std::vector<std::int64_t> rows_of(std::int64_t count) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

constexpr std::uint64_t plenty = 1 << 30;

}  // namespace

TEST_CASE("inputs have mean 0 and deviation 1 per channel of the rows that were measured") {
  const auto dataset = byte_images();
  const auto rows = rows_of(10);
  const auto normaliser = train::measure(dataset, rows);
  REQUIRE(normaliser.mean.size() == 2);
  const auto floats = train::make_resident(dataset, rows, normaliser, {2, 4, 4}, torch::kCPU, plenty);
  CHECK(floats.inputs.scalar_type() == torch::kFloat32);
  for (const int channel : {0, 1}) {
    const auto values = floats.inputs.select(1, channel);
    CHECK_THAT(values.mean().item<double>(), WithinAbs(0, 1e-5));
    CHECK_THAT(values.std(false).item<double>(), WithinAbs(1, 1e-5));
  }
  SECTION("bytes stay bytes where floats would be too large, and mean the same") {
    const auto bytes = train::make_resident(dataset, rows, normaliser, {2, 4, 4}, torch::kCPU, 100);
    CHECK(bytes.inputs.scalar_type() == torch::kUInt8);
    CHECK(torch::allclose(bytes.normalised(bytes.inputs), floats.inputs, 1e-5, 1e-5));
  }
  SECTION("a smaller input is the mean of areas") {
    const auto half = train::make_resident(dataset, rows, normaliser, {2, 2, 2}, torch::kCPU, plenty);
    CHECK(half.inputs.sizes() == torch::IntArrayRef({10, 2, 2, 2}));
    const auto corner = floats.inputs[3][1].narrow(0, 0, 2).narrow(1, 0, 2).mean();
    CHECK_THAT(half.inputs[3][1][0][0].item<double>(), WithinAbs(corner.item<double>(), 1e-5));
  }
  SECTION("a flat network takes whole images") {
    CHECK(train::make_resident(dataset, rows, normaliser, {32}, torch::kCPU, plenty).inputs.sizes() ==
          torch::IntArrayRef({10, 32}));
  }
  SECTION("shapes that do not fit are refused") {
    try {
      train::make_resident(dataset, rows, normaliser, {3, 4, 4}, torch::kCPU, plenty);
      FAIL("accepted");
    } catch (const base::Error& error) {
      CHECK(error.code() == base::Exit::config);
      CHECK(std::string(error.what()).find("[2, 4, 4]") != std::string::npos);
    }
  }
}

TEST_CASE("targets of a regression are normalised; constant features become zero") {
  data::Dataset dataset;
  dataset.name = "table";
  dataset.task = data::Task::regression;
  dataset.shape = {2};
  dataset.values = {1, 5, 2, 5, 3, 5, 4, 5};
  dataset.targets = {100, 200, 300, 400};
  const auto normaliser = train::measure(dataset, rows_of(4));
  const auto resident = train::make_resident(dataset, rows_of(4), normaliser, {2}, torch::kCPU, plenty);
  CHECK(resident.inputs.select(1, 1).abs().max().item<double>() == 0);
  CHECK_THAT(resident.targets.mean().item<double>(), WithinAbs(0, 1e-6));
  CHECK_THAT(resident.target_deviation, WithinAbs(111.803, 1e-3));
}

TEST_CASE("small and distant values are spread, not constant") {
  data::Dataset dataset;
  dataset.name = "table";
  dataset.shape = {4};
  // Around 1e-7, tiny, far from zero, and constant far from zero.
  dataset.values = {1e-7F, 1e-30F, 10001, 0.1F, 3e-7F, 3e-30F, 10002, 0.1F, 2e-7F, 2e-30F, 10003, 0.1F};
  dataset.labels = {0, 0, 0};
  dataset.class_names = {"one"};
  const auto normaliser = train::measure(dataset, rows_of(3));
  CHECK_THAT(normaliser.deviation[0], WithinRel(8.16497e-8F, 1e-4F));
  CHECK_THAT(normaliser.deviation[1], WithinRel(8.16497e-31F, 1e-4F));
  CHECK_THAT(normaliser.deviation[2], WithinRel(0.816497F, 1e-4F));
  CHECK(normaliser.deviation[3] == 1);
  const auto resident = train::make_resident(dataset, rows_of(3), normaliser, {4}, torch::kCPU, plenty);
  for (const int column : {0, 1, 2}) {
    CHECK_THAT(resident.inputs.select(1, column).square().mean().item<double>(), WithinAbs(1, 1e-3));
  }
  CHECK(resident.inputs.select(1, 3).abs().max().item<double>() == 0);
}

TEST_CASE("an epoch is a permutation, cut into batches of nearly equal size, the same for any number of ranks") {
  train::Resident data{.inputs = torch::arange(103, torch::kFloat32).view({103, 1}),
                       .targets = torch::zeros({103}, torch::kInt64)};
  train::Settings settings;
  settings.batch_size = 25;
  train::Batches batches(data, {}, settings, 5);
  REQUIRE(batches.steps() == 5);
  std::vector<float> order[2];
  for (const int epoch : {0, 1}) {
    batches.start_epoch(epoch);
    for (std::int64_t step = 0; step < batches.steps(); ++step) {
      const auto whole = batches.take(step);
      CHECK((whole.global_rows == 20 || whole.global_rows == 21));
      const auto parts = torch::cat(
          {batches.take(step, 0, 3).inputs, batches.take(step, 1, 3).inputs, batches.take(step, 2, 3).inputs});
      CHECK(torch::equal(parts, whole.inputs));
      for (std::int64_t i = 0; i < whole.inputs.size(0); ++i) order[epoch].push_back(whole.inputs[i][0].item<float>());
    }
    CHECK(std::set<float>(order[epoch].begin(), order[epoch].end()).size() == 103);
  }
  CHECK(order[0] != order[1]);
  batches.start_epoch(0);
  CHECK(batches.take(0).inputs[0][0].item<float>() == order[0][0]);
  train::Batches some(data, torch::tensor({3, 5, 8}, torch::kInt64), settings, 5);
  some.start_epoch(0);
  CHECK(some.steps() == 1);
  CHECK(some.take(0).inputs.sum().item<double>() == 16);
}

TEST_CASE("the CPU's augmentation is the tensors' augmentation") {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(3);
  const auto images = torch::randn({40, 3, 7, 9}, generator);
  for (const int cutout : {0, 3, 12}) {
    train::Settings settings;
    settings.crop = 2;
    settings.flip = true;
    settings.cutout = cutout;
    const auto draws = train::draw_augmentation(40, 7, 9, settings, 1, 2);
    CHECK(draws.select(1, 0).max().item<int>() == 4);
    const auto fast = train::augmented(images, draws, settings);
    CHECK(torch::equal(fast, train::augmented_by_tensors(images, draws, settings)));
    CHECK_FALSE(torch::equal(fast, images));
  }
  train::Settings none;
  CHECK(torch::equal(train::augmented(images, train::draw_augmentation(40, 7, 9, none, 1, 0), none), images));
}

TEST_CASE("settings out of range are refused by name") {
  const auto refused = [](const char* text) {
    try {
      train::settings_from(base::Json::parse(text), base::Json::object());
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refused(R"({"lr": 0})").find("training.lr") != std::string::npos);
  CHECK(refused(R"({"batch_size": 0.5})").find("training.batch_size") != std::string::npos);
  CHECK(refused(R"({"optimizer": "adam"})").find("sgd, adamw") != std::string::npos);
  CHECK(refused(R"({"label_smoothing": "much"})").find("wrong type") != std::string::npos);
  CHECK(refused(R"({"batch_size": 64.0, "optimizer": "sgd", "lr": 0.1})").empty());
}
