// What the environment of a launcher is read as, and which launchers are refused. No MPI is started but in the last
// case.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>

#include "base/error.hpp"
#include "comm/world.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A process that no launcher started, whatever started the tests.
void clear_environment() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "PMI_SIZE", "PMIX_RANK", "PMIX_NAMESPACE",
                           "PMI_RANK", "PMI_FD", "PMI_CONTROL_PORT"}) {
    ::unsetenv(name);
  }
}

std::string refusal() {
  try {
    comm::World world;
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a process started by hand is a world of one without MPI") {
  clear_environment();
  const comm::World world;
  CHECK(world.rank() == 0);
  CHECK(world.size() == 1);
  const auto group = world.groups(1);
  CHECK(group.size() == 1);
  CHECK(group.local_rank() == 0);
  CHECK(group.max(7) == 7);
  float value = 3;
  group.sum(&value, 1);
  CHECK(value == 3);
  std::string text = "kept";
  group.broadcast(text);
  CHECK(text == "kept");
  group.barrier();
}

TEST_CASE("more ranks per trial than were started are refused in one sentence") {
  clear_environment();
  const comm::World world;
  try {
    world.groups(4);
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    CHECK_THAT(error.what(), ContainsSubstring("4 ranks per trial") && ContainsSubstring("mpirun -n 4"));
  }
  CHECK_THROWS_AS(world.groups(0), base::Error);
}

TEST_CASE("the launched size is Open MPI's where it says one, else Slurm's") {
  clear_environment();
  CHECK(comm::detect_launch().launcher.empty());
  ::setenv("SLURM_STEP_NUM_TASKS", "1", 1);  // as on the second node under mpirun
  ::setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
  CHECK(comm::detect_launch().size == 4);
  CHECK(comm::detect_launch().launcher == "mpirun");
  ::unsetenv("OMPI_COMM_WORLD_SIZE");
  CHECK(comm::detect_launch().size == 1);
  CHECK(comm::detect_launch().launcher == "srun");
  CHECK_FALSE(comm::detect_launch().process_manager);
  ::setenv("PMIX_RANK", "0", 1);
  CHECK(comm::detect_launch().process_manager);
  clear_environment();
}

TEST_CASE("one task of srun is no MPI program") {
  clear_environment();
  ::setenv("SLURM_STEP_NUM_TASKS", "1", 1);
  CHECK(comm::World().size() == 1);
  clear_environment();
}

TEST_CASE("srun without an MPI plugin is refused before MPI starts") {
  clear_environment();
  ::setenv("SLURM_STEP_NUM_TASKS", "3", 1);
  CHECK_THAT(refusal(), ContainsSubstring("srun started 3 processes") && ContainsSubstring("srun --mpi=pmix"));
  clear_environment();
}

TEST_CASE("ranks of a foreign mpirun that do not see each other are refused", "[.singleton]") {
  ::setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
  CHECK_THAT(refusal(), ContainsSubstring("mpirun started 2 processes, but MPI sees 1"));
}
