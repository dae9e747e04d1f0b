// Messages propose only what works: every command that a message proposes is built by base::proposal (so that it can be
// pasted), each is brought about once in a folder whose name holds a blank and a quote, and run by a shell.
#include "proposals.hpp"

#include <catch2/catch_test_macros.hpp>
#include <iostream>
#include <map>

#include "base/command.hpp"
#include "base/text.hpp"
#include "programs.hpp"

using namespace assay;
using namespace assay::tests;

namespace {

/// How a message comes about, and how what it proposes ends. `before` and `say` are lines for a shell.
struct Scene {
  std::string file, pattern;
  std::string say;
  std::string before = "";
  int code = 0;                                  ///< of the proposed command
  std::map<std::string, std::string> fill = {};  ///< words that the message leaves to the reader: N, OTHER, "score=..."
  std::string between = "";                      ///< what the message asks for before the command
  bool cluster = false;                          ///< with stand-ins for Slurm's programs
};

struct Exception {
  std::string file, pattern, reason;
};

const std::string by_hand =
    "[params.training]\nx = { float = [0.0, 1.0] }\n[objectives]\nscore = { goal = \"max\" }\n"
    "[search]\nalgorithm = \"random\"\nmax_trials = 2\n";

const std::string with_command = by_hand +
                                 "parallel = 1\n[trial]\ncommand = [\"sh\", \"train.sh\"]\n[proxy]\nreference = 0\n"
                                 "[full]\ntop_k = 1\nseeds = 2\nbaseline = false\n";

/// Fails in the stage FAIL, waits in the stage HANG until it is asked to stop; in both only without the file "quick".
const std::string trainer = R"(. "$ASSAY_SH"
if [ "$ASSAY_STAGE" = "$FAIL" ]; then echo "name lodaer is not defined"; exit 1; fi
if [ "$ASSAY_STAGE" = "$HANG" ] && [ ! -e "$(dirname "$0")/quick" ]; then
  if [ "$ASSAY_TRIAL" = "$FAIL_TRIAL" ]; then exit 1; fi
  while [ ! -e "$ASSAY_STOP" ]; do sleep 0.05; done
  exit 1
fi
echo "{\"final\": true, \"score\": $training_x}" >> "$ASSAY_METRICS"
)";

/// Folders with a blank and a quote in their names; what a scene needs lies in them.
class Desk {
 public:
  Desk() : folder_(scratch_ / "it's my folder") {
    std::filesystem::create_directories(scratch_ / "slurm");
    const auto stand_in = [&](const std::string& name, const std::string& text) {
      scratch_.write("slurm/" + name, "#!/bin/sh\n" + text + "\n");
      std::filesystem::permissions(scratch_ / "slurm" / name, std::filesystem::perms::owner_all);
    };
    stand_in("squeue", "cat \"$HOME/queue\" 2>/dev/null; exit 0");
    stand_in("scancel", "for job; do sed -i \"/|$job|/d\" \"$HOME/queue\"; done");
    stand_in("sinfo", "echo 'main*|2|8|16000|(null)|1-00:00:00'");
    stand_in("scontrol", "exit 0");
    stand_in("srun", "echo pmix");
    stand_in("sbatch", "echo 17");
    std::filesystem::create_directories(folder_);
    const auto write = [&](const std::string& name, const std::string& text) { os::publish(folder_ / name, text); };
    write("hand.toml", by_hand);
    write("a run.toml", with_command);
    write("train.sh", trainer);
    write("tiny.toml", small_run("", "[search]\nmax_trials = 2\n"));
    write("train.csv", table());
    write("valid.csv", table());
  }

  Said operator()(const std::string& line, bool cluster = false) {
    const auto path = std::string(ASSAY_BIN) + ":" + (cluster ? (scratch_ / "slurm").string() + ":" : "") +
                      os::environment("PATH").value_or("/usr/bin:/bin");
    return run_program(scratch_, {"bash", "-c", "cd " + base::shell_quoted(folder_.string()) + "\n" + line},
                       {{"PATH", path}, {"HOME", folder_.string()}});
  }

 private:
  Scratch scratch_;
  std::filesystem::path folder_;
};

const std::string make = "assay run r --config 'a run.toml' -q";
/// The run and its search, open.
const std::string hand = "split-data h --config hand.toml -q; ";
const std::string asked = hand + "assay ask h; ";
const std::string told = asked + "assay tell h 0 score=0.5; assay ask h; assay tell h 1 score=0.25; ";
const std::string until_search = "split-data r --config 'a run.toml' -q && baseline-train r -q && proxy-select r -q; ";

