#include "os/host.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace assay;

TEST_CASE("GPUs are shared out in whole shares: the same or none in common") {
  using Names = std::vector<std::string>;
  const Names four{"0", "1", "2", "3"};
  CHECK(os::share_of_gpus(four, 0, 1) == Names{"0"});
  CHECK(os::share_of_gpus(four, 5, 1) == Names{"1"});
  CHECK(os::share_of_gpus(four, 1, 2) == Names{"2", "3"});
  CHECK(os::share_of_gpus(four, 2, 2) == Names{"0", "1"});
  CHECK(os::share_of_gpus(four, 1, 3) == Names{"0", "1", "2"});
  CHECK(os::share_of_gpus(four, 0, 8) == four);
  CHECK(os::share_of_gpus(four, 3, 0) == Names{"3"});
  CHECK(os::share_of_gpus({}, 3, 2).empty());
}
