// assay cancel, with stand-ins for squeue and scancel.
#include "launch/cancel.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>

#include "assay/programs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "launch/slurm.hpp"
#include "os/file.hpp"

using namespace assay;
using base::Json;
using Catch::Matchers::ContainsSubstring;
using run::Stage;
using tests::Said;

namespace {

/// A run, and a queue that is the file `queue`; scancel takes the jobs out of it and notes its arguments in `calls`, or
/// says what the file `refuse` holds.
struct Cluster {
  tests::Scratch scratch;
  std::string id;
  std::string path = (scratch / "slurm").string() + ":/usr/bin:/bin";

  Cluster() {
    id = launch::run_id(run::Run::open(scratch / "run", scratch.write("c.toml", "[search]\nparallel = 5\n")));
    std::filesystem::create_directories(scratch / "slurm");
    const auto cd = "#!/bin/sh\ncd " + base::shell_quoted(scratch.path().string()) + "\n";
    const auto program = [&](const std::string& name, const std::string& text) {
      std::filesystem::permissions(scratch.write("slurm/" + name, cd + text), std::filesystem::perms::owner_all);
    };
    program("squeue", "cat queue\n");
    program("scancel",
            "if [ -e refuse ]; then cat refuse >&2; exit 1; fi\necho \"$@\" >>calls\n"
            "for job; do sed -i \"/|$job|/d\" queue; done\n");
    scratch.write("queue", "");
    scratch.write("calls", "");
  }
  std::string line(const std::string& job, const std::string& array, Stage stage, const std::string& state,
                   const std::string& reason = "None") const {
    return job + "|" + array + "|" + launch::job_name(id, stage) + "|" + state + "|0:10|" + reason + "\n";
  }
  /// A search of 16 workers in two arrays, and two stages that wait for it.
  void fill() const {
    scratch.write("queue", line("41_0", "41", Stage::search, "RUNNING") + line("41_1", "41", Stage::search, "RUNNING") +
                               line("41_[2-11]", "41", Stage::search, "PENDING", "Resources") +
                               line("42_[0-3]", "42", Stage::search, "PENDING", "Priority") +
                               line("43", "43", Stage::full, "PENDING", "Dependency") +
                               line("44", "44", Stage::report, "PENDING", "DependencyNeverSatisfied") +
                               "50|50|other-run-search|RUNNING|0:10|None\n");
  }
  Said operator()(std::vector<std::string> more, const std::string& search_path = "") const {
    more.insert(more.begin(), {"assay", "cancel", "run"});
    return tests::run_program(scratch, more, {{"PATH", search_path.empty() ? path : search_path}});
  }
  std::string calls() const { return os::read_file(scratch / "calls"); }
  std::string resume() const { return base::proposal({"assay", "submit", (scratch / "run").string()}); }
};

bool missing() { return !tests::built("assay"); }

}  // namespace

TEST_CASE("what of a run is in the queue: the last stage first, tasks times their crews, dead jobs too") {
  const std::vector<launch::QueuedJob> queue = {{"41_0", "41", "r-search", "RUNNING", "", "None"},
                                                {"41_[1-3]", "41", "r-search", "PENDING", "", "Priority"},
                                                {"42_[0-1]", "42", "r-search", "PENDING", "", "Priority"},
                                                {"44", "44", "r-report", "PENDING", "", "Dependency"},
                                                {"43", "43", "r-full", "PENDING", "", "DependencyNeverSatisfied"}};
  const auto found = launch::stages_in_queue(queue, "r", [](const std::string& job) { return job == "41" ? 4 : 1; });
  REQUIRE(found.size() == 3);
  CHECK((found[0].stage == Stage::report && found[1].stage == Stage::full && found[2].stage == Stage::search));
  CHECK(found[1].workers == 1);
  CHECK(launch::cancelled_line(found[2]) == "search: cancelled jobs 41, 42 (18 workers)");
  CHECK(base::command(launch::scancel_command(found[2])) == "scancel 41 42");
  CHECK(launch::stages_in_queue(queue, "other", [](const std::string&) { return 1; }).empty());
}