/// The search and the full stage of r in the queue of the stand-ins.
const std::string queued =
    "split-data r --config 'a run.toml' -q; for s in search full; do "
    "name=$(assay submit r --dry-run 2>/dev/null | sed -n \"s/.*--job-name=\\([^ ]*-$s\\) .*/\\1/p\"); "
    "echo \"7$s|7$s|$name|PENDING|0:00|Priority\"; done > q; mv q queue";

const std::vector<Scene> scenes = {
    {"apps/assay/ask.cpp", "assay tell * * ...", "assay ask hand.toml", "", 0, {{"score=...", "score=0.5"}}},
    {"apps/assay/ask.cpp", "search-driver *", "assay ask r", make},
    {"apps/assay/ask.cpp", "assay trials * --sort *", "assay ask h", told},
    {"apps/assay/ask.cpp", "analyze *", "assay ask h", told},
    {"pipeline/steering.cpp", "assay set * *", "for i in 1 2 3; do assay add h training.x=0.$i; done", asked},
    {"pipeline/steering.cpp", "* * --force", "assay set r baseline.max_failed=3", make},
    {"apps/assay/ask.cpp", "assay ask * --reopen", "assay ask h",
     asked + "assay tell h 0 score=0.5; assay stop h --close"},
    {"pipeline/reopen.cpp",
     "assay set * search.max_device_hours=...",
     "assay set r search.max_trials=9",
     make + " --set search.max_device_hours=1e-12",
     0,
     {{"search.max_device_hours=...", "search.max_device_hours=1"}}},
    {"cli/stage.cpp", "assay stop * --lift", "baseline-train r -q 2>&1; baseline-train r",
     "split-data r --config 'a run.toml' -q; assay stop r"},
    {"apps/assay/set.cpp", "assay scale * *", "assay set r search.parallel=2", until_search, 0, {}, "", true},
    {"apps/assay/cancel.cpp", "assay cancel * ...", "assay cancel r search", queued, 0, {}, "", true},
    {"apps/assay/cancel.cpp", "assay submit *", "assay cancel r", queued, 0, {}, "", true},
    {"apps/assay/check.cpp", "assay ask *", "assay check hand.toml"},
    {"apps/assay/check.cpp", "assay plan *", "assay check 'a run.toml'"},
    {"apps/assay/check.cpp", "assay run *", "assay check 'a run.toml'"},
    {"pipeline/conclusion.cpp", "assay trials *", "assay tell h 0 --failed why", asked},
    {"pipeline/conclusion.cpp",
     "assay tell * N *",
     "assay run hand.toml",
     "",
     0,
     {{"N", "0"}, {"score=...", "score=0.5"}},
     "assay ask hand.toml"},
    {"apps/assay/new.cpp", "assay check *", "assay new 'my new.toml'", "", 0, {}, "cp hand.toml 'my new.toml'"},
    {"apps/assay/run.cpp",
     "assay run *",
     "HANG=search timeout -s TERM 10 assay run 'a run.toml'",
     "",
     0,
     {},
     "touch quick"},
    {"apps/assay/pack.cpp", "assay run *", "assay pack r r.tar.gz", make},
    {"apps/assay/site.cpp", "assay site --write", "assay site", "", 0, {}, "", true},
    {"apps/assay/stop.cpp", "assay stop * --stage *", "assay stop r --close --stage baseline",
     "split-data r --config 'a run.toml' -q; HANG=baseline timeout -s INT 3 baseline-train r -q"},
    {"apps/assay/stop.cpp", "assay drop * * ...", "assay stop h --close", asked},
    {"pipeline/stop_request.cpp", "assay stop * --lift", "assay stop h", asked},
    {"pipeline/stop_request.cpp", "assay run *", "assay stop r",
     until_search + "HANG=search timeout -s INT 3 search-driver r -q"},
    {"pipeline/stop_request.cpp",
     "assay submit *",
     "assay stop r",
     until_search + "HANG=search timeout -s INT 3 search-driver r -q",
     0,
     {},
     "",
     true},
    {"apps/assay/submit.cpp", "assay status *", "assay submit 'a run.toml'", "", 0, {}, "", true},
    {"apps/assay/tell.cpp", "assay trial * *", "assay tell h 0 score=1", asked + "assay tell h 0 score=0.5"},
    {"apps/assay/tell.cpp", "assay drop * *", "assay tell r 0 score=1",
     until_search + "HANG=search timeout -s KILL 3 search-driver r -q"},
    {"apps/assay/trial.cpp", "assay reproduce * * ...", "assay trial r 0", make},
    {"apps/full_train_topk.cpp", "assay trials * --stage full",
     "FAIL=full assay run 'a run.toml' -q; cat runs/*/jobs/logs/full*"},
    {"apps/search_driver.cpp", "assay trials * --state failed", "FAIL=search search-driver r", until_search},
    {"cli/stage.cpp", "* * --config *", "split-data 'a run.toml'"},
    {"cli/stage.cpp", "sbatch * * --force", "SLURM_ARRAY_TASK_ID=1 search-driver r --force", make, 0, {}, "", true},
    {"cli/stage.cpp", "assay ask *", "search-driver h --dry-run", hand},
    {"cli/stage.cpp", "assay tell * N *", "search-driver h", asked, 0, {{"N", "0"}, {"score=...", "score=0.5"}}},
    {"config/config.cpp", "assay new *", "assay run r --config 'no such.toml'"},
    {"data/split.cpp", "split-data * --force", "baseline-train t -q",
     "split-data t --config tiny.toml -q; echo 3 > t/split/train.idx"},
    {"launch/cancel.cpp", "assay stop *", "A=$(command -v assay); PATH=/nowhere $A cancel r",
     "split-data r --config 'a run.toml' -q"},
    {"launch/site.cpp", "assay site *", "assay plan 'a run.toml' --site 'no such site.toml'", "", 0, {}, "", true},
    {"launch/submit.cpp", "assay site --write", "assay submit 'a run.toml' --dry-run", "", 0, {}, "", true},
    {"launch/submit.cpp", "assay run *",
     "A=$(command -v assay); : > site.toml; PATH=/nowhere $A submit 'a run.toml' --site site.toml"},
    {"report/document.cpp", "* *",
     "analyze r -q; grep -oh 'To make it: baseline[^\"]*' r/report/index.html | head -1 | sed 's/\\\\\\\\/\\\\/g'",
     "split-data r --config 'a run.toml' -q"},
    {"run/differences.cpp", "assay set * ...", make,
     make + "; sed -i 's/0.0, 1.0/0.0, 2.0/; s/seeds = 2/seeds = 1/' 'a run.toml'"},
    {"run/differences.cpp", "assay set * ...", "assay ask hand.toml --run h",
     "{ cat hand.toml; printf '[[constraint]]\nrequire = \"x <= 0.9\"\n'; } > limited.toml; assay ask limited.toml "
     "--run h; "
     "assay tell h 0 score=0.5"},
    {"run/differences.cpp", "assay * * --run * ...", "assay run r --config 'a run.toml' -q --set \"run.name=it's\"",
     make + "; sed -i 's/0.0, 1.0/0.0, 2.0/' 'a run.toml'"},
    {"run/program.cpp", "* * --force", "search-driver r -q",
     until_search + "HANG=search timeout -s INT 3 search-driver r -q; touch quick; echo >> train.sh"},
    {"run/remedy.cpp", "* *", "search-driver r", "split-data r --config 'a run.toml' -q; baseline-train r -q"},
    {"run/remedy.cpp", "assay run *", "full-train-topk r", "split-data r --config 'a run.toml' -q"},
    {"run/remedy.cpp", "assay ask *", "search-driver h", hand},
    {"run/remedy.cpp", "assay ask * --run *", "assay run hand.toml"},
    {"run/remedy.cpp", "assay retry * --failed ...", "FAIL=baseline assay run 'a run.toml' -q"},
    {"run/remedy.cpp", "assay set * *", "assay run r --set full.gpus_per_trial=4000",
     "split-data r --config 'a run.toml' --set full.gpus_per_trial=4000 -q"},
    {"run/status.cpp", "assay run *", "search-driver r", "split-data r --config 'a run.toml' -q"},
};

