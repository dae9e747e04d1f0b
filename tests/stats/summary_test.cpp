#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "stats/intervals.hpp"
#include "stats/summary.hpp"

using namespace assay;
using Catch::Approx;

TEST_CASE("moments and quantiles of known samples") {
  const std::vector<double> values{4, 1, 3, 2};
  CHECK(stats::mean(values) == 2.5);
  CHECK(stats::variance(values) == Approx(5.0 / 3));
  CHECK(stats::median(values) == 2.5);
  CHECK(stats::quantile(values, 0.25) == Approx(1.75));  // numpy.quantile([4, 1, 3, 2], 0.25)
  CHECK(stats::quantile(values, 0) == 1);
  CHECK(stats::quantile(values, 1) == 4);
  CHECK(std::isnan(stats::mean({})));
  CHECK(std::isnan(stats::median({})));
  CHECK(stats::standard_deviation(std::vector<double>{7}) == 0);
}

TEST_CASE("t interval of 1..5") {
  const auto interval = stats::mean_interval(std::vector<double>{1, 2, 3, 4, 5});
  CHECK(interval.estimate == 3);
  CHECK(interval.hi - 3 == Approx(1.9632432).epsilon(1e-7));  // 2.7764451 (t, 4 degrees) x 0.7071068
  CHECK(3 - interval.lo == Approx(1.9632432).epsilon(1e-7));
  const auto single = stats::mean_interval(std::vector<double>{2});
  CHECK((single.lo == 2 && single.hi == 2));
}

TEST_CASE("t interval covers the true mean 95 times in 100") {
  base::Rng rng(1, "test", 0, "coverage");
  int covered = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<double> sample(5);
    for (auto& value : sample) value = 10 + 3 * rng.normal();
    const auto interval = stats::mean_interval(sample);
    covered += interval.lo <= 10 && 10 <= interval.hi;
  }
  CHECK(covered / 4000.0 == Approx(0.95).margin(0.012));
}

TEST_CASE("Wilson interval") {
  const auto interval = stats::wilson(0.8, 10);
  CHECK(interval.estimate == 0.8);
  CHECK(interval.lo == Approx(0.4901625).epsilon(1e-6));  // R: prop.test(8, 10, correct = FALSE)
  CHECK(interval.hi == Approx(0.9433178).epsilon(1e-6));
  const auto all = stats::wilson(1, 50);
  CHECK(all.hi == 1);
  CHECK(all.lo == Approx(0.9286524).epsilon(1e-6));
  CHECK(stats::wilson(0, 50).lo == 0);
}
