#include "launch/slurm.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>
#include <map>

#include "base/command.hpp"
#include "base/json.hpp"
#include "launch/queue.hpp"
#include "launch/submit.hpp"
#include "os/file.hpp"
#include "run/scratch.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using launch::Site;
using launch::StageJob;
using run::Stage;

namespace {

const launch::Place place{.run_folder = "/scratch/me/runs/digits",
                          .run_id = "digits-3fa9c1",
                          .bin = "/opt/assay/bin",
                          .share = "/opt/assay/share"};

std::string line(const StageJob& job, const Site& site = {}, const std::string& dependency = "") {
  return base::command(launch::sbatch_command(job, place, site, dependency));
}

run::Run open(const tests::Scratch& scratch, const std::string& text) {
  return run::Run::open(scratch / "run", scratch.write("c.toml", text));
}

}  // namespace

TEST_CASE("the command of a plain stage") {
  CHECK(line({.stage = Stage::split}) ==
        "sbatch --parsable --job-name=digits-3fa9c1-split --output=/scratch/me/runs/digits/jobs/logs/split-%j.log "
        "--open-mode=append --requeue "
        "--signal=B:USR2@120 --ntasks=1 --cpus-per-task=1 "
        "--export=ALL,ASSAY_BIN=/opt/assay/bin,ASSAY_SHARE=/opt/assay/share "
        "/opt/assay/share/slurm/split-data.sbatch /scratch/me/runs/digits");
}

TEST_CASE("the command of an array of workers with site facts") {
  Site site;
  site.account = "proj";
  site.partition = "gpu";
  site.qos = "long";
  site.constraint = "a100|h100";
  site.memory = "16G";
  site.cpus = 8;
  site.gpus = "--gpus-per-node={n}";
  site.gpus_per_node = 4;
  site.lead = 300;
  site.time["search"] = "08:00:00";
  site.sbatch_args = {"--exclusive=user"};
  CHECK(line({.stage = Stage::search, .workers = 16, .gpus = 1}, site, "afterok:12") ==
        "sbatch --parsable --job-name=digits-3fa9c1-search --output=/scratch/me/runs/digits/jobs/logs/search-%A_%a.log "
        "--open-mode=append --requeue "
        "--signal=B:USR2@300 --array=0-15 --dependency=afterok:12 --kill-on-invalid-dep=yes --account=proj "
        "--partition=gpu --qos=long "
        "'--constraint=a100|h100' --time=08:00:00 --ntasks=1 --cpus-per-task=8 --mem=16G --gpus-per-node=1 "
        "--export=ALL,ASSAY_BIN=/opt/assay/bin,ASSAY_SHARE=/opt/assay/share --exclusive=user "
        "/opt/assay/share/slurm/search-driver.sbatch /scratch/me/runs/digits");
}

TEST_CASE("several ranks fill nodes of their GPUs; flags that a cluster refuses are dropped") {
  Site site;
  site.gpus = "--gres=gpu:{n}";
  site.gpus_per_node = 4;
  site.drop = {"--requeue", "--kill-on-invalid-dep"};
  const auto text = line({.stage = Stage::full, .workers = 2, .ranks = 8, .gpus = 8}, site, "afterok:7");
  CHECK_THAT(text, ContainsSubstring("--nodes=2 --ntasks-per-node=4 --ntasks=8 --cpus-per-task=1 --gres=gpu:4"));
  CHECK_THAT(text, !ContainsSubstring(" --requeue") && ContainsSubstring(" --no-requeue "));
  CHECK_THAT(line({.stage = Stage::full}), !ContainsSubstring("--no-requeue"));
  CHECK_THAT(text, !ContainsSubstring("--kill-on-invalid-dep"));
}

