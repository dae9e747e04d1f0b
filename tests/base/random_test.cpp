#include "base/random.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <numeric>
#include <set>
#include <vector>

using namespace assay::base;

TEST_CASE("A stream is its name: equal names give equal numbers, other names others") {
  Rng a(1, "search", 7, "propose"), b(1, "search", 7, "propose");
  for (int i = 0; i < 100; ++i) CHECK(a() == b());

  std::set<std::uint64_t> first;
  for (const auto seed : {1, 2}) {
    for (const auto* stage : {"search", "full"}) {
      for (int trial = 0; trial < 50; ++trial) {
        for (const auto* purpose : {"propose", "train"}) first.insert(Rng(seed, stage, trial, purpose)());
      }
    }
  }
  CHECK(first.size() == 400);
}

TEST_CASE("Uniform, normal and bounded integers have the right moments") {
  Rng rng(3, "test", 0, "moments");
  double sum = 0, normal_sum = 0, normal_squares = 0;
  std::vector<int> histogram(7);
  constexpr int n = 70'000;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    REQUIRE((u >= 0 && u < 1));
    sum += u;
    const double z = rng.normal();
    normal_sum += z, normal_squares += z * z;
    ++histogram[static_cast<std::size_t>(rng.below(7))];
  }
  CHECK(sum / n == Catch::Approx(0.5).margin(0.005));
  CHECK(normal_sum / n == Catch::Approx(0).margin(0.02));
  CHECK(normal_squares / n == Catch::Approx(1).margin(0.03));
  for (const int count : histogram) CHECK(count == Catch::Approx(n / 7).epsilon(0.05));
}

TEST_CASE("Shuffle permutes") {
  Rng rng(1, "test", 0, "shuffle");
  std::vector<int> items(50);
  std::iota(items.begin(), items.end(), 0);
  auto shuffled = items;
  rng.shuffle(shuffled);
  CHECK(shuffled != items);
  std::sort(shuffled.begin(), shuffled.end());
  CHECK(shuffled == items);
}
