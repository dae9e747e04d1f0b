#include "launch/site.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/json.hpp"
#include "run/scratch.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a site file is read and its errors have places") {
  tests::Scratch scratch;
  const auto site = launch::read_site(scratch.write("site.toml", R"(account = "proj"
modules = ["openmpi"]
sbatch_args = "--exclusive"
drop = ["--mem"]
cpus = 4
[time]
search = "2-00:00:00"
full-train-topk = 90
)"));
  CHECK(site.account == "proj");
  CHECK(site.sbatch_args == std::vector<std::string>{"--exclusive"});
  CHECK(site.cpus == 4);
  CHECK(site.time.at("search") == "2-00:00:00");
  CHECK(site.time.at("full") == "90");
  const auto message = [&](const std::string& text) -> std::string {
    try {
      launch::read_site(scratch.write("bad.toml", text));
    } catch (const base::Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(message("x = 1\npartitoin = \"gpu\"\n"), ContainsSubstring("unknown key"));
  CHECK_THAT(message("partitoin = \"gpu\"\n"),
             ContainsSubstring("bad.toml:1:") && ContainsSubstring("did you mean \"partition\""));
  CHECK_THAT(message("cpus = \"many\"\n"), ContainsSubstring("integer"));
  CHECK_THAT(message("[time]\nsearch = \"soon\"\n"), ContainsSubstring("08:00:00"));
  CHECK_THAT(message("time = \"08:00:00\"\n"), ContainsSubstring("bad.toml:1:") && ContainsSubstring("[time]"));
  CHECK_THAT(message("[time]\nserch = \"1:00\"\n"), ContainsSubstring("did you mean search"));
}

TEST_CASE("time limits in all of Slurm's notations") {
  CHECK(launch::slurm_seconds("30") == 1800);
  CHECK(launch::slurm_seconds("30:10") == 1810);
  CHECK(launch::slurm_seconds("08:00:00") == 28800);
  CHECK(launch::slurm_seconds("2-00:00:00") == 172800);
  CHECK(launch::slurm_seconds("1-12") == 129600);
  CHECK_FALSE(launch::slurm_seconds("UNLIMITED"));
  CHECK_FALSE(launch::slurm_seconds("soon"));
}

TEST_CASE("a cluster's answers become a site proposal that can be read again") {
  const auto probe = launch::parse_probe(
      "batch*|3|64|256000|(null)|1:00:00\nbatch*|2|128|512000|gpu:a100:4(S:0-1)|1:00:00\ngpu|8|32|128000|gpu:2,tmp:1|2-"
      "00:00:00\n",
      "ClusterName             = alpha\nSLURM_VERSION           = 22.05.8\nAccountingStorageType   = "
      "accounting_storage/slurmdbd\n",
      "MPI plugin types are...\n\tnone\n\tpmi2\n\tpmix\n");
  REQUIRE(probe.partitions.size() == 2);
  CHECK(probe.partitions[0].initial);
  CHECK(probe.partitions[0].nodes == 5);
  CHECK(probe.partitions[0].cpus == 128);
  CHECK(probe.partitions[0].gpus == 4);
  CHECK(probe.partitions[1].gpus == 2);
  CHECK(probe.cluster == "alpha");
  CHECK(probe.accounting);
  const auto site = launch::propose_site(probe);
  CHECK(site.gpus == "--gpus-per-node={n}");
  CHECK(site.gpus_per_node == 4);
  CHECK(site.cpus == 8);
  CHECK(site.partition.empty());
  CHECK(site.launcher == "srun --mpi=pmix");
  tests::Scratch scratch;
  const auto again = launch::read_site(scratch.write("site.toml", launch::to_toml(site, probe)));
  CHECK(again.gpus == site.gpus);
  CHECK(again.cpus == site.cpus);
  CHECK(again.launcher == site.launcher);
}

TEST_CASE("a cluster without GPUs and without pmix") {
  const auto site = launch::propose_site(launch::parse_probe("cpu|3|4|4000|(null)|10:00\n", "", "none\npmi2\n"));
  CHECK(site.gpus.empty());
  CHECK(site.partition == "cpu");
  CHECK(site.launcher == "mpirun");
}

TEST_CASE("the site file is looked for in order") {
  tests::Scratch scratch;
  const auto named = scratch.write("named.toml", "");
  CHECK(launch::find_site(named, scratch.path()) == named);
  const auto own = scratch.write("site.toml", "");
  CHECK(launch::find_site({}, scratch.path()) == own);
  CHECK_THROWS_AS(launch::find_site(scratch / "missing.toml", scratch.path()), base::Error);
}
