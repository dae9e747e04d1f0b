#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/random.hpp"
#include "stats/correlation.hpp"
#include "stats/resampling.hpp"

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

TEST_CASE("Kendall's tau-b by sorting equals the count of pairs, ties or not") {
  base::Rng rng(4, "test", 0, "kendall");
  for (int round = 0; round < 200; ++round) {
    const auto n = std::size_t(1 + rng.below(40));
    const std::int64_t kinds = round % 2 == 0 ? 5 : 1000;
    List x(n), y(n);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = double(rng.below(kinds));
      y[i] = double(rng.below(kinds));
    }
    double score = 0, untied_x = 0, untied_y = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const int a = (x[i] > x[j]) - (x[i] < x[j]), b = (y[i] > y[j]) - (y[i] < y[j]);
        score += a * b;
        untied_x += a != 0;
        untied_y += b != 0;
      }
    }
    const double expected = untied_x * untied_y > 0 ? score / std::sqrt(untied_x * untied_y) : 0;
    CHECK(stats::kendall_tau_b(x, y) == Approx(expected).margin(1e-14));
  }
  const List c{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9}, d{2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4};
  CHECK(stats::kendall_tau_b(c, d) == Approx(0.1570874410539306));  // scipy 1.17.1
}

TEST_CASE("weighted tau agrees with scipy.stats.weightedtau") {
  CHECK(stats::weighted_tau(List{12, 2, 1, 12, 2}, List{1, 4, 7, 1, 0}) == Approx(-0.5669496815368272));  // its manual
  CHECK(stats::weighted_tau(List{.91, .93, .89, .95, .90, .94, .92, .88},
                            List{.71, .75, .70, .74, .69, .78, .72, .73}) == Approx(0.5547212314623617));
  const List c{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9}, d{2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4};
  CHECK(stats::weighted_tau(c, d) == Approx(0.4207345981743813));
  // Two wrong at the top count for more than two wrong at the bottom.
  CHECK(stats::weighted_tau(List{1, 2, 3, 4, 5}, List{1, 2, 3, 5, 4}) <
        stats::weighted_tau(List{1, 2, 3, 4, 5}, List{2, 1, 3, 4, 5}));
}

TEST_CASE("recall of the best k") {
  const List truth{9, 8, 7, 6, 5};
  CHECK(stats::top_recall(truth, List{5, 1, 4, 3, 2}, 2) == 0.5);
  CHECK(stats::top_recall(truth, List{1, 1, 4, 3, 5}, 2) == 0);
  CHECK(stats::top_recall(truth, List{1, 2, 3, 4, 5}, 5) == 1);
  CHECK(stats::top_recall(truth, List{2, 2, 2, 2, 2}, 2) == Approx(0.4));  // two of five by lot
  CHECK(stats::top_recall(truth, List{7, 3, 3, 1, 1}, 2) == Approx(0.75));
  CHECK(std::isnan(stats::top_recall(truth, truth, 0)));
  CHECK(std::isnan(stats::top_recall(truth, truth, 6)));
  CHECK_THROWS(stats::top_recall(truth, List{1}, 1));
}
