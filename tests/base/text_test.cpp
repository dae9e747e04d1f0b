#include "base/text.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>

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

TEST_CASE("Numbers are the whole text or nothing") {
  CHECK(number_in("-1.5e3") == -1500);
  CHECK(number_in("+2") == 2);
  CHECK(std::isnan(*number_in("nan")));
  CHECK(number_in("-1e999") == -std::numeric_limits<double>::infinity());
  CHECK(number_in("1e-999") == 0);
  for (const auto* bad : {"", "+", "1x", " 1", "1 ", "0x10", "+-1", "1,5"}) CHECK_FALSE(number_in(bad));
  CHECK(integer_in("-42") == -42);
  CHECK(integer_in("+7") == 7);
  for (const auto* bad : {"", "1.0", "1e3", "9223372036854775808", "four"}) CHECK_FALSE(integer_in(bad));
}
