#include "stats/hypervolume.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include "base/random.hpp"

using namespace assay;
using Catch::Approx;
using stats::Points;

namespace {

/// By inclusion and exclusion over all subsets: slow, but nothing else than the definition.
double by_subsets(const Points& points) {
  double total = 0;
  for (std::size_t subset = 1; subset < (std::size_t{1} << points.size()); ++subset) {
    std::vector<double> corner(points.front().size(), std::numeric_limits<double>::infinity());
    int members = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if ((subset >> i & 1) == 0) continue;
      ++members;
      for (std::size_t j = 0; j < corner.size(); ++j) corner[j] = std::min(corner[j], points[i][j]);
    }
    double volume = members % 2 == 1 ? 1 : -1;
    for (const double value : corner) volume *= value;
    total += volume;
  }
  return total;
}

/// Numbers from a coarse grid meet often: ties in every axis.
Points random_points(std::size_t count, std::size_t axes, base::Rng& rng, bool coarse) {
  Points points(count, std::vector<double>(axes));
  for (auto& point : points) {
    for (auto& value : point) value = coarse ? double(1 + rng.below(4)) : 0.05 + rng.uniform();
  }
  return points;
}

std::vector<double> origin(std::size_t axes) { return std::vector<double>(axes, 0.0); }
std::vector<bool> up(std::size_t axes) { return std::vector<bool>(axes, true); }

}  // namespace

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

TEST_CASE("hypervolume, exclusive volumes and the archive agree with inclusion and exclusion, one to six objectives") {
  base::Rng rng(6, "test", 0, "subsets");
  for (std::size_t axes = 1; axes <= 6; ++axes) {
    for (int round = 0; round < 20; ++round) {
      const auto points = random_points(1 + std::size_t(rng.below(8)), axes, rng, round % 2 == 0);
      const double exact = by_subsets(points);
      CHECK(stats::hypervolume(points, origin(axes), up(axes)) == Approx(exact).epsilon(1e-12));

      const auto exclusive = stats::exclusive_volumes(points, origin(axes), up(axes));
      for (std::size_t i = 0; i < points.size(); ++i) {
        auto others = points;
        others.erase(others.begin() + std::ptrdiff_t(i));
        CHECK(exclusive[i] == Approx(exact - (others.empty() ? 0 : by_subsets(others))).margin(1e-9));
      }

      stats::HypervolumeArchive archive(origin(axes), up(axes));
      Points so_far;
      for (const auto& point : points) {
        so_far.push_back(point);
        const double before = archive.volume(), promised = archive.gain(point);
        CHECK(archive.add(point) == promised);
        CHECK(archive.volume() == Approx(before + promised));
        CHECK(archive.volume() == Approx(by_subsets(so_far)).epsilon(1e-12));
        CHECK(archive.gain(point) == Approx(0).margin(1e-12));
      }
    }
  }
}

TEST_CASE("hypervolume in closed form") {
  // n steps of a plane staircase: n (n + 1) / 2 unit squares.
  Points steps;
  for (int i = 1; i <= 500; ++i) steps.push_back({double(i), double(501 - i)});
  CHECK(stats::hypervolume(steps, {0, 0}, {true, true}) == 500 * 501 / 2);
  CHECK(stats::HypervolumeArchive({0, 0}, {true, true}).volume() == 0);

  // Unit cubes below a diagonal plane: tetrahedral numbers, one axis more each time, C(n + d - 1, d).
  for (const auto& [axes, cubes] : std::vector<std::pair<std::size_t, double>>{{3, 220}, {4, 715}, {5, 2002}}) {
    Points points;
    std::vector<int> digits(axes, 1);
    const int sum = 10 + int(axes) - 1;
    for (;;) {
      if (std::accumulate(digits.begin(), digits.end(), 0) == sum) points.emplace_back(digits.begin(), digits.end());
      std::size_t j = 0;
      while (j < axes && ++digits[j] > 10) digits[j++] = 1;
      if (j == axes) break;
    }
    CHECK(stats::hypervolume(points, origin(axes), up(axes)) == Approx(cubes));
  }

  // ZDT1's front 1 - sqrt(x) against (11, 11): 121 - 1/3, less what lies between the steps.
  Points front;
  for (int i = 0; i <= 2000; ++i) front.push_back({i / 2000.0, 1 - std::sqrt(i / 2000.0)});
  CHECK(stats::hypervolume(front, {11, 11}, {false, false}) == Approx(121 - 1.0 / 3).margin(1e-3));
}

