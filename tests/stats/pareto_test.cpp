#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/random.hpp"
#include "stats/pareto.hpp"

using namespace assay;
using Catch::Approx;
using stats::Points;

TEST_CASE("Pareto front with one axis to maximise and one to minimise") {
  const std::vector<bool> maximise{true, false};
  const Points points{{0.9, 100}, {0.8, 50}, {0.7, 60}, {0.9, 100}, {0.95, 200}, {0.95, 210}};
  CHECK(stats::pareto_front(points, maximise) == std::vector<std::size_t>{0, 1, 3, 4});
  CHECK(stats::pareto_layers(points, maximise) == std::vector<int>{0, 0, 1, 0, 0, 1});
  CHECK(stats::pareto_layers({{3, 1}, {2, 2}, {1, 3}, {0, 4}}, maximise, 2) == std::vector<int>{0, 1, 2, 2});
  CHECK(stats::pareto_front({}, maximise).empty());
  CHECK_FALSE(stats::dominates({1, 1}, {1, 1}, maximise));
}

TEST_CASE("layers agree with the definition") {
  base::Rng rng(9, "test", 0, "layers");
  Points points(200, std::vector<double>(3));
  for (auto& point : points) {
    for (auto& value : point) value = double(rng.below(8));
  }
  const std::vector<bool> maximise{true, false, true};
  const auto layers = stats::pareto_layers(points, maximise);
  for (std::size_t i = 0; i < points.size(); ++i) {
    int above = -1;  // a point lies one layer below the deepest point that dominates it
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (stats::dominates(points[j], points[i], maximise)) above = std::max(above, layers[j]);
    }
    CHECK(layers[i] == above + 1);
  }
}

TEST_CASE("crowding: ends infinite, the middle by its neighbours") {
  const Points points{{0, 4}, {1, 3}, {3, 1}, {4, 0}};
  const auto distance = stats::crowding(points, {0, 1, 2, 3});
  CHECK(std::isinf(distance[0]));
  CHECK(std::isinf(distance[3]));
  CHECK(distance[1] == Approx(3.0 / 4 + 3.0 / 4));
  CHECK(stats::crowding(points, {}).empty());
}

TEST_CASE("hypervolume of known sets") {
  const std::vector<bool> up{true, true};
  CHECK(stats::hypervolume({{1, 3}, {2, 2}, {3, 1}}, {0, 0}, up) == Approx(6));
  CHECK(stats::hypervolume({{1, 3}, {2, 2}, {3, 1}, {1, 1}}, {0, 0}, up) ==
        Approx(6));                                                       // a dominated point adds nothing
  CHECK(stats::hypervolume({{1, 3}, {-1, 9}}, {0, 0}, up) == Approx(3));  // nor one beyond the reference
  CHECK(stats::hypervolume({}, {0, 0}, up) == 0);
  CHECK(stats::hypervolume({{0.9, 100}}, {0.5, 200}, {true, false}) == Approx(40));
  CHECK(stats::hypervolume({{1, 2, 3}, {3, 2, 1}}, {0, 0, 0}, {true, true, true}) == Approx(6 + 6 - 2));
  CHECK(stats::hypervolume({{2}}, {5}, {false}) == Approx(3));
  CHECK_THROWS(stats::hypervolume({{1, 2}}, {0}, up));
}

TEST_CASE("hypervolume agrees with counting random points, three objectives") {
  base::Rng rng(5, "test", 0, "volume");
  Points points(12, std::vector<double>(3));
  for (auto& point : points) {
    for (auto& value : point) value = rng.uniform();
  }
  const std::vector<bool> up{true, true, true};
  int inside = 0;
  const int draws = 40'000;
  for (int i = 0; i < draws; ++i) {
    const std::vector<double> probe{rng.uniform(), rng.uniform(), rng.uniform()};
    bool covered = false;
    for (const auto& point : points) covered = covered || stats::dominates(point, probe, up);
    inside += covered;
  }
  CHECK(stats::hypervolume(points, {0, 0, 0}, up) == Approx(double(inside) / draws).margin(0.01));
}
