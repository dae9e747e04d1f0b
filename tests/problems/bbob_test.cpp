#include "bench/search/bbob.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"

using namespace assay;
using Catch::Approx;

namespace {

struct Row {
  int number = 0, instance = 0;
  bench::Vector x;
  double value = 0;
};

std::vector<Row> read(const std::filesystem::path& path) {
  std::vector<Row> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Row row;
    std::string point;
    if (!(words >> row.number >> row.instance >> point >> row.value)) continue;
    std::istringstream numbers(point);
    for (std::string number; std::getline(numbers, number, ',');) row.x.push_back(std::stod(number));
    rows.push_back(std::move(row));
  }
  return rows;
}

/// What ten printed digits leave open: the values were computed before the coordinates were rounded, as the sphere's
/// show. Nothing for the points at 0.
double rounding(const bench::Bbob& function, const bench::Vector& x) {
  const double value = function.value(x);
  double sum = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    if (x[j] == 0) continue;
    const double half = 0.5 * std::pow(10, std::floor(std::log10(std::abs(x[j]))) - 9);
    double most = 0;
    for (int step = -8; step <= 8; ++step) {
      auto moved = x;
      moved[j] += step / 8.0 * half;
      most = std::max(most, std::abs(function.value(moved) - value));
    }
    sum += most;
  }
  return 1.5 * sum;  // moved together they can do a little more than one by one
}

}  // namespace

TEST_CASE("the published values of all 24 functions, five instances, 5 and 20 dimensions") {
  const char* given = std::getenv("ASSAY_DATA");
  const std::filesystem::path folder = given != nullptr ? given : ASSAY_SOURCE_DIR "/../shared/data";
  if (!exists(folder / "bbob")) SKIP("bbob is missing; set ASSAY_DATA to the folder of the data sets");
  int beyond = 0;
  for (const auto& [name, size] : {std::pair("bbobfitness5.in", 5), {"bbobfitness20.in", 20}}) {
    const auto rows = read(folder / "bbob" / name);
    REQUIRE(rows.size() == 720);
    std::map<std::pair<int, int>, bench::Bbob> functions;
    for (const auto& row : rows) {
      const auto key = std::pair(row.number, row.instance);
      if (!functions.contains(key))
        functions[key] = bench::make_bbob(row.number, row.instance, static_cast<std::size_t>(size));
      const double difference = std::abs(functions[key].value(row.x) - row.value), exact = 1e-9 * std::abs(row.value);
      if (difference <= exact) continue;
      ++beyond;
      INFO("f" << row.number << ", instance " << row.instance << ", " << size << " dimensions");
      CHECK(difference <= exact + rounding(functions[key], row.x));
    }
    CHECK(functions.size() == 24 * 5);
  }
  std::printf("BBOB: %d of 1440 values within 1e-9, %d within the rounding of their coordinates\n", 1440 - beyond,
              beyond);
  CHECK(beyond < 200);
}

TEST_CASE("each function has its lowest value where it says") {
  base::Rng rng(1, "test", 0, "bbob");
  for (int number = 1; number <= 24; ++number) {
    for (const int instance : {1, 7}) {
      for (const std::size_t size : {2, 5, 20}) {
        INFO("f" << number << ", instance " << instance << ", " << size << " dimensions");
        const auto function = bench::make_bbob(number, instance, size);
        CHECK(function.value(function.best_point) == Approx(function.best_value).margin(1e-4));
        for (int i = 0; i < 50; ++i) {
          auto near = function.best_point, far = near;
          for (std::size_t j = 0; j < size; ++j) {
            near[j] += 0.1 * (rng.uniform() - 0.5);
            far[j] = 10 * rng.uniform() - 5;
          }
          CHECK(function.value(near) > function.best_value - 1e-4);
          CHECK(function.value(far) > function.best_value);
        }
      }
    }
  }
  CHECK_THROWS_AS(bench::make_bbob(25, 1, 5), base::Error);
  CHECK_THROWS_AS(bench::make_bbob(1, 1, 1), base::Error);
}

TEST_CASE("rotations are orthonormal") {
  const auto matrix = bench::bbob_rotation(20, 17);
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t j = 0; j < 20; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < 20; ++k) product += matrix[i][k] * matrix[j][k];
      CHECK(product == Approx(i == j ? 1 : 0).margin(1e-12));
    }
  }
}
