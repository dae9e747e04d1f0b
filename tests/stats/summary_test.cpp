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

TEST_CASE("an interval of a mean stays among the values that are possible") {
  const stats::Range share{0, 1}, percent{0, 100}, amount{.lo = 0};
  base::Rng rng(1, "test", 0, "ranges");
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> sample(2 + static_cast<std::size_t>(rng.below(4)));
    for (auto& value : sample) value = std::pow(rng.uniform(0, 1), round % 2 == 0 ? 0.02 : 8);  // near a bound
    auto scaled = sample;
    for (auto& value : scaled) value *= 100;
    const auto in_one = stats::mean_interval(sample, share), in_hundred = stats::mean_interval(scaled, percent);
    CHECK((0 <= in_one.lo && in_one.lo <= in_one.estimate && in_one.estimate <= in_one.hi && in_one.hi <= 1));
    CHECK(in_hundred.lo == Approx(100 * in_one.lo).margin(1e-9));
    CHECK(in_hundred.hi == Approx(100 * in_one.hi).margin(1e-9));
    CHECK(stats::mean_interval(sample, amount).lo >= 0);
  }
  const auto perfect = stats::mean_interval(std::vector<double>{1, 1, 1}, share);
  CHECK((perfect.lo == 1 && perfect.hi == 1));
  // Far from the bounds it is the t interval.
  const std::vector<double> middle{0.501, 0.499, 0.500};
  CHECK(stats::mean_interval(middle, share).hi == Approx(stats::mean_interval(middle).hi).epsilon(1e-5));
}

TEST_CASE("the interval of a share covers the true mean 95 times in 100, also near one") {
  base::Rng rng(1, "test", 0, "share coverage");
  int covered = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<double> sample(3);
    for (auto& value : sample) value = 0.97 + 0.008 * rng.normal();
    const auto interval = stats::mean_interval(sample, {0, 1});
    covered += interval.lo <= 0.97 && 0.97 <= interval.hi;
  }
  CHECK(covered / 4000.0 == Approx(0.95).margin(0.015));
}

TEST_CASE("the difference of two proportions: Newcombe's hybrid score interval") {
  // Newcombe 1998, table II: 56/70 against 48/80 gives [0.0524, 0.3339] by method 10.
  const auto gap = stats::difference(stats::wilson(56.0 / 70, 70), stats::wilson(48.0 / 80, 80));
  CHECK(gap.estimate == Approx(0.2));
  CHECK(gap.lo == Approx(0.0524).margin(5e-5));
  CHECK(gap.hi == Approx(0.3339).margin(5e-5));
  const auto whole = stats::difference(stats::wilson(1, 10), stats::wilson(0, 10));
  CHECK((whole.hi == 1 && whole.lo > 0));
}

TEST_CASE("differences: Welch's interval without bounds, inside them with bounds, and never zero beside a gap") {
  // scipy.stats.ttest_ind([0.97, 0.98, 0.99], [0.95, 0.96, 0.97], equal_var=False).confidence_interval()
  const auto welch =
      stats::mean_difference(std::vector<double>{0.97, 0.98, 0.99}, std::vector<double>{0.95, 0.96, 0.97});
  CHECK(welch.lo == Approx(0.02 - 2.776445 * 0.008164966).margin(1e-6));
  base::Rng rng(1, "test", 0, "differences");
  int apart = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<double> a(2 + static_cast<std::size_t>(rng.below(3))), b(2 + static_cast<std::size_t>(rng.below(3)));
    for (auto& value : a) value = 1 - 0.1 * rng.uniform(0, 1);
    for (auto& value : b) value = 0.5 * rng.uniform(0, 1) * rng.uniform(0, 1);
    for (const auto& range : {stats::Range{}, stats::Range{0, 1}}) {
      const auto x = stats::mean_interval(a, range), y = stats::mean_interval(b, range);
      const auto gap = stats::mean_difference(a, b, range);
      if (range.hi == 1) CHECK((gap.lo >= -1 && gap.hi <= 1));
      if (x.lo > y.hi) {
        ++apart;
        CHECK(gap.lo > 0);
      }
    }
  }
  CHECK(apart > 500);
}