TEST_CASE("workers follow parallel, quota and the number of trials") {
  const auto workers = [](const std::string& text, Stage stage) {
    tests::Scratch scratch;
    return launch::stage_job(open(scratch, text), stage, Site{}).workers;
  };
  CHECK(workers("[search]\nparallel = 7\n", Stage::search) == 7);
  CHECK(workers("[search]\nparallel = 7\nmax_trials = 3\n", Stage::search) == 3);
  CHECK(workers("[search]\nparallel = 7\n", Stage::proxy) == 7);
  CHECK(workers("[search]\nparallel = 7\n[proxy]\nparallel = 2\n", Stage::proxy) == 2);
  CHECK(workers("[search]\nparallel = 7\n", Stage::split) == 1);
  CHECK(workers("[full]\ngpus_per_trial = 8\ngpu_quota = 16\n", Stage::full) == 2);
  CHECK(workers("[full]\ngpus_per_trial = 1\ngpu_quota = 64\ntop_k = 2\nseeds = 2\nbaseline = false\n", Stage::full) ==
        4);
  CHECK_THROWS_AS(workers("[full]\ngpus_per_trial = 8\ngpu_quota = 4\n", Stage::full), base::Error);
  CHECK_THROWS_AS(workers("[search]\nparallel = 2000\nmax_trials = 5000\n", Stage::search), base::Error);
}

TEST_CASE("workers that share jobs and GPUs: a shorter array of larger jobs") {
  tests::Scratch scratch;
  const auto run = open(scratch, "[search]\nparallel = 12\nmax_trials = 100\n[full]\ngpus_per_trial = 2\n");
  Site site;
  site.gpus = "--gpus-per-node={n}";
  site.gpus_per_node = 4;
  site.cpus = 3;
  site.workers_per_job = 4;
  site.workers_per_gpu = 2;
  CHECK_THAT(line(launch::stage_job(run, Stage::search, site), site),
             ContainsSubstring("--array=0-2 ") &&
                 ContainsSubstring(" --ntasks=1 --cpus-per-task=12 --gpus-per-node=2 ") &&
                 EndsWith("/search-driver.sbatch /scratch/me/runs/digits --workers 4"));
  site.workers_per_gpu = 1;
  CHECK_THAT(line(launch::stage_job(run, Stage::search, site), site), ContainsSubstring(" --gpus-per-node=4 "));
  site.workers_per_gpu = 3;  // the fourth worker shares a GPU with nobody
  CHECK_THAT(line(launch::stage_job(run, Stage::search, site), site), ContainsSubstring(" --gpus-per-node=2 "));
  site.workers_per_job = 1;
  CHECK_THAT(line(launch::stage_job(run, Stage::search, site), site),
             ContainsSubstring("--array=0-11 ") && ContainsSubstring(" --cpus-per-task=3 --gpus-per-node=1 ") &&
                 EndsWith("/runs/digits"));
  // Stages of one worker, and trials of several ranks, have a job to themselves.
  site.workers_per_job = 4;
  CHECK_THAT(line(launch::stage_job(run, Stage::split, site), site), !ContainsSubstring("--workers"));
  CHECK_THAT(line(launch::stage_job(run, Stage::full, site), site),
             ContainsSubstring("--ntasks=2 --cpus-per-task=3 --gpus-per-node=2 ") && EndsWith("/runs/digits"));
}

TEST_CASE("GPUs are asked for by stages that train, where the site has any") {
  tests::Scratch scratch;
  const auto run = open(scratch, "[full]\ngpus_per_trial = 4\n");
  Site site;
  CHECK(launch::stage_job(run, Stage::search, site).gpus == 0);
  site.gpus = "--gpus-per-node={n}";
  CHECK(launch::stage_job(run, Stage::search, site).gpus == 1);
  CHECK(launch::stage_job(run, Stage::full, site).gpus == 4);
  CHECK(launch::stage_job(run, Stage::full, site).ranks == 4);
  CHECK(launch::stage_job(run, Stage::split, site).gpus == 0);
}

