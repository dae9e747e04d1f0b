// Two ranks under mpirun: ctest runs this case alone (tag [.mpi]), because MPI starts once per process.
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "comm/world.hpp"

using namespace assay;

TEST_CASE("two ranks sum, agree and broadcast", "[.mpi]") {
  const comm::World world;
  REQUIRE(world.size() == 2);

  const auto alone = world.groups(1);
  CHECK(alone.size() == 1);
  CHECK(alone.local_rank() == world.rank());  // two trials at once on one node take different GPUs
  CHECK_THROWS_AS(world.groups(3), base::Error);

  const auto both = world.groups(2);
  CHECK(both.rank() == world.rank());
  CHECK(both.local_rank() == world.rank());
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i) * static_cast<float>(1 + 2 * both.rank());
  both.sum(values.data(), static_cast<std::int64_t>(values.size()));
  CHECK(values[0] == 0);
  CHECK(values[999] == 4 * 999);
  CHECK(both.max(both.rank() == 1 ? 5 : -5) == 5);

  std::string text = both.rank() == 1 ? std::string(100'000, 'x') : "";
  both.broadcast(text, 1);
  CHECK(text.size() == 100'000);
  std::string empty = both.rank() == 0 ? "" : "something";
  both.broadcast(empty);
  CHECK(empty.empty());
  both.barrier();
}