TEST_CASE("greedy subset: each choice adds most to those before it") {
  base::Rng rng(7, "test", 0, "greedy");
  for (const std::size_t axes : {1, 2, 3, 4}) {
    auto points = random_points(40, axes, rng, false);
    points[7] = points[3];
    points[9] = std::vector<double>(axes, -1.0);  // beyond the reference
    const auto chosen = stats::greedy_subset(points, 12, origin(axes), up(axes));
    REQUIRE(chosen.size() == 12);
    Points taken;
    std::vector<bool> used(points.size(), false);
    for (const auto index : chosen) {
      CHECK_FALSE(used[index]);
      const auto with = [&](const std::vector<double>& point) {
        auto more = taken;
        more.push_back(point);
        return stats::hypervolume(more, origin(axes), up(axes));
      };
      double most = 0;
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (!used[i]) most = std::max(most, with(points[i]));
      }
      CHECK(with(points[index]) == Approx(most).epsilon(1e-12));
      used[index] = true;
      taken.push_back(points[index]);
    }
  }
  CHECK(stats::greedy_subset({{1, 1}, {1, 1}}, 5, {0, 0}, {true, true}) == std::vector<std::size_t>{0, 1});
  CHECK(stats::greedy_subset({}, 5, {0, 0}, {true, true}).empty());
}

TEST_CASE("volumes respect direction and reference") {
  stats::HypervolumeArchive archive({0.5, 200}, {true, false});
  CHECK(archive.gain(std::vector<double>{0.5, 100}) == 0);
  CHECK(archive.add(std::vector<double>{0.9, 100}) == Approx(40));
  CHECK(archive.add(std::vector<double>{0.8, 250}) == 0);
  CHECK(archive.add(std::vector<double>{0.8, 50}) == Approx(0.3 * 50));
  CHECK(archive.size() == 2);
  CHECK(archive.add(std::vector<double>{0.95, 40}) == Approx(0.45 * 160 - 55));
  CHECK(archive.size() == 1);
  CHECK_THROWS(archive.gain(std::vector<double>{1}));
  CHECK_THROWS(stats::HypervolumeArchive({1, 2}, {true}));
}

TEST_CASE("the speed that planners count on", "[.speed]") {
  base::Rng rng(8, "test", 0, "speed");
  for (const std::size_t axes : {2, 3, 4}) {
    Points points(1000, std::vector<double>(axes));
    for (auto& point : points) {  // on a sphere: no point dominates another
      double square = 0;
      for (auto& value : point) {
        value = std::abs(rng.normal());
        square += value * value;
      }
      for (auto& value : point) value /= std::sqrt(square);
    }
    if (axes == 4) points.resize(200);
    const std::vector<double> reference(axes, -0.1);
    const auto best_of = [](const auto& work) {
      double best = 1e9;
      for (int i = 0; i < 5; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        best =
            std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
      }
      return best;
    };
    const double layers = best_of([&] { return stats::pareto_layers(points, up(axes)).size(); });
    const double volume = best_of([&] { return stats::hypervolume(points, reference, up(axes)); });
    const double subset = best_of([&] { return stats::greedy_subset(points, 100, reference, up(axes)).size(); });
    std::printf("%zu objectives, a front of %zu: layers %.3f ms, hypervolume %.3f ms, greedy 100 %.3f ms\n", axes,
                points.size(), layers, volume, subset);
    if (axes == 2) CHECK(layers + subset < 1);
  }
}
