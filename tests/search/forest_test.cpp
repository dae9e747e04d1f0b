#include "search/points/forest.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

using namespace assay;
using Catch::Approx;
using search::Forest;
using search::ForestSettings;

namespace {

base::Rng stream(std::int64_t number = 0) { return {1, "test", number, "forest"}; }

std::vector<std::vector<double>> unit_rows(std::size_t count, std::size_t features, base::Rng& rng) {
  std::vector<std::vector<double>> rows(count);
  for (auto& row : rows) {
    for (std::size_t j = 0; j < features; ++j) row.push_back(rng.uniform());
  }
  return rows;
}

}  // namespace

TEST_CASE("a tree splits two groups between them, wherever the border is drawn") {
  auto rng = stream();
  const std::vector<std::vector<double>> rows{{0.1}, {0.2}, {0.3}, {0.7}, {0.8}, {0.9}};
  const Forest forest({{}}, rows, {1, 1, 1, 5, 5, 5}, {.trees = 50, .least_split = 2}, rng);
  // Bootstraps of one group only (2 of 64) know nothing of the other.
  CHECK(forest.predict(std::vector{0.0}).mean == Approx(1).margin(0.5));
  CHECK(forest.predict(std::vector{1.0}).mean == Approx(5).margin(0.5));
  // In the gap the borders lie anywhere: the trees disagree there, and nowhere else as much.
  const auto between = forest.predict(std::vector{0.5});
  CHECK(between.mean > 2);
  CHECK(between.mean < 4);
  CHECK(between.variance > 2);
  CHECK(between.variance > 2 * forest.predict(std::vector{0.05}).variance);
}

TEST_CASE("neighbouring numbers can be told apart") {
  for (std::int64_t seed = 0; seed < 50; ++seed) {
    auto rng = stream(seed);
    const double here = 0.3, next = 0.1 + 0.2;
    const Forest forest({{}}, {{here}, {here}, {next}, {next}}, {1, 1, 5, 5}, {.trees = 20, .least_split = 2}, rng);
    CHECK(forest.predict(std::vector{here}).mean < forest.predict(std::vector{next}).mean);
  }
}

TEST_CASE("a single tree without repetition of rows: means and variances of its leaves") {
  auto rng = stream();
  // All rows equal: nothing to split by. Mean and variance of the bootstrap.
  const Forest forest({{}}, {{0.5}, {0.5}, {0.5}, {0.5}}, {2, 2, 2, 2}, {.trees = 3}, rng);
  CHECK(forest.predict(std::vector{0.5}).mean == 2);
  CHECK(forest.predict(std::vector{0.5}).variance == 0);
  const Forest mixed({{}}, {{0.5}, {0.5}, {0.5}, {0.5}}, {0, 0, 4, 4}, {.trees = 400}, rng);
  CHECK(mixed.predict(std::vector{0.1}).mean == Approx(2).margin(0.2));
  // Within the leaf 4 * (1 - 1/4), between the trees 4 / 4.
  CHECK(mixed.predict(std::vector{0.1}).variance == Approx(4).margin(0.2));
}

TEST_CASE("categories are split by their means, not by their places") {
  auto rng = stream();
  std::vector<std::vector<double>> rows;
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) {
    rows.push_back({static_cast<double>(i % 5), rng.uniform()});
    values.push_back(i % 5 == 0 || i % 5 == 3 ? 1 : 0);
  }
  const Forest forest({{6}, {}}, rows, values, {.least_split = 2}, rng);
  for (const double category : {0.0, 3.0}) CHECK(forest.predict(std::vector{category, 0.5}).mean > 0.95);
  for (const double category : {1.0, 2.0, 4.0}) CHECK(forest.predict(std::vector{category, 0.5}).mean < 0.05);
  // Category 5 was never seen: any answer between them.
  const auto unseen = forest.predict(std::vector{5.0, 0.5});
  CHECK(unseen.mean >= 0);
  CHECK(unseen.mean <= 1);
}

TEST_CASE("a forest explains most of a smooth function, with more doubt far from the rows") {
  auto rng = stream();
  const auto truth = [](const std::vector<double>& x) { return std::sin(3 * x[0]) + x[1] * x[1] + 0 * x[2]; };
  const auto rows = unit_rows(500, 3, rng), unseen = unit_rows(300, 3, rng);
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(truth(row));
  const Forest forest({{}, {}, {}}, rows, values, {}, rng);
  double error = 0, spread = 0, mean = 0;
  for (const auto& row : unseen) mean += truth(row) / 300;
  for (const auto& row : unseen) {
    error += std::pow(forest.predict(row).mean - truth(row), 2);
    spread += std::pow(truth(row) - mean, 2);
  }
  CHECK(error < 0.03 * spread);
}

TEST_CASE("the same stream gives the same forest; more than 64 categories are split as numbers") {
  auto data = stream(1);
  const auto rows = unit_rows(50, 2, data);
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(row[0]);
  auto a = stream(2), b = stream(2);
  const Forest one({{}, {}}, rows, values, {}, a), two({{}, {}}, rows, values, {}, b);
  for (const auto& row : rows) CHECK(one.predict(row).mean == two.predict(row).mean);

  std::vector<std::vector<double>> many;
  std::vector<double> numbers;
  for (int i = 0; i < 300; ++i) {
    many.push_back({static_cast<double>(i % 100)});
    numbers.push_back(i % 100 < 50 ? 0 : 1);
  }
  const Forest wide({{100}}, many, numbers, {}, a);
  CHECK(wide.predict(std::vector{10.0}).mean < 0.1);
  CHECK(wide.predict(std::vector{90.0}).mean > 0.9);
  const Forest none({}, {{}, {}}, {1, 3}, {.trees = 500}, a);
  CHECK(none.predict(std::vector<double>{}).mean == Approx(2).margin(0.2));
}
