#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <csignal>

#include "base/text.hpp"
#include "base/time.hpp"
#include "command/bench.hpp"
#include "eval/command/files.hpp"
#include "eval/command/metrics_tail.hpp"
#include "os/file.hpp"
#include "os/signal.hpp"
#include "study/lab.hpp"
#include "study/names.hpp"

using namespace assay::command_tests;
using namespace assay::eval;
using Catch::Matchers::ContainsSubstring;
using trial::Failure;
using trial::State;

TEST_CASE("what a command started ends with it, in sessions of their own too") {
  Bench bench;
  const auto file = bench.folder.path() / "pids";
  const auto outcome = bench.shell("for i in 1 2; do setsid sh -c 'echo $$ >>" + file.string() +
                                   "; exec sleep 300' & done; while [ \"$(wc -l 2>/dev/null <" + file.string() +
                                   ")\" != 2 ]; do sleep 0.01; done; echo '{\"accuracy\": 1, \"final\": true}' >> "
                                   "$ASSAY_METRICS");
  CHECK(outcome.state == State::done);
  std::istringstream pids(os::read_file(file));
  int count = 0;
  for (pid_t pid = 0; pids >> pid; ++count) {
    const auto status = os::try_read_file("/proc/" + std::to_string(pid) + "/status").value_or("");
    CHECK((status.empty() || status.find("State:\tZ") != std::string::npos));
  }
  CHECK(count == 2);
}

TEST_CASE("a shell trainer gets its parameters, reports, and ends with a final line") {
  Bench bench;
  const auto outcome = bench.shell(R"(set -eu
    . "$ASSAY_SH"
    for step in 1 2 3; do echo "{\"step\": $step, \"accuracy\": 0.$step}" >> "$ASSAY_METRICS"; done
    printf '{"final": true, "accuracy": 0.9, "lr": %s, "epochs": %s, "note": "%s %s"}' \
      "$training_lr" "$fidelity_epochs" "$split_train_rows" "$ASSAY_STAGE" >> "$ASSAY_METRICS")");
  CHECK(outcome.state == State::done);
  CHECK(outcome.reason.empty());
  CHECK(outcome.metrics == trial::Metrics{{"accuracy", 0.9}, {"lr", 0.25}, {"epochs", 4}});
  CHECK(outcome.attributes.at("note") == "/x/train.idx search");
  CHECK(outcome.device_seconds > 0);
  REQUIRE(bench.recorder.reports.size() == 3);
  CHECK(bench.recorder.reports[1].metrics.at("accuracy") == 0.2);
}