TEST_CASE("what must be submitted follows from what is done and what is queued") {
  tests::Scratch scratch;
  const auto run = open(scratch, "[run]\nname = \"x\"\n");
  run.begin(Stage::split);
  run.finish(Stage::split, {{"train", 1}}, 0);
  const auto id = launch::run_id(run);
  const auto queue = launch::parse_queue(
      "11|11|" + id + "-baseline|RUNNING|0:10|None\n12_[0-3]|12|" + id + "-proxy|PENDING|0:00|Dependency\n" + "13|13|" +
      id + "-search|PENDING|0:00|DependencyNeverSatisfied\n14|14|other-full|RUNNING|0:00|None\n");
  REQUIRE(queue.size() == 4);
  const auto steps = launch::steps_for(run, id, queue);
  REQUIRE(steps.size() == 6);
  CHECK(steps[0].kind == launch::Step::Kind::done);
  CHECK(steps[1].kind == launch::Step::Kind::queued);
  CHECK(steps[2].job == "12");
  CHECK(steps[3].kind == launch::Step::Kind::submit);
  CHECK(steps[3].dead == std::vector<std::string>{"13"});
  CHECK(steps[4].kind == launch::Step::Kind::submit);
}

TEST_CASE("run ids tell copies of a run apart and fit into job names") {
  tests::Scratch scratch;
  const auto file = scratch.write("c.toml", "[run]\nname = \"my run/1\"\n");
  const auto a = launch::run_id(run::Run::open(scratch / "a", file)),
             b = launch::run_id(run::Run::open(scratch / "b", file));
  CHECK(a != b);
  CHECK(a.starts_with("my-run-1-"));
}

TEST_CASE("pending reasons are translated") {
  CHECK_THAT(launch::explain("QOSGrpGRES"), ContainsSubstring("quota"));
  CHECK_THAT(launch::explain("ReqNodeNotAvail, UnavailableNodes:n1"), ContainsSubstring("down or reserved"));
  CHECK(launch::explain("SomethingNew") == "SomethingNew");
}

TEST_CASE("job settings are shell text that keeps its values") {
  Site site;
  site.launcher = "mpirun";
  site.srun_args = {"--bind-to", "none"};
  site.modules = {"gcc/12", "openmpi"};
  site.prologue = "export X='a b'";
  const auto text = launch::job_settings(site);
  CHECK_THAT(text, ContainsSubstring("ASSAY_LAUNCHER='mpirun --bind-to none'\nASSAY_MAX_REQUEUE=10\nmodule load gcc/12 "
                                     "openmpi\nexport X='a b'\n"));
}

TEST_CASE("workers in the queue are counted, and more of them wait for the stage before") {
  const auto queue = launch::parse_queue(
      "12_[0,2-5%4]|12|d-search|PENDING|0:00|Dependency\n12_1|12|d-search|RUNNING|0:10|None\n13|13|d-search|PENDING|0:"
      "00|Priority\n"
      "11|11|d-baseline|RUNNING|0:10|None\n14|14|d-search|PENDING|0:00|DependencyNeverSatisfied\n");
  CHECK(launch::workers_in(queue, "d-search") == 7);
  CHECK(launch::workers_in(queue, "d-full") == 0);
  const auto waits_for = [&](Stage stage) {
    return launch::dependency_on(launch::jobs_before(queue, "d", stage), stage);
  };
  CHECK(waits_for(Stage::search) == "afterok:11");
  CHECK(waits_for(Stage::full) == "afterany:12:13");  // 14 will never start
  CHECK(waits_for(Stage::split).empty());
}

TEST_CASE("one worker must end well; of several any may die; the report takes what is there") {
  CHECK(launch::dependency_on({}, Stage::search).empty());
  CHECK(launch::dependency_on({"12", false}, Stage::search) == "afterok:12");
  CHECK(launch::dependency_on({"12", true}, Stage::full) == "afterany:12");
  CHECK(launch::dependency_on({"12", false}, Stage::report) == "afterany:12");
  const auto array = launch::parse_queue("12_7|12|d-search|RUNNING|0:10|None\n");
  CHECK(launch::jobs_of(array, "d-search").several);
  CHECK_FALSE(launch::jobs_of(launch::parse_queue("12|12|d-search|RUNNING|0:10|None\n"), "d-search").several);
}

TEST_CASE("scale keeps to the GPU quota and to the size of an array, and says so") {
  tests::Scratch scratch;
  const auto run = open(scratch, "[full]\ngpus_per_trial = 4\ngpu_quota = 16\n");
  std::vector<std::string> lines;
  CHECK(launch::workers_to_add(run, Stage::full, 3, 1, lines) == 2);
  CHECK(lines.empty());
  CHECK(launch::workers_to_add(run, Stage::full, 9, 1, lines) == 3);
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], ContainsSubstring("allows 4 workers: 3 more"));
  CHECK(launch::workers_to_add(run, Stage::full, 9, 6, lines) == 0);
  lines.clear();
  CHECK(launch::workers_to_add(run, Stage::search, 2500, 100, lines) == 1000);
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], ContainsSubstring("holds 1000"));
}

