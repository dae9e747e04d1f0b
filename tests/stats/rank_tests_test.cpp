// Check values: scipy 1.17.1 (mannwhitneyu, wilcoxon with correction = True, kendalltau), where not said otherwise.
#include "stats/rank_tests.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/random.hpp"

using namespace assay;
using Catch::Approx;
using stats::Tail;
using List = std::vector<double>;

TEST_CASE("Mann-Whitney, exact") {
  const List a{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, b{1.15, 0.88, 0.90, 0.74, 1.21};
  const auto both = stats::mann_whitney(a, b);  // Hollander and Wolfe, Nonparametric Statistical Methods, p. 69
  CHECK(both.exact);
  CHECK(both.statistic == 35);
  CHECK(both.p == Approx(0.2544122544122544));
  CHECK(stats::mann_whitney(a, b, Tail::greater).p == Approx(0.1272061272061272));
  CHECK(stats::mann_whitney(a, b, Tail::less).p == Approx(0.8967698967698967));
  CHECK(stats::mann_whitney(b, a, Tail::less).p == Approx(0.1272061272061272));
  CHECK(stats::mann_whitney(List{1, 2, 3}, List{4, 5, 6}, Tail::less).p == Approx(1.0 / 20));
  CHECK(stats::mann_whitney(List{}, List{1}).p == 1);
}

TEST_CASE("Mann-Whitney with ties") {
  const List c{1, 2, 2, 3, 4, 4, 4, 5, 7}, d{2, 3, 4, 4, 5, 6, 6, 8};
  const auto both = stats::mann_whitney(c, d);
  CHECK_FALSE(both.exact);
  CHECK(both.statistic == 23);
  CHECK(both.p == Approx(0.22124646492874211));
  CHECK(stats::mann_whitney(c, d, Tail::less).p == Approx(0.11062323246437106));
  CHECK(stats::mann_whitney(c, d, Tail::greater).p == Approx(0.9067623253038268));
  CHECK(stats::mann_whitney(List{2, 2}, List{2, 2, 2}).p == 1);
}

TEST_CASE("Wilcoxon, exact and with ties") {
  const List x{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};  // Hollander and Wolfe, p. 29
  const List y{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  CHECK(stats::wilcoxon(x, y).p == Approx(0.0390625));
  CHECK(stats::wilcoxon(x, y, Tail::greater).p == Approx(0.01953125));
  CHECK(stats::wilcoxon(x, y, Tail::greater).statistic == 40);
  CHECK(stats::wilcoxon(x, y, Tail::less).p == Approx(0.986328125));
  CHECK(stats::wilcoxon(x, y).exact);

  const List e{125, 115, 130, 140, 140, 115, 140, 125, 140, 135}, f{110, 122, 125, 120, 140, 124, 123, 137, 135, 145};
  CHECK(stats::wilcoxon(e, f).p == Approx(0.6352893188352069));
  CHECK(stats::wilcoxon(e, f, Tail::greater).p == Approx(0.31764465941760345));
  CHECK(stats::wilcoxon(e, f, Tail::less).p == Approx(0.7233656428900035));
  CHECK(stats::wilcoxon(e, f, Tail::less).statistic == 27);
  CHECK(stats::wilcoxon(e, e).p == 1);
  CHECK_THROWS(stats::wilcoxon(e, x));
}

TEST_CASE("without a difference, p is even: 5 in 100 below 0.05; with one it is small") {
  base::Rng rng(2, "test", 0, "tests");
  int false_unpaired = 0, false_paired = 0, false_trend = 0, found = 0;
  constexpr int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    List x(20), y(20), better(20);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = rng.normal();
      y[i] = rng.normal();
      better[i] = rng.normal() - 1.2;
    }
    false_unpaired += stats::mann_whitney(x, y, Tail::less).p < 0.05;
    false_paired += stats::wilcoxon(x, y, Tail::less).p < 0.05;
    false_trend += stats::mann_kendall(x, Tail::less).p < 0.05;
    found += stats::mann_whitney(better, y, Tail::less).p < 0.05;
  }
  for (const int count : {false_unpaired, false_paired, false_trend}) {
    CHECK(count < 0.065 * rounds);
    CHECK(count > 0.035 * rounds);
  }
  CHECK(found > 0.9 * rounds);
}

TEST_CASE("Holm") {
  const auto adjusted = stats::holm(List{0.01, 0.04, 0.03, 0.005});  // R: p.adjust(c(.01, .04, .03, .005), "holm")
  CHECK(adjusted[0] == Approx(0.03));
  CHECK(adjusted[1] == Approx(0.06));
  CHECK(adjusted[2] == Approx(0.06));
  CHECK(adjusted[3] == Approx(0.02));
  CHECK(stats::holm(List{0.9, 0.8})[0] == 1);
  CHECK(stats::holm(List{}).empty());
}

TEST_CASE("Mann-Kendall trend") {
  const List eight{3, 1, 2, 5, 4, 8, 6, 7};
  CHECK(stats::mann_kendall(eight).statistic == 18);
  CHECK(stats::mann_kendall(eight, Tail::greater).p == Approx(0.015575396825396826));
  CHECK(stats::mann_kendall(eight).p == Approx(0.03115079365079365));
  CHECK(stats::mann_kendall(eight, Tail::less).p > 0.98);
  const List tied{3, 1, 2, 2, 5, 4, 8, 6, 7, 7, 9, 8};
  CHECK(stats::mann_kendall(tied).statistic == 47);
  CHECK(stats::mann_kendall(tied).p == Approx(0.0014889743702913448));  // (S - 1) / sqrt(209.667), by hand
  CHECK(stats::mann_kendall(tied, Tail::greater).p == Approx(0.0007444871851456724));
  CHECK(stats::mann_kendall(List{1, 1, 1, 1}).p == 1);
  CHECK(stats::mann_kendall(List{4}).p == 1);
}
