#include "stats/resampling.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "stats/correlation.hpp"

using namespace assay;
using Catch::Approx;
using List = std::vector<double>;

TEST_CASE("bootstrap interval of pairs") {
  base::Rng noise(3, "test", 0, "bootstrap");
  List x, y;
  for (int i = 0; i < 200; ++i) {
    x.push_back(noise.normal());
    y.push_back(x.back() + noise.normal());
  }
  const auto interval = [&](std::size_t n, std::uint64_t seed) {
    return stats::bootstrap_pairs(std::span(x).first(n), std::span(y).first(n), stats::pearson, 1000,
                                  base::Rng(seed, "test", 0, "resample"));
  };
  const auto all = interval(200, 1), few = interval(20, 1);
  CHECK((all.lo < all.estimate && all.estimate < all.hi));
  // Large-sample standard error (1 - rho^2) / sqrt(n) with rho = 0.7071: 95 % half-width 0.069.
  CHECK((all.hi - all.lo) / 2 == Approx(0.069).margin(0.02));
  CHECK(few.hi - few.lo > 2 * (all.hi - all.lo));
  CHECK(interval(200, 1).lo == all.lo);
  CHECK(interval(200, 2).lo != all.lo);
}

TEST_CASE("bootstrap with too few pairs claims nothing; perfect agreement stays perfect") {
  const List two{1, 2}, many{1, 2, 3, 4, 5};
  const auto run = [](const List& list) {
    return stats::bootstrap_pairs(list, list, stats::kendall_tau_b, 200, base::Rng(1, "test", 0, "few"));
  };
  CHECK(run(two).lo == -1);
  CHECK(run(many).lo == Approx(1));
}

TEST_CASE("BCa interval of the law school data") {
  // Efron and Tibshirani, An Introduction to the Bootstrap, 1993, table 3.1; correlation 0.776.
  const List lsat{576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594};
  const List gpa{3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96};
  const base::Rng rng(1, "test", 0, "law");
  const auto bca = stats::bca_pairs(lsat, gpa, stats::pearson, 40'000, rng, 0.9);
  CHECK(bca.estimate == Approx(0.776374491289407));
  CHECK(bca.lo == Approx(0.430).margin(0.012));  // scipy 1.17.1, 200,000 resamples: [0.4299, 0.9275]
  CHECK(bca.hi == Approx(0.9275).margin(0.004));
  const auto percentile = stats::bootstrap_pairs(lsat, gpa, stats::pearson, 40'000, rng, 0.9);
  CHECK(percentile.lo == Approx(0.5223).margin(0.012));  // scipy: [0.5223, 0.9478]
  CHECK(percentile.hi == Approx(0.9478).margin(0.004));
}

TEST_CASE("BCa covers the true correlation more often than the percentile interval") {
  base::Rng noise(9, "test", 0, "coverage");
  int corrected = 0, plain = 0;
  constexpr int rounds = 300;
  for (int round = 0; round < rounds; ++round) {
    List x, y;
    for (int i = 0; i < 15; ++i) {
      x.push_back(noise.normal());
      y.push_back(0.8 * x.back() + 0.6 * noise.normal());  // correlation 0.8
    }
    const base::Rng rng(std::uint64_t(round), "test", 0, "resample");
    const auto bca = stats::bca_pairs(x, y, stats::pearson, 400, rng);
    const auto percentile = stats::bootstrap_pairs(x, y, stats::pearson, 400, rng);
    corrected += bca.lo <= 0.8 && 0.8 <= bca.hi;
    plain += percentile.lo <= 0.8 && 0.8 <= percentile.hi;
  }
  CHECK(corrected >= plain);
  CHECK(corrected > 0.87 * rounds);
}

TEST_CASE("BCa at the extremes: perfect, too few, constant") {
  const List many{1, 2, 3, 4, 5}, two{1, 2}, flat{1, 1, 1, 1, 1};
  const base::Rng rng(1, "test", 0, "few");
  CHECK(stats::bca_pairs(many, many, stats::spearman, 200, rng).lo == Approx(1));
  CHECK(stats::bca_pairs(two, two, stats::spearman, 200, rng).lo == -1);
  const auto none = stats::bca_pairs(many, flat, stats::spearman, 200, rng);
  CHECK((none.lo == 0 && none.hi == 0));
}

TEST_CASE("permutation: all orders of a short list, a sample of those of a long one") {
  const List a{.91, .93, .89, .95, .90, .94}, b{.71, .75, .70, .74, .69, .78};
  const base::Rng rng(1, "test", 0, "permute");
  const auto p = [&](int permutations, stats::Tail tail) {
    return stats::permutation_p(a, b, stats::spearman, permutations, rng, tail);
  };
  // Counted over all 720 orders in Python; scipy.stats.permutation_test says the same.
  CHECK(p(1000, stats::Tail::greater) == Approx(37 / 720.0));
  CHECK(p(1000, stats::Tail::two_sided) == Approx(74 / 720.0));
  CHECK(p(700, stats::Tail::greater) == Approx(37 / 720.0).margin(0.02));
  CHECK(p(700, stats::Tail::greater) != p(1000, stats::Tail::greater));

  List up, mixed;
  base::Rng noise(2, "test", 0, "noise");
  for (int i = 0; i < 30; ++i) {
    up.push_back(i);
    mixed.push_back(noise.normal());
  }
  CHECK(stats::permutation_p(up, up, stats::kendall_tau_b, 999, rng) == Approx(0.001));  // never 0
  CHECK(stats::permutation_p(up, up, stats::kendall_tau_b, 999, rng, stats::Tail::less) == 1);
  CHECK(stats::permutation_p(up, mixed, stats::kendall_tau_b, 999, rng) > 0.02);
}