TEST_CASE("a Python trainer reads JSON from files and the environment") {
  Bench bench;
  const auto outcome = bench.run(settings({ASSAY_PYTHON, "-c", R"(
import json, os, pathlib
params = json.load(open(os.environ["ASSAY_PARAMS"]))
fidelity = json.loads(os.environ["ASSAY_FIDELITY"])
split = json.load(open(os.environ["ASSAY_SPLIT"]))
assert pathlib.Path.cwd() == pathlib.Path(os.environ["ASSAY_PARAMS"]).parent
assert split["train"]["rows"] == "/x/train.idx"
with open(os.environ["ASSAY_METRICS"], "a") as out:
    out.write(json.dumps({"step": 1, "loss": float("nan")}) + "\n")
    out.write(json.dumps({"final": True, "lr": params["training"]["lr"], "data": fidelity["data"],
                          "trial": int(os.environ["ASSAY_TRIAL"]), "seed": int(os.environ["ASSAY_SEED"])}) + "\n")
)"}));
  CHECK(outcome.reason.empty());
  CHECK(outcome.state == State::done);
  CHECK(outcome.metrics == trial::Metrics{{"lr", 0.25}, {"data", 0.5}, {"trial", 12}, {"seed", 99}});
  REQUIRE(bench.recorder.reports.size() == 1);
  CHECK(std::isnan(bench.recorder.reports[0].metrics.at("loss")));
}

TEST_CASE("ways to fail") {
  Bench bench;
  SECTION("an exit code, with the last lines of the output") {
    const auto outcome = bench.shell("echo first; echo 'no such column: age' >&2; exit 3");
    CHECK(outcome.state == State::failed);
    CHECK(outcome.failure == Failure::exit);
    CHECK_THAT(outcome.reason, ContainsSubstring("exit code 3") && ContainsSubstring("no such column: age"));
  }
  SECTION("no final line") { CHECK_THAT(bench.shell("exit 0").reason, ContainsSubstring("without a line {\"final\"")); }
  SECTION("a final line without an objective") {
    auto with = settings({"sh", "-c", final_line});
    with.required = {"accuracy", "latency"};
    CHECK_THAT(bench.run(with).reason, ContainsSubstring("lacks \"latency\""));
  }
  SECTION("a final line with a text where a number is expected") {
    auto with = settings({"sh", "-c", R"(echo '{"final": true, "accuracy": "0.9"}' >> "$ASSAY_METRICS")"});
    with.required = {"accuracy"};
    CHECK_THAT(bench.run(with).reason, ContainsSubstring("\"accuracy\" is the text \"0.9\""));
  }
  SECTION("a final line with an objective by another name") {
    auto with = settings({"sh", "-c", R"(echo '{"final": true, "acuracy": 0.5, "loss": 1}' >> "$ASSAY_METRICS")"});
    with.required = {"accuracy"};
    CHECK_THAT(bench.run(with).reason, ContainsSubstring("it has acuracy, loss; did you mean acuracy?"));
    with.command.back() = R"(echo '{"final": true, "acuracy": 0.5}' >> "$ASSAY_METRICS")";
    CHECK_THAT(bench.run(with).reason, ContainsSubstring("[objectives] names; did you mean acuracy?"));
  }
  SECTION("a final metric that is no number") {
    auto with = settings({"sh", "-c", R"(echo '{"final": true, "loss": NaN}' >> "$ASSAY_METRICS")"});
    with.required = {"loss"};
    CHECK(bench.run(with).failure == Failure::nan);
  }
  SECTION("an objective that is a list") {
    auto with = settings({"sh", "-c", R"(echo '{"final": true, "loss": [1, 2]}' >> "$ASSAY_METRICS")"});
    with.required = {"loss"};
    CHECK_THAT(bench.run(with).reason, ContainsSubstring("a list or an object"));
  }
  SECTION("what was reported before a crash at exit stays visible") {
    for (const std::string end : {"exit 1", "kill -9 $$"}) {
      const auto crashed =
          bench.shell("echo '{\"final\": true, \"loss\": 0.25, \"by\": \"adam\"}' >> \"$ASSAY_METRICS\"; " + end);
      CHECK(crashed.failure == Failure::exit);
      CHECK_THAT(crashed.reason, ContainsSubstring("after its final line"));
      CHECK(crashed.metrics.at("loss") == 0.25);
      CHECK(crashed.attributes.at("by") == "adam");
    }
  }
  SECTION("so does the last report") {
    CHECK(bench.shell("echo '{\"loss\": 0.5}' >> \"$ASSAY_METRICS\"; exit 1").metrics.at("loss") == 0.5);
  }
  SECTION("a line that is no JSON") {
    const auto outcome = bench.shell("echo 'accuracy 0.9' >> \"$ASSAY_METRICS\"");
    CHECK(outcome.failure == Failure::exit);
    CHECK_THAT(outcome.reason, ContainsSubstring("no JSON object") && ContainsSubstring("accuracy 0.9"));
  }
  SECTION("a last line that says why, whatever the exit code is") {
    for (const std::string code : {"0", "1"}) {
      const auto said = bench.shell(
          "echo layer 7 >&2; echo '{\"final\": true, \"failed\": \"no such layer\"}' "
          ">> \"$ASSAY_METRICS\"; exit " +
          code);
      CHECK(said.state == State::failed);
      CHECK(said.failure == Failure::exit);
      CHECK_THAT(said.reason, ContainsSubstring("no such layer; its last lines: layer 7"));
      const auto oom = bench.shell(
          "echo '{\"step\": 1, \"accuracy\": 0.1}' >> \"$ASSAY_METRICS\"\n"
          "echo '{\"final\": true, \"failed\": \"oom\"}' >> \"$ASSAY_METRICS\"; exit " +
          code);
      CHECK(oom.state == State::failed);
      CHECK(oom.failure == Failure::oom);
    }
  }
  SECTION("a signal") { CHECK_THAT(bench.shell("kill -SEGV $$").reason, ContainsSubstring("SIGSEGV")); }
  SECTION("time") {
    auto hasty = settings({"sh", "-c", "sleep 60"});
    hasty.timeout = [] { return 0.3; };
    const double start = base::steady_seconds();
    const auto outcome = bench.run(hasty);
    CHECK(outcome.failure == Failure::timeout);
    CHECK(base::steady_seconds() - start < 5);
  }
  SECTION("continue later, with nothing to continue from") {
    const auto outcome = bench.shell("exit 75");
    CHECK(outcome.failure == Failure::exit);
    CHECK_FALSE(outcome.again);
  }
}

TEST_CASE("what stands beside the result does not cost the training") {
  Bench bench;
  for (const std::string beside : {"NaN", "null", "Infinity", "[[1, 2], [3, 4]]", "{\"a\": 1}", "\"text\"", "true"}) {
    INFO(beside);
    auto with = settings(
        {"sh", "-c",
         "printf 'not json\\n{\"step\": \"x\", \"loss\": 1}\\n' >> \"$ASSAY_METRICS\"; echo '{\"loss\": 0.5, \"f1\": " +
             beside + "}' >> \"$ASSAY_METRICS\"; echo '{\"final\": true, \"loss\": 0.25, \"f1\": " + beside +
             "}' >> \"$ASSAY_METRICS\""});
    with.required = {"loss"};
    const auto outcome = bench.run(with);
    CHECK(outcome.state == State::done);
    CHECK(outcome.reason.empty());
    CHECK(outcome.metrics.at("loss") == 0.25);
  }
}

TEST_CASE("a command that ran out of memory is told to compute its batches in two parts, once") {
  const Folder folder;
  RandomPlanner planner;
  Recorder recorder;
  const auto work = [&](const std::string& until) {
    auto with = settings({"sh", "-c",
                          "echo $ASSAY_TRIAL $ASSAY_ACCUMULATE >> ../../../tries\nif [ $ASSAY_ACCUMULATE " + until +
                              " ]; then\n  echo '{\"final\": true, \"failed\": \"oom\"}' >> "
                              "\"$ASSAY_METRICS\"; exit 1\nfi\n" +
                              final_line});
    with.values = [](const space::Params& params) { return base::Json{{"x", std::get<double>(params.at("x"))}}; };
    const auto evaluator = make_command_evaluator(std::move(with));
    Study study(folder.path(), definition(), limits(2));
    drain(study, planner, [&](const trial::Work& one) { return evaluator->run(one, recorder); });
    return study.refresh();
  };
  SECTION("with half of it the memory suffices") {
    const auto view = work("= 1");
    CHECK(lines(folder.path() / "tries") == std::vector<std::string>{"0 1", "0 2", "1 1", "1 2"});
    CHECK(view.counts().done == 2);
    CHECK(view.find(0)->result()->attempt == 2);
  }
  SECTION("it does not") {
    const auto view = work("-le 2");
    CHECK(lines(folder.path() / "tries").size() == 4);
    CHECK(view.counts().failed == 2);
    CHECK(view.find(1)->rungs[0].failure == Failure::oom);
  }
}

TEST_CASE("a trainer that asks to go on later finds its checkpoint in the next attempt") {
  Bench bench;
  const std::string script = R"(set -eu
    if [ -f "$ASSAY_CHECKPOINT/step" ]; then )" +
                             final_line + R"(; exit 0; fi
    echo 1 > "$ASSAY_CHECKPOINT/step"; exit 75)";
  const auto first = bench.shell(script);
  CHECK(first.again);
  bench.work.previous = bench.work.folder;
  bench.work.folder = bench.folder.path() / "trials/12/0.2";
  bench.work.attempt = 2;
  const auto second = bench.shell(script);
  CHECK(second.state == State::done);
  CHECK_FALSE(second.again);
}