TEST_CASE("assay cancel takes all jobs of the run, and no other, out of the queue") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Cluster slurm;
  slurm.fill();
  const auto said = slurm({});
  INFO(said.error);
  CHECK(said.code == 0);
  CHECK(said.out ==
        "report: cancelled job 44 (1 worker)\nfull: cancelled job 43 (1 worker)\n"
        "search: cancelled jobs 41, 42 (16 workers)\nwhat is in the run folder is kept; " +
            slurm.resume() + " resumes\n");
  CHECK(slurm.calls() == "44\n43\n41 42\n");
  CHECK(os::read_file(slurm.scratch / "queue") == "50|50|other-run-search|RUNNING|0:10|None\n");
  const auto again = slurm({});
  CHECK(again.code == 0);
  CHECK(again.out == "no job of " + (slurm.scratch / "run").string() + " is in the queue\n");
}

TEST_CASE("assay cancel of some stages names the stages that wait for them") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Cluster slurm;
  slurm.fill();
  const auto said = slurm({"search", "proxy"});
  CHECK(said.code == 0);
  CHECK_THAT(
      said.out,
      ContainsSubstring("proxy: no job is in the queue\n") &&
          ContainsSubstring("search: cancelled jobs 41, 42 (16 workers)\n") &&
          ContainsSubstring("full, report wait in the queue") &&
          ContainsSubstring(base::proposal({"assay", "cancel", (slurm.scratch / "run").string(), "full", "report"})));
  CHECK(slurm.calls() == "41 42\n");
  const auto last = slurm({"report"});
  CHECK_THAT(last.out, ContainsSubstring("report: cancelled job 44") && !ContainsSubstring("wait"));
}

TEST_CASE("assay cancel --dry-run and --json") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Cluster slurm;
  slurm.fill();
  CHECK(slurm({"--dry-run"}).out == "scancel 44\nscancel 43\nscancel 41 42\n");
  auto json = Json::parse(slurm({"--dry-run", "--json", "search"}).out);
  CHECK(json.at("dry_run") == true);
  CHECK(json.at("stages").size() == 1);
  CHECK(slurm.calls().empty());
  os::make_folders(slurm.scratch / "run/jobs");
  slurm.scratch.write("run/jobs/42.json", R"({"job": "42", "crew": 4})");
  json = Json::parse(slurm({"--json", "search"}).out);
  CHECK(json.at("dry_run") == false);
  CHECK(json.at("stages") == Json::parse(R"([{"stage": "search", "jobs": ["41", "42"], "workers": 28,
                                              "command": "scancel 41 42"}])"));
  CHECK(json.at("ending") == Json::array());
  CHECK(slurm.calls() == "41 42\n");
  CHECK(Json::parse(slurm({"--json", "search"}).out).at("stages").empty());
}

TEST_CASE("assay cancel where it cannot: unknown stage, scancel refuses, no Slurm") {
  if (missing()) SKIP("assay is not built in " ASSAY_BIN);
  const Cluster slurm;
  slurm.fill();
  const auto unknown = slurm({"serach"});
  CHECK(unknown.code == 64);
  CHECK_THAT(unknown.error, ContainsSubstring("did you mean search?") &&
                                ContainsSubstring("split, baseline, proxy, search, full, report"));
  slurm.scratch.write("refuse", "scancel: error: Kill job error on job id 44: Access/permission denied\n");
  for (const auto& words : std::vector<std::vector<std::string>>{{}, {"--json"}}) {
    const auto refused = slurm(words);
    CHECK(refused.code == 74);
    CHECK_THAT(refused.error, ContainsSubstring("the jobs of report (44)") &&
                                  ContainsSubstring("Kill job error on job id 44: Access/permission denied"));
  }
  const auto nowhere = slurm({}, (slurm.scratch / "run").string());
  CHECK(nowhere.code == 64);
  CHECK_THAT(nowhere.error, ContainsSubstring("there is no Slurm here") &&
                                ContainsSubstring(base::proposal({"assay", "stop", (slurm.scratch / "run").string()})));
  CHECK(slurm.calls().empty());
}

TEST_CASE("jobs that take their time to end are named") {
  const Cluster slurm;
  const std::string before = os::environment("PATH").value_or("");
  ::setenv("PATH", slurm.path.c_str(), 1);
  const auto run = run::Run::open(slurm.scratch / "run");
  slurm.fill();
  CHECK(launch::wait_for_end(run, {"43", "60"}, 0) == std::vector<std::string>{"43"});
  slurm.scratch.write("queue", "");
  CHECK(launch::wait_for_end(run, {"43"}, 60).empty());
  ::setenv("PATH", before.c_str(), 1);
}