const std::vector<Exception> exceptions = {
    {"exchange/columns.cpp", "--map *", "an option for the command that failed: dialects_test.cpp tries each"},
    {"exchange/importer.cpp", "--map *", "an option for the command that failed: dialects_test.cpp tries each"},
    {"pipeline/intake.cpp", "assay set * *",
     "two writers race for the last numbers; steering.cpp's has the same words"},
    {"apps/assay/add.cpp", "assay set * *", "two writers race for the last numbers; steering.cpp's has the same words"},
    {"apps/assay/retry.cpp", "assay set * *",
     "two writers race for the last numbers; steering.cpp's has the same words"},
    {"study/study.cpp", "assay trial * * --stage *", "two writers race for one trial; tell.cpp's has the same words"},
    {"apps/assay/cancel.cpp", "...", "the scancel lines themselves: tests/slurm runs them on a cluster"},
    {"cli/completion.cpp", "assay ...", "no message: a line of the script that bash reads"},
    {"launch/slurm.cpp", "...", "no message: a line of the jobs' own settings"},
    {"launch/submit.cpp", "...", "the sbatch lines themselves: tests/slurm runs them on a cluster"},
    {"report/document.cpp", "cp * again.toml", "a recipe of the report, for the project's folder"},
    {"report/document.cpp", "* ...", "a recipe of the report, for the project's folder"},
};

