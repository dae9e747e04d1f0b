#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "base/time.hpp"

using namespace assay::base;

TEST_CASE("A misspelt word finds its neighbour, a strange one nobody") {
  const std::vector<std::string> keys{"max_trials", "max_failed", "algorithm"};
  CHECK(nearest_word("max_trails", keys) == "max_trials");
  CHECK(nearest_word("algoritm", keys) == "algorithm");
  CHECK(nearest_word("zzzzzzzz", keys).empty());
}

TEST_CASE("Thousands are separated") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(3441) == "3,441");
  CHECK(with_commas(-1234567) == "-1,234,567");
}

TEST_CASE("Durations are read with their unit and refused without sense") {
  CHECK(parse_duration("90s", "x") == 90);
  CHECK(parse_duration("90", "x") == 90);
  CHECK(parse_duration("1.5h", "x") == 5400);
  CHECK(parse_duration("2d", "x") == 172800);
  for (const auto* bad : {"", "fast", "-3s", "3 parsecs", "infh"}) CHECK_THROWS_AS(parse_duration(bad, "limit"), Error);
}

TEST_CASE("Durations are written for people") {
  CHECK(format_duration(0.23) == "0.2 s");
  CHECK(format_duration(250) == "4 min 10 s");
  CHECK(format_duration(12000) == "3 h 20 min");
}
