#include "search/points/niching.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "stats/reference_points.hpp"

using namespace assay;
using Catch::Approx;

namespace {

std::vector<std::size_t> sorted(std::vector<std::size_t> places) {
  std::sort(places.begin(), places.end());
  return places;
}

base::Rng stream(std::int64_t number) { return {1, "test", number, "niching"}; }

}  // namespace

TEST_CASE("NSGA-III, normalisation by hand: ideal point to 0, plane through the extreme points to 1") {
  // Ideal (1, 2); moved: (0, 8), (1, 3), (4, 0), (3, 6). The extreme points are the first and the third: intercepts
  // 4, 8.
  const auto points = search::normalised({{1, 10}, {2, 5}, {5, 2}, {4, 8}}, {0, 0, 0, 1});
  CHECK(points[0] == std::vector<double>{0, 1});
  CHECK(points[2] == std::vector<double>{1, 0});
  CHECK(points[1][0] == Approx(0.25));
  CHECK(points[1][1] == Approx(0.375));
  CHECK(points[3][0] == Approx(0.75));
  CHECK(points[3][1] == Approx(0.75));
}

TEST_CASE("NSGA-III, normalisation: a slanting plane") {
  // No extreme point lies on an axis: (4, 1, 1), (1, 4, 1), (1, 1, 4) lie in x + y + z = 6, once moved by (1, 1, 1)
  // in x + y + z = 3.
  const auto points = search::normalised({{4, 1, 1}, {1, 4, 1}, {1, 1, 4}, {2, 2, 2}}, {0, 0, 0, 0});
  CHECK(points[0][0] == Approx(1));
  for (const double value : points[3]) CHECK(value == Approx(1.0 / 3));
  // (1, 2), (2, 1) moved is (0, 1), (1, 0); plus a second layer that does not change the plane.
  const auto plane = search::normalised({{1, 2}, {2, 1}, {9, 9}}, {0, 0, 1});
  CHECK(plane[2][0] == Approx(8));
}

TEST_CASE("NSGA-III, normalisation without a plane: the largest cost of the front, and flat axes stay as they are") {
  const auto single = search::normalised({{3, 3}, {5, 4}}, {0, 1});
  CHECK(single[0] == std::vector<double>{0, 0});
  CHECK(single[1] == std::vector<double>{2, 1});
  const auto flat = search::normalised({{1, 7}, {3, 7}}, {0, 0});
  CHECK(std::isfinite(flat[1][0]));
  CHECK(flat[1][1] == 0);
  CHECK(search::normalised({}, {}).empty());
}

TEST_CASE("NSGA-III, normalisation: the same in any units") {
  auto rng = stream(0);
  for (int round = 0; round < 50; ++round) {
    stats::Points costs, scaled;
    for (int i = 0; i < 40; ++i) {
      const double error = 0.02 + 0.1 * rng.uniform(), parameters = 1e5 + 3e6 * rng.uniform(), seconds = rng.uniform();
      costs.push_back({error, parameters, seconds});
      scaled.push_back({error * 8, parameters / 0x1p20, seconds / 16});  // powers of two: not a bit is lost
    }
    const auto layers = stats::pareto_layers(costs, {false, false, false}, 40);
    CHECK(search::normalised(costs, layers) == search::normalised(scaled, layers));
  }
}

TEST_CASE("NSGA-III, association by hand: perpendicular distance to the line") {
  const stats::Points directions{{1, 0}, {0.5, 0.5}, {0, 1}};
  CHECK(search::nearest({0.9, 0.1}, directions).direction == 0);
  CHECK(search::nearest({0.9, 0.1}, directions).distance == Approx(0.1));
  const auto middle = search::nearest({0.6, 0.4}, directions);
  CHECK(middle.direction == 1);
  CHECK(middle.distance == Approx(0.1 * std::sqrt(2.0)));
  CHECK(search::nearest({0, 2}, directions).distance == Approx(0).margin(1e-12));
}

TEST_CASE("NSGA-III, niching by hand: empty directions take their nearest point, crowded ones wait") {
  // One layer of seven on the line x + y = 1, three directions: ends and middle. Places 0, 1, 2 crowd the first
  // end, 3 and 4 the middle (4 lies on it), 5 and 6 the other end (6 lies on it).
  const stats::Points costs{{0, 1}, {0.05, 0.95}, {0.1, 0.9}, {0.45, 0.55}, {0.5, 0.5}, {0.95, 0.05}, {1, 0}};
  const auto directions = stats::das_dennis(2, 2);
  for (std::int64_t round = 0; round < 20; ++round) {
    auto rng = stream(round);
    CHECK(sorted(search::niche_survivors(costs, 3, directions, rng)) == std::vector<std::size_t>{0, 4, 6});
    // A second point for each direction; only the third end has a choice.
    const auto six = sorted(search::niche_survivors(costs, 6, directions, rng));
    CHECK(six.size() == 6);
    for (const std::size_t place : {0, 3, 4, 5, 6}) CHECK(std::binary_search(six.begin(), six.end(), place));
  }
}

TEST_CASE("NSGA-III: whole layers live first, and count in their niches; few points all live") {
  // The first layer holds the middle; the second has one point near the middle and the two ends.
  const stats::Points costs{{0.4, 0.4}, {0.5, 0.5}, {0.1, 1.2}, {1.2, 0.1}};
  const auto directions = stats::das_dennis(2, 2);
  // (0.1, 1.2) and (1.2, 0.1) are not dominated by (0.4, 0.4): layer 0 has three points, layer 1 the other.
  for (std::int64_t round = 0; round < 10; ++round) {
    auto rng = stream(round);
    CHECK(sorted(search::niche_survivors(costs, 3, directions, rng)) == std::vector<std::size_t>{0, 2, 3});
    CHECK(search::niche_survivors(costs, 4, directions, rng).size() == 4);
    CHECK(search::niche_survivors(costs, 9, directions, rng).size() == 4);
    CHECK(search::niche_survivors({}, 9, directions, rng).empty());
  }
  // Six copies of one point: any of them, each once.
  auto rng = stream(0);
  const stats::Points copies(6, {1, 1});
  const auto some = sorted(search::niche_survivors(copies, 4, directions, rng));
  CHECK(some.size() == 4);
  CHECK(std::adjacent_find(some.begin(), some.end()) == some.end());
}
