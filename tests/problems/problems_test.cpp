#include "bench/search/problems.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "stats/hypervolume.hpp"

using namespace assay;
using bench::problem;
using Catch::Approx;
using List = std::vector<double>;

TEST_CASE("one objective: the known lowest points") {
  CHECK(problem("hartmann6").at({0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573})[0] ==
        Approx(problem("hartmann6").best).margin(1e-6));
  const double pi = std::numbers::pi;
  for (const auto& [x, y] : {std::pair(-pi, 12.275), {pi, 2.275}, {3 * pi, 2.475}}) {
    CHECK(problem("branin").at({(x + 5) / 15, y / 15})[0] == Approx(problem("branin").best).epsilon(1e-12));
  }
  CHECK(problem("branin").best == Approx(0.39788735772973816));
  CHECK(problem("rosenbrock4").at(List(4, 6.0 / 15))[0] == Approx(0).margin(1e-20));
  CHECK(problem("ackley4").at(List(4, 0.5))[0] == Approx(0).margin(1e-12));
  CHECK(problem("ackley4s").at(List(4, 0.5))[0] > 10);  // not in the middle, where some look first
  CHECK(problem("ackley4s").at(List(4, 22.768 / 65.536))[0] == Approx(0).margin(1e-12));
  CHECK(problem("ackley20").size() == 20);
}

TEST_CASE("two objectives: points of the known fronts, and their volume") {
  for (const std::string name : {"zdt1", "zdt2", "dtlz2", "dtlz2s"}) {
    const auto tested = problem(name);
    stats::Points front;
    for (int i = 0; i <= 4000; ++i) {
      List unit(6, name[0] == 'z' ? 0 : name == "dtlz2" ? 0.5 : 0.3);
      unit[0] = i / 4000.0;
      front.push_back(tested.at(unit));
    }
    const double volume = stats::hypervolume(front, tested.reference, {false, false});
    CHECK(volume < tested.best);
    CHECK(volume == Approx(tested.best).margin(1e-3));
  }
}

TEST_CASE("three objectives: the front is an eighth of a sphere") {
  const auto tested = problem("dtlz2s_3");
  stats::Points front;
  for (int i = 0; i <= 60; ++i) {
    for (int j = 0; j <= 60; ++j) {
      List unit(12, 0.3);
      unit[0] = i / 60.0;
      unit[1] = j / 60.0;
      front.push_back(tested.at(unit));
      CHECK(std::hypot(front.back()[0], front.back()[1], front.back()[2]) == Approx(1));
    }
  }
  const double volume = stats::hypervolume(front, tested.reference, {false, false, false});
  CHECK(volume < tested.best);
  CHECK(volume == Approx(tested.best).margin(0.02));
}

TEST_CASE("values at one point, computed apart in Python") {
  const List unit{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, four(unit.begin(), unit.begin() + 4);
  const auto near = [](const List& found, const List& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(1e-13));
  };
  near(problem("hartmann6").at(unit), {-1.4069105761385297});
  near(problem("ackley4s").at(four), {18.965917648191464});
  near(problem("rosenbrock4").at(four), {22419});
  near(problem("dtlz2s").at(unit), {1.1358415916844085, 0.17989963479626547});
  near(problem("zdt1").at(unit), {0.1, 3.921767001687473});
  near(problem("zdt2").at(unit), {0.1, 4.5978260869565215});
  near(problem("branin_currin").at({0.25, 0.5}), {13.505639366396075, 8.665411098552225});
  near(problem("branin_currin").at({0.9, 0.1}), {4.312689546977313, 10.21683409851489});
}

TEST_CASE("Branin-Currin: a fine grid comes close to the known volume and not beyond") {
  const auto tested = problem("branin_currin");
  const auto volume = [&](int steps) {
    stats::HypervolumeArchive archive(tested.reference, {false, false});
    for (int i = 0; i <= steps; ++i) {
      for (int j = 0; j <= steps; ++j) archive.add(tested.at({double(i) / steps, double(j) / steps}));
    }
    return archive.volume();
  };
  const double coarse = tested.best - volume(200), fine = tested.best - volume(1000);
  CHECK(fine > 0);
  CHECK(fine < 0.4);
  CHECK(fine < coarse / 2);
}

TEST_CASE("what is missing to the best, result by result") {
  const auto ackley = problem("ackley4");
  CHECK(ackley.regrets({{3}, {5}, {2}}) == List{3, 3, 2});
  const auto zdt = problem("zdt1");
  CHECK(zdt.regrets({{10, 10}, {12, 0}, {9, 9}}) == List{zdt.best - 1, zdt.best - 1, zdt.best - 4});
}

TEST_CASE("names: BBOB by number, dimension and instance; others are refused") {
  const auto sphere = problem("bbob_f1_d5_i1");
  CHECK(sphere.size() == 5);
  CHECK(sphere.best == Approx(79.48));
  CHECK(sphere.at(List(5, 0.5))[0] == Approx(92.30397568));  // x = 0
  for (const std::string name : {"", "bbob_f1", "sphere", "bbob_f25_d5_i1"})
    CHECK_THROWS_AS(problem(name), base::Error);
  CHECK_THROWS(sphere.at({1}));
}