TEST_CASE("a judged trial is asked to stop; one that does not listen is ended") {
  Bench bench;
  bench.recorder.stop_at = 2;
  SECTION("it listens") {
    const auto outcome = bench.shell(R"(step=0
      while [ ! -e "$ASSAY_STOP" ]; do
        step=$((step + 1)); echo "{\"step\": $step, \"accuracy\": 0.5}" >> "$ASSAY_METRICS"; sleep 0.05
      done
      echo '{"final": true, "accuracy": 0.7}' >> "$ASSAY_METRICS")");
    CHECK(outcome.state == State::stopped);
    CHECK(outcome.metrics.at("accuracy") == 0.7);
  }
  SECTION("it does not") {
    const double start = base::steady_seconds();
    const auto outcome = bench.shell(R"(trap '' TERM
      echo '{"step": 1}' >> "$ASSAY_METRICS"; echo '{"step": 2, "accuracy": 0.4}' >> "$ASSAY_METRICS"
      while :; do sleep 0.1; done)");
    CHECK(outcome.state == State::stopped);
    CHECK(outcome.metrics.at("accuracy") == 0.4);
    CHECK(base::steady_seconds() - start < 5);
  }
}

TEST_CASE("a worker that leaves asks the trainer to pause; the trial is released") {
  Bench bench;
  const auto stopper = spawn([parent = ::getpid()] {
    ::usleep(400'000);
    ::kill(parent, SIGUSR2);
    return 0;
  });
  os::catch_stop_signals();
  const auto outcome = bench.shell(R"sh(while [ ! -e "$ASSAY_STOP" ]; do sleep 0.05; done
    [ "$(cat "$ASSAY_STOP")" = pause ] && echo saved > "$ASSAY_CHECKPOINT/state"
    exit 75)sh");
  os::request_stop(0);
  join(stopper);
  CHECK(outcome.again);
  CHECK(os::read_file(bench.work.folder / "checkpoint/state") == "saved\n");
}

TEST_CASE("whatever a command left in the background ends with it") {
  Bench bench;
  const auto outcome = bench.shell("sleep 100 & echo $! > ../../../pid; " + final_line);
  CHECK(outcome.state == State::done);
  CHECK(eventually([&] { return !alive(bench.folder.path() / "pid"); }, 5));
}

TEST_CASE("a killed worker takes the command and its children along") {
  Bench bench;
  const auto pid_file = bench.folder.path() / "pid";
  const auto worker = spawn([&] {
    bench.shell("sh -c 'echo $$ > ../../../pid; sleep 100; :' & wait");
    return 0;
  });
  REQUIRE(eventually([&] { return alive(pid_file); }, 5));
  ::kill(worker, SIGKILL);
  join(worker);
  CHECK(eventually([&] { return !alive(pid_file); }, 5));
}

TEST_CASE("variables of MPI launchers do not reach the command; its own do") {
  Bench bench;
  ::setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
  ::setenv("PMIX_RANK", "0", 1);
  auto with = settings(
      {"sh", "-c",
       R"([ -z "${OMPI_COMM_WORLD_SIZE:-}${PMIX_RANK:-}" ] && [ "$CUDA_VISIBLE_DEVICES" = 2,3 ] && )" + final_line});
  with.devices = "2,3";
  CHECK(bench.run(with).state == State::done);
  ::unsetenv("OMPI_COMM_WORLD_SIZE");
  ::unsetenv("PMIX_RANK");
}

TEST_CASE("a launcher stands before the command") {
  Bench bench;
  auto with = settings({"sh", "-c", final_line});
  with.launcher = "env NODES={nodes} GPUS={gpus}";
  with.gpus = 3;
  CHECK(bench.run(with).state == State::done);
}

TEST_CASE("shell assignments are safe to source") {
  const auto text =
      shell_assignments(base::Json::parse(R"({"a": {"b-c": "it's $HOME"}, "list": ["x", 1], "flag": true})"));
  CHECK(text == "a_b_c='it'\\''s $HOME'\nlist='x 1'\nflag=true\n");
}

TEST_CASE("metrics lines") {
  const auto line =
      parse_metrics_line(R"({"step": 3, "val_acc": 0.91, "loss": -Infinity, "name": "x", "final": true})", 1);
  CHECK(line.step == 3);
  CHECK(line.final);
  CHECK(line.metrics.at("val_acc") == 0.91);
  CHECK(std::isnan(line.metrics.at("loss")));
  CHECK(line.attributes.at("name") == "x");
  CHECK_THROWS_AS(parse_metrics_line("[1]", 1), base::Error);
  CHECK(parse_metrics_line(R"({"curve": [1, 2]})", 1).attributes.at("curve") == "[1,2]");
}

TEST_CASE("a command whose trial was dropped is ended though it reports nothing") {
  Bench bench;
  auto with = settings({"sh", "-c", "echo $$ > pid; sleep 60"});
  with.look_seconds = 0.05;
  const auto commit = study::Layout{bench.folder.path()}.commit(bench.work.item);
  os::make_folders(commit.parent_path());
  os::publish(commit, "another worker");
  const double start = base::steady_seconds();
  const auto outcome = bench.run(with);
  CHECK(outcome.state == State::stopped);
  CHECK_THAT(outcome.reason, ContainsSubstring("dropped"));
  CHECK(base::steady_seconds() - start < 5);
  CHECK_FALSE(alive(bench.work.folder / "pid"));
}