TEST_CASE("GPUs that a site's nodes cannot give are refused before anything is submitted") {
  Site site;
  site.gpus = "--gpus-per-node={n}";
  site.gpus_per_node = 4;
  CHECK_NOTHROW(launch::check_site({.stage = Stage::search, .gpus = 4}, site));
  CHECK_NOTHROW(launch::check_site({.stage = Stage::full, .ranks = 8, .gpus = 8}, site));
  CHECK_THROWS_AS(launch::check_site({.stage = Stage::search, .gpus = 8}, site), base::Error);
  CHECK_THROWS_AS(launch::check_site({.stage = Stage::full, .ranks = 6, .gpus = 6}, site), base::Error);
  site.gpus_per_node = 0;  // not known
  CHECK_NOTHROW(launch::check_site({.stage = Stage::search, .gpus = 8}, site));
}

namespace {

/// squeue and sbatch of the test's own, first in PATH. squeue prints the file `queue`; sbatch does what `do-sbatch`
/// says.
struct FakeSlurm {
  tests::Scratch scratch;
  std::string path = os::environment("PATH").value_or("");

  FakeSlurm() {
    std::filesystem::create_directories(scratch / "bin");
    const auto here = scratch.path().string();
    for (const auto& [name, text] : std::map<std::string, std::string>{{"squeue", "cat " + here + "/queue\n"},
                                                                       {"sbatch", ". " + here + "/do-sbatch\n"}}) {
      const auto script = scratch.write("bin/" + name, "#!/bin/sh\ncd " + here + "\n" + text);
      std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    }
    ::setenv("PATH", ((scratch / "bin").string() + ":" + path).c_str(), 1);
  }
  ~FakeSlurm() { ::setenv("PATH", path.c_str(), 1); }
  FakeSlurm(const FakeSlurm&) = delete;             // owns PATH
  FakeSlurm& operator=(const FakeSlurm&) = delete;  // owns PATH
};

}  // namespace

TEST_CASE("a silent controller: the job that it took all the same is found, the ones before are not taken for it",
          "[slow]") {
  const FakeSlurm slurm;
  const auto run = open(slurm.scratch, "[search]\nparallel = 5\n");
  const auto name = launch::job_name(launch::run_id(run), Stage::search);
  slurm.scratch.write("queue", "12_[0-1]|12|" + name + "|RUNNING|0:10|None\n");
  slurm.scratch.write("do-sbatch", "echo x >>calls; echo '13_[0-2]|13|" + name +
                                       "|PENDING|0:00|Priority' >>queue\n"
                                       "echo 'sbatch: error: Unable to contact slurm controller' >&2; exit 1\n");
  const auto lines = launch::scale(run, Stage::search, 5, Site{}, false);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] == "job 13 adds 3");
  CHECK(os::read_file(slurm.scratch / "calls") == "x\n");
}

TEST_CASE("sbatch sees the user's own requests, but not those of a job that it is called from") {
  const FakeSlurm slurm;
  const auto run = open(slurm.scratch, "[search]\nparallel = 5\n");
  slurm.scratch.write("queue", "");
  slurm.scratch.write("do-sbatch", "echo ${SBATCH_ACCOUNT-none} ${SLURM_JOB_ID-none} >>seen; echo 7\n");
  ::setenv("SBATCH_ACCOUNT", "mine", 1);
  launch::scale(run, Stage::search, 5, Site{}, false);
  ::setenv("SLURM_JOB_ID", "99", 1);
  launch::scale(run, Stage::search, 5, Site{}, false);
  ::unsetenv("SLURM_JOB_ID");
  ::unsetenv("SBATCH_ACCOUNT");
  CHECK(os::read_file(slurm.scratch / "seen") == "mine none\nnone none\n");
}
