#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "stats/pareto.hpp"
#include "stats/reference_points.hpp"

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

TEST_CASE("two objectives: layers and front agree with the definition, equal points among them") {
  base::Rng rng(10, "test", 0, "plane");
  const std::vector<bool> maximise{false, true};
  for (int round = 0; round < 40; ++round) {
    Points points(60, std::vector<double>(2));
    for (auto& point : points) {
      for (auto& value : point) value = double(rng.below(round < 20 ? 9 : 1000));
    }
    const auto layers = stats::pareto_layers(points, maximise);
    std::vector<std::size_t> front;
    for (std::size_t i = 0; i < points.size(); ++i) {
      int above = -1;
      for (std::size_t j = 0; j < points.size(); ++j) {
        if (stats::dominates(points[j], points[i], maximise)) above = std::max(above, layers[j]);
      }
      CHECK(layers[i] == above + 1);
      if (above < 0) front.push_back(i);
    }
    CHECK(stats::pareto_front(points, maximise) == front);
  }
}

TEST_CASE("layers beyond those that are enough share a number") {
  base::Rng rng(11, "test", 0, "enough");
  for (const std::size_t axes : {1, 2, 3}) {
    Points points(100, std::vector<double>(axes));
    for (auto& point : points) {
      for (auto& value : point) value = rng.uniform();
    }
    const std::vector<bool> maximise(axes, true);
    const auto all = stats::pareto_layers(points, maximise);
    for (const std::size_t enough : {0, 1, 10, 50, 100, 1000}) {
      int last = 0;  // the first number that is not needed any more
      while (std::size_t(std::count_if(all.begin(), all.end(), [&](int n) { return n < last; })) <
             std::min(enough, points.size()))
        ++last;
      const auto some = stats::pareto_layers(points, maximise, enough);
      for (std::size_t i = 0; i < points.size(); ++i) CHECK(some[i] == std::min(all[i], last));
    }
  }
  CHECK(stats::pareto_layers({}, {true, true}).empty());
}

TEST_CASE("crowding: ends infinite, the middle by its neighbours") {
  const Points points{{0, 4}, {1, 3}, {3, 1}, {4, 0}};
  const auto distance = stats::crowding(points, {0, 1, 2, 3});
  CHECK(std::isinf(distance[0]));
  CHECK(std::isinf(distance[3]));
  CHECK(distance[1] == Approx(3.0 / 4 + 3.0 / 4));
  CHECK(stats::crowding(points, {}).empty());
  for (const double one : stats::crowding({{1, 1}, {1, 1}}, {0, 1})) CHECK(std::isinf(one));
  // An axis on which all are equal has no ends: the same as without it.
  const Points flat{{.5, 2, 3}, {.5, 0, 5}, {.5, 5, 0}, {.5, 3, 2}, {.5, 1, 4}, {.5, 4, 1}};
  Points bare;
  for (const auto& point : flat) bare.push_back({point[1], point[2]});
  const std::vector<std::size_t> all{0, 1, 2, 3, 4, 5};
  CHECK(stats::crowding(flat, all) == stats::crowding(bare, all));
  CHECK(stats::crowding(flat, all)[0] == Approx(0.8));
}

TEST_CASE("Das and Dennis: as many points as the binomial says, all on the simplex") {
  CHECK(stats::das_dennis(3, 12).size() == 91);  // Deb and Jain, NSGA-III, 2014, table I
  CHECK(stats::das_dennis(5, 6).size() == 210);
  CHECK(stats::das_dennis(2, 4) == Points{{0, 1}, {0.25, 0.75}, {0.5, 0.5}, {0.75, 0.25}, {1, 0}});
  CHECK(stats::das_dennis(1, 7) == Points{{1}});
  auto points = stats::das_dennis(4, 5);
  for (const auto& point : points) CHECK(std::accumulate(point.begin(), point.end(), 0.0) == Approx(1));
  std::sort(points.begin(), points.end());
  CHECK(std::adjacent_find(points.begin(), points.end()) == points.end());
}