std::vector<Proposed> covered() {
  std::vector<Proposed> all;
  for (const auto& scene : scenes) all.push_back({scene.file, scene.pattern});
  for (const auto& one : exceptions) all.push_back({one.file, one.pattern});
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// Brings the message about and runs what it proposes.
void play(const Scene& scene) {
  Desk desk;
  INFO(scene.file << ": " << scene.pattern);
  if (!scene.before.empty()) desk(scene.before, scene.cluster);
  const auto said = desk(scene.say, scene.cluster);
  std::string proposed;
  for (const auto& command : commands_in(said.out + said.error)) {
    if (matches(scene.pattern, shell_words(command))) proposed = command;
  }
  INFO("it said: " << said.out << said.error);
  REQUIRE_FALSE(proposed.empty());
  if (!scene.fill.empty()) {
    auto words = shell_words(proposed);
    for (auto& word : words) {
      if (const auto found = scene.fill.find(word); found != scene.fill.end()) word = found->second;
    }
    proposed = base::command(words);
  }
  if (!scene.between.empty()) desk(scene.between, scene.cluster);
  const auto done = desk(proposed, scene.cluster);
  INFO("`" << proposed << "` ended with " << done.code << ": " << done.out << done.error);
  CHECK(done.code == scene.code);
}

}  // namespace

TEST_CASE("every proposed command has a scene that brings it about") {
  auto there = proposed_commands();
  there.erase(std::unique(there.begin(), there.end()), there.end());
  const auto here = covered();
  for (const auto& one : there) {
    INFO(one.file << ": " << one.pattern << " has no scene");
    CHECK(std::find(here.begin(), here.end(), one) != here.end());
  }
  for (const auto& one : here) {
    INFO(one.file << ": " << one.pattern << " is nowhere in the sources");
    CHECK(std::find(there.begin(), there.end(), one) != there.end());
  }
}

TEST_CASE("no message writes a command by itself") {
  const std::string programs = "split-data|baseline-train|proxy-select|search-driver|full-train-topk|analyze|sbatch";
  // With arguments, or between backticks, where a person takes it for a command.
  const std::regex command("(^|[^a-z.])(assay [a-z]+|" + programs + R"() (\{|%s|--|RUN)|`(assay|)" + programs +
                           ")[ `]");
  const std::regex executable(R"(executable\([^()]*\)(\.c_str\(\))?,\s*[a-z_.>-]*folder)");
  const std::map<std::string, std::string> allowed = {
      {"add RUN", "the help of a verb, RUN stands for any"},
      {"pack RUN", "the help of a verb, RUN stands for any"},
      {"retry RUN", "the help of a verb, RUN stands for any"},
      {"set RUN", "the help of a verb, RUN stands for any"},
      {"scale RUN", "the help of a verb, RUN stands for any"},
      {"tell RUN", "the help of a verb, RUN stands for any"},
      {"`assay set` changes it", "a comment in every run.toml: no message"},
      {"Printed by `assay new --keys`", "a line of configs/keys.md: no message"},
      {" by `assay set`: see changes.log", "a comment in every run.toml: no message"},
      {"Made by `assay submit`", "a comment in a file of the jobs: no message"},
      {"; `assay trials ", "looks for the words of a message"},
  };
  for (const auto& file : source_files()) {
    const auto text = os::read_file(file);
    for (const auto& literal : literals_of(text)) {
      if (!std::regex_search(literal, command)) continue;
      const bool known = std::any_of(allowed.begin(), allowed.end(),
                                     [&](const auto& one) { return literal.find(one.first) != std::string::npos; });
      INFO(short_name(file) << ": \"" << literal << "\" should be built by base::proposal");
      CHECK(known);
    }
    for (auto it = std::sregex_iterator(text.begin(), text.end(), executable); it != std::sregex_iterator(); ++it) {
      const auto before = text.substr(0, static_cast<std::size_t>(it->position()));
      const auto open = before.find_last_of('{'), close = before.find_last_of(';');
      INFO(short_name(file) << ": " << it->str() << " should be built by base::proposal");
      CHECK((open != std::string::npos && (close == std::string::npos || open > close)));
    }
  }
}

TEST_CASE("proposed commands can be pasted and do what the message says", "[slow]") {
  if (!built("search-driver") || !built("full-train-topk")) SKIP("the executables are not built");
  for (const auto& scene : scenes) {
    DYNAMIC_SECTION(scene.file << ": " << scene.pattern) { play(scene); }
  }
}
