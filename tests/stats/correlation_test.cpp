#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <numeric>
#include <vector>

#include "stats/correlation.hpp"

using namespace assay;
using Catch::Approx;
using List = std::vector<double>;

TEST_CASE("average ranks share ties") {
  CHECK(stats::average_ranks(List{30, 10, 20, 10}) == List{4, 1.5, 3, 1.5});
  CHECK(stats::average_ranks(List{}).empty());
}

TEST_CASE("coefficients agree with scipy's documented examples") {
  CHECK(stats::spearman(List{1, 2, 3, 4, 5}, List{5, 6, 7, 8, 7}) == Approx(0.8207826816681233));
  CHECK(stats::kendall_tau_b(List{12, 2, 1, 12, 2}, List{1, 4, 7, 1, 0}) == Approx(-0.47140452079103173));
  CHECK(stats::pearson(List{1, 2, 3}, List{2, 4, 6}) == Approx(1));
}

TEST_CASE("extremes: equal, reversed, constant and empty lists") {
  const List up{1, 2, 3, 4}, down{4, 3, 2, 1}, flat{2, 2, 2, 2};
  for (const auto& coefficient : {stats::Agreement(stats::spearman), stats::Agreement(stats::kendall_tau_b)}) {
    CHECK(coefficient(up, up) == Approx(1));
    CHECK(coefficient(up, down) == Approx(-1));
    CHECK(coefficient(up, flat) == 0);
    CHECK(coefficient(List{}, List{}) == 0);
    CHECK_THROWS(coefficient(up, List{1}));
  }
}

TEST_CASE("chance levels of tau >= 0.65") {  // exact null distribution
  CHECK(stats::kendall_chance(5, 0.65) == Approx(0.0417).margin(5e-5));
  CHECK(stats::kendall_chance(7, 0.65) == Approx(0.015).margin(5e-4));
  CHECK(stats::kendall_chance(8, 0.65) == Approx(0.0071).margin(5e-5));
  CHECK(stats::kendall_chance(10, 0.65) == Approx(0.0023).margin(5e-5));
  CHECK(stats::kendall_chance(15, 0.65) == Approx(0.00017).margin(5e-6));
  CHECK(stats::kendall_chance(6, -1) == Approx(1));
  CHECK(stats::kendall_chance(1, 0.5) == 1);
}

TEST_CASE("chance levels equal the count over all orders") {
  std::vector<int> order(6);
  std::iota(order.begin(), order.end(), 0);
  const List straight(order.begin(), order.end());
  int reached = 0, total = 0;
  do {
    reached += stats::kendall_tau_b(straight, List(order.begin(), order.end())) >= 0.6 - 1e-9;
    ++total;
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(stats::kendall_chance(6, 0.6) == Approx(double(reached) / total));
}

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
