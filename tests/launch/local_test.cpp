// The local runner with stand-ins for the stage executables: shell scripts that put a prepared result in place.
#include "launch/local.hpp"

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/json.hpp"
#include "os/file.hpp"
#include "os/signal.hpp"
#include "run/results.hpp"
#include "run/scratch.hpp"

using namespace assay;
using base::Exit;
using run::Stage;

namespace {

/// Every stage's done.json is made beforehand and moved away; the script named like the stage copies it into place.
/// What else it does stands in RUN/do-<executable>.
struct Fixture {
  tests::Scratch scratch;
  run::Run run = run::Run::open(scratch / "run", scratch.write("c.toml", "[search]\nparallel = 2\nmax_trials = 4\n"));
  launch::LocalOptions options{.bin = scratch / "bin", .threads = 2, .tick = 0.01};

  Fixture() {
    std::filesystem::create_directories(scratch / "bin");
    for (const auto stage : run::all_stages) {
      run.begin(stage);
      run.finish(stage, {{"train", 1}}, 0);
    }
    for (const auto stage : run::all_stages) {
      std::filesystem::rename(run.folder(stage) / "done.json", run.folder() / (to_string(stage) + ".prepared"));
      const auto script = scratch.write("bin/" + executable(stage),
                                        "#!/bin/bash\nrun=$1; echo \"$*\" >>$run/calls-" + to_string(stage) +
                                            "\nprepared() { ln -f $run/" + to_string(stage) + ".prepared $run/" +
                                            to_string(stage) + "/done.json 2>/dev/null; exit 0; }\n" + "todo=$run/do-" +
                                            to_string(stage) + "; [ -e $todo ] && . $todo\nprepared\n");
      std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    }
  }
  void will(Stage stage, const std::string& text) const { scratch.write("run/do-" + to_string(stage), text); }
  int calls(Stage stage) const {
    const auto text = os::try_read_file(run.folder() / ("calls-" + to_string(stage))).value_or("");
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }
};

}  // namespace

TEST_CASE("all stages run in order, study stages with their workers") {
  Fixture f;
  CHECK(launch::run_locally(f.run, f.options) == Exit::done);
  CHECK(f.calls(Stage::split) == 1);
  CHECK(f.calls(Stage::search) == 2);
  CHECK(f.calls(Stage::report) == 1);
  CHECK(os::read_file(f.run.folder() / "calls-search").find("--threads 1") != std::string::npos);
  CHECK(launch::run_locally(f.run, f.options) == Exit::done);  // again: nothing is left to do
  CHECK(f.calls(Stage::split) == 1);
}

TEST_CASE("a crashed worker is started again, a bounded number of times") {
  Fixture f;
  f.will(Stage::baseline, "[ -e $run/crashed ] || { touch $run/crashed; kill -9 $$; }\n");
  CHECK(launch::run_locally(f.run, f.options) == Exit::done);
  CHECK(f.calls(Stage::baseline) == 2);

  Fixture g;
  g.will(Stage::baseline, "kill -9 $$\n");
  CHECK(launch::run_locally(g.run, g.options) == Exit::defect);
  CHECK(g.calls(Stage::baseline) == 4);
  CHECK(g.calls(Stage::proxy) == 0);
}

TEST_CASE("an error that will come again ends the run with its code") {
  Fixture f;
  f.will(Stage::split, "echo 'error: row 7 of x.csv is torn' >&2; exit 65\n");
  CHECK(launch::run_locally(f.run, f.options) == Exit::data);
  CHECK(f.calls(Stage::split) == 1);
  CHECK(f.calls(Stage::baseline) == 0);
}

TEST_CASE("a worker that was stopped from outside goes on") {
  Fixture f;
  f.will(Stage::baseline, "[ -e $run/paused ] || { touch $run/paused; exit 75; }\n");
  CHECK(launch::run_locally(f.run, f.options) == Exit::done);
  CHECK(f.calls(Stage::baseline) == 2);
}

TEST_CASE("workers that `assay stop` asked to leave are not started again") {
  Fixture f;
  f.will(Stage::search, "mkdir -p $run/search/study; touch $run/search/study/stop; exit 75\n");
  CHECK(launch::run_locally(f.run, f.options) == Exit::again);
  CHECK(f.calls(Stage::search) == 2);
  CHECK(f.calls(Stage::full) == 0);
}

TEST_CASE("what cannot be shown does not end the workers") {
  Fixture f;
  f.options.terminal = true;  // looks more often
  f.will(Stage::search,
         "mkdir -p $run/search/study; echo '{' >$run/search/study/study.json; trap 'touch $run/asked; exit 75' USR2\n"
         "for i in $(seq 40); do sleep 0.02; done; rm -f $run/search/study/study.json\n");
  CHECK(launch::run_locally(f.run, f.options) == Exit::done);
  CHECK_FALSE(os::file_size(f.run.folder() / "asked"));
  CHECK(f.calls(Stage::search) == 2);
}

TEST_CASE("workers see the GPUs that this process may use, and none of them if those were hidden") {
  for (const std::string mine : {"", "5"}) {
    ::setenv("CUDA_VISIBLE_DEVICES", mine.c_str(), 1);
    Fixture f;
    f.will(Stage::baseline, "echo \"<${CUDA_VISIBLE_DEVICES-unset}>\" >$run/seen\n");
    CHECK(launch::run_locally(f.run, f.options) == Exit::done);
    CHECK(os::read_file(f.run.folder() / "seen") == "<" + mine + ">\n");
    ::unsetenv("CUDA_VISIBLE_DEVICES");
  }
}

TEST_CASE("a wish to stop reaches the workers as USR2 and the run ends with 75") {
  Fixture f;
  f.will(Stage::search,
         "trap 'touch $run/asked; exit 75' USR2; touch $run/waiting; for i in $(seq 500); do sleep 0.02; done\n");
  std::thread killer([&] {
    for (int i = 0; i < 1000 && !os::file_size(f.run.folder() / "waiting"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    os::request_stop(SIGTERM);
  });
  CHECK(launch::run_locally(f.run, f.options) == Exit::again);
  killer.join();
  os::request_stop(0);
  CHECK(os::file_size(f.run.folder() / "asked"));
  CHECK(f.calls(Stage::full) == 0);
  f.will(Stage::search, "");
  CHECK(launch::run_locally(f.run, f.options) == Exit::done);
}

TEST_CASE("a partial stage lets the later ones run and shows in the exit code") {
  Fixture f;
  auto done = base::Json::parse(os::read_file(f.run.folder() / "full.prepared"));
  done["state"] = "partial";
  f.scratch.write("run/full.prepared", done.dump());
  CHECK(launch::run_locally(f.run, f.options) == Exit::partial);
  CHECK(f.calls(Stage::report) == 1);
}

TEST_CASE("more ranks than devices are refused before anything starts") {
  Fixture f;
  run::set_keys(f.run.folder(), {"full.gpus_per_trial=4096"});
  auto run = run::Run::open(f.run.folder());
  CHECK_THROWS_AS(launch::run_locally(run, f.options), base::Error);
  CHECK(f.calls(Stage::split) == 0);
}
