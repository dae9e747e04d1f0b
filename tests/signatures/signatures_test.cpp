// What every algorithm does with one worker and a fixed seed, as hashes in a committed list: a change of behaviour
// shows here, and the commit that makes it names the lines it changes (README.md).
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

#include "assay/programs.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "search/algorithms.hpp"
#include "study/study.hpp"
#include "trial/signature.hpp"

using namespace assay;
using tests::run_program;
using tests::Scratch;

namespace {

namespace fs = std::filesystem;

using Signatures = std::map<std::string, std::string>;  ///< "asha two" -> hash

const fs::path list = fs::path(ASSAY_SOURCE_DIR) / "tests/signatures/expected.txt";

/// What is judged, and what stands in [search], by the name that the list gives it.
const std::map<std::string, std::string> judged = {
    {"stopped",
     "early_stop = \"median\"\nearly_stop_from = 2\nearly_stop_curves = 3\n[objectives]\naccuracy.goal = \"max\"\n"},
    {"one", "[objectives]\naccuracy.goal = \"max\"\n"},
    {"two", "[objectives]\naccuracy = { goal = \"max\", threshold = 0.8 }\nparameters.goal = \"min\"\n"},
    {"limited",
     "[objectives.reward]\ngoal = \"max\"\nof = \"accuracy\"\n[[reward]]\nmetric = \"parameters\"\ntarget = 4000\nkind "
     "= "
     "\"soft\"\n[[constraint]]\nmetric = \"parameters\"\nat_most = 20000\n[[constraint]]\nmetric = \"accuracy\"\n"
     "at_least = 0.6\nweight = 0.5\n"}};

/// Algorithms that stand for the others where each would cost too much time.
const std::set<std::string, std::less<>> few = {"asha", "evolution", "pbt", "random", "tpe"};

const char* const listed =
    "search.points=[{}, {depth = 1}, {depth = 4, width = 64}, {lr = 0.1}, {width = 16}, {lr = 0.03}]";

std::string table_run(const std::string& objectives) {
  return "[run]\nname = \"signed\"\nseed = 11\n[trial.table]\nfile = \"" ASSAY_SOURCE_DIR
         "/tests/fixtures/trainings.csv\"\nepoch = \"epoch\"\ncost = \"seconds\"\nparams = { depth = \"layers\", width "
         "= "
         "\"w\" }\nmetrics = { accuracy = \"test_acc\", parameters = \"weights\" }\n[params.model]\ndepth = { choice = "
         "[1, 2, 3, 4], default = 2 }\nwidth = { choice = [16, 32, 64], default = 32 }\n[params.training]\nlr = { "
         "choice "
         "= [1e-3, 3e-3, 1e-2, 3e-2, 1e-1], default = 3e-3 }\n[training]\nepochs = 12\n[proxy]\nreference = "
         "4\nagreement "
         "= -1\ncandidate = [ { epochs = 9 } ]\n[search]\nalgorithm = \"random\"\nmax_trials = 30\npopulation = 6\n"
         "econas.cycle = 6\npbt = { population = 6, step = 3 }\nreinforce.batch = 4\nppo = { batch = 4, minibatch = 2 "
         "}\n" +
         objectives;
}

/// Three finalists of an external trainer, for full-train-topk.
const char* const command_run =
    "[run]\nname = \"signed\"\nseed = 11\n[params.training]\nlr = { float = [0.001, 1.0], log = true, default = 0.1 }\n"
    "[params.model]\nwidth = { int = [1, 64], log = true, default = 8 }\n[training]\nepochs = 4\n[trial]\ncommand = "
    "[\"sh\", \"-c\", '''. \"$ASSAY_SH\"; echo \"{\\\"final\\\": true, \\\"score\\\": $model_width, \\\"seed\\\": "
    "$ASSAY_SEED}\" >> \"$ASSAY_METRICS\"''']\n[objectives]\nscore.goal = \"max\"\n[proxy]\nreference = 3\nagreement = "
    "-1\ncandidate = [ { epochs = 2 } ]\n[search]\nalgorithm = \"random\"\nmax_trials = 6\n[full]\ntop_k = 2\nseeds = "
    "2\n";

std::string sign(const Scratch& scratch, const std::string& program, const std::string& run) {
  const auto said = run_program(scratch, {program, run, "--signature", "-q"});
  INFO(program << " " << run << ": " << said.error << said.out);
  REQUIRE(said.code == 0);
  const auto start = said.out.find("signature ");
  REQUIRE(start != std::string::npos);
  return base::split(said.out.substr(start), ' ').at(2);
}

void found(const Scratch& scratch, const std::string& name, const std::string& config) {
  scratch.write(name + ".toml", config);
  const auto said = run_program(scratch, {"split-data", name, "--config", name + ".toml"});
  INFO(said.error);
  REQUIRE(said.code == 0);
}

using Lines = std::vector<std::string>;

/// What a search with one worker did.
struct Course {
  Lines measurements;  ///< by trial and rung: state, epochs, parameters, metrics
  Lines order;         ///< in which they began
};

Course measured(const Scratch& scratch, const std::string& run) {
  study::Reader reader(scratch / (run + "/search"));
  const auto view = reader.refresh();
  return {base::split(trial::signed_text(view, {}), '\n'), trial::sequence(view)};
}

Course simulated(const Scratch& scratch, const std::string& run) {
  const auto said =
      run_program(scratch, {"assay", "simulate", run, "--workers", "1", "--trials", "30", "--list", "--json"});
  INFO(said.error);
  REQUIRE(said.code == 0);
  const auto row = base::Json::parse(said.out).at(0);
  return {row.at("list").get<Lines>(), row.at("order").get<Lines>()};
}

void check_equal(const Lines& is, const Lines& simulated) {
  for (std::size_t i = 0; i < std::max(is.size(), simulated.size()); ++i) {
    INFO("line " << i << " of " << is.size() << " and " << simulated.size());
    REQUIRE((i < is.size() ? is[i] : "nothing more") == (i < simulated.size() ? simulated[i] : "nothing more"));
  }
}

void check_same(const Course& is, const Course& simulated) {
  REQUIRE(!is.order.empty());
  check_equal(is.measurements, simulated.measurements);
  check_equal(is.order, simulated.order);
}

void check_simulated(const Scratch& scratch, const std::string& run) {
  INFO(run);
  check_same(measured(scratch, run), simulated(scratch, run));
}

const char* const elsewhere = "depth,width,lr,test_acc,weights,epochs\n4,64,0.01,0.95,9000,12\n1,16,0.1,0.3,100,12\n";

void run_all(const Scratch& scratch, const std::vector<std::vector<std::string>>& commands) {
  for (const auto& words : commands) {
    const auto said = run_program(scratch, words);
    INFO(base::join(words, " ") << ": " << said.error);
    REQUIRE(said.code == 0);
  }
}

Signatures signatures(const Scratch& scratch) {
  Signatures all;
  found(scratch, "command", command_run);
  for (const std::string stage : {"baseline-train", "proxy-select", "search-driver", "full-train-topk"})
    all[stage + " command"] = sign(scratch, stage, "command");
  for (const auto& [name, objectives] : judged) {
    found(scratch, name, table_run(objectives));
    for (const std::string stage : {"baseline-train", "proxy-select"})
      all[stage + " " + name] = sign(scratch, stage, name);
    for (const auto& algorithm : search::algorithms()) {
      if (name == "stopped" && !few.contains(algorithm.name)) continue;
      const auto run = name + "-" + std::string(algorithm.name);
      fs::copy(scratch / name, scratch / run, fs::copy_options::recursive);
      std::vector<std::string> words{"assay", "set", run, "search.algorithm=" + std::string(algorithm.name)};
      if (algorithm.name == "list") words.emplace_back(listed);
      const auto set = run_program(scratch, words);
      INFO(run << ": " << set.error);
      REQUIRE(set.code == 0);
      all[std::string(algorithm.name) + " " + name] = sign(scratch, "search-driver", run);
      check_simulated(scratch, run);
    }
  }
  // With results from elsewhere and points to be measured first.
  scratch.write("elsewhere.csv", elsewhere);
  for (const auto& algorithm : few) {
    const auto run = algorithm + "-warm";
    found(scratch, run,
          table_run(judged.at("one")) +
              "[[search.import]]\nfile = \"elsewhere.csv\"\nmap = { test_acc = \"accuracy\" }\n");
    const std::vector<std::string> words{"assay", "set", run, "search.algorithm=" + algorithm,
                                         "search.points=[{depth = 1}, {depth = 3, lr = 0.1}]"};
    REQUIRE(run_program(scratch, words).code == 0);
    for (const std::string stage : {"baseline-train", "proxy-select"})
      REQUIRE(run_program(scratch, {stage, run, "-q"}).code == 0);
    all[algorithm + " warm"] = sign(scratch, "search-driver", run);
    check_simulated(scratch, run);
  }
  return all;
}

Signatures committed() {
  Signatures all;
  for (const auto& line : base::split(os::try_read_file(list).value_or(""), '\n')) {
    const auto space = line.rfind(' ');
    if (!line.starts_with("#") && space != std::string::npos) all[line.substr(0, space)] = line.substr(space + 1);
  }
  return all;
}

void commit(const Signatures& signatures) {
  std::string text = "# program or algorithm, what is judged, hash: see README.md\n";
  for (const auto& [name, hash] : signatures) text += name + " " + hash + "\n";
  os::publish(list, text, os::Durable::no, os::Rights::by_umask);
}

}  // namespace

TEST_CASE("the signature of every stage and algorithm is the committed one") {
  if (!tests::built("search-driver") || !tests::built("full-train-topk"))
    SKIP("the stages are not built in " ASSAY_BIN);
  const Scratch scratch;
  const auto now = signatures(scratch);
  if (os::environment("ASSAY_UPDATE_SIGNATURES")) commit(now);
  const auto before = committed();
  for (const auto& [name, hash] : now) {
    INFO("tests/signatures/README.md says what to do with a new hash");
    CHECK((name + " " + hash) == (name + " " + (before.contains(name) ? before.at(name) : "(not in the list)")));
  }
  for (const auto& [name, hash] : before) {
    INFO(name << " is in the list, but nothing has this signature any more");
    CHECK(now.contains(name));
  }
}

TEST_CASE("a simulated search ends by the rules and limits of the search, and takes what is kept for it") {
  if (!tests::built("search-driver")) SKIP("the stages are not built in " ASSAY_BIN);
  const Scratch scratch;
  scratch.write("elsewhere.csv", elsewhere);
  found(scratch, "run", table_run(judged.at("one")));
  run_all(scratch, {{"baseline-train", "run", "-q"}, {"proxy-select", "run", "-q"}});
  const std::map<std::string, std::vector<std::string>> ends = {
      {"target", {"search.stop=[\"target\"]", "objectives.accuracy.target=0.9"}},
      {"device_hours", {"search.max_device_hours=0.05"}}};
  for (const std::string algorithm : {"random", "asha", "pbt"}) {
    auto whole = 0ULL;
    for (const auto& [name, keys] : ends) {
      const auto run = algorithm + "-" + name;
      fs::copy(scratch / "run", scratch / run, fs::copy_options::recursive);
      run_all(scratch, {{"assay", "set", run, "search.algorithm=" + algorithm}});
      if (whole == 0) whole = simulated(scratch, run).order.size();
      std::vector<std::string> set = {"assay", "set", run};
      set.insert(set.end(), keys.begin(), keys.end());
      run_all(scratch, {set, {"search-driver", run, "-q"}});
      check_simulated(scratch, run);
      INFO(run);
      CHECK(measured(scratch, run).order.size() < whole);
    }
  }
  for (const std::string algorithm : {"random", "evolution", "asha"}) {
    const auto run = algorithm + "-kept";
    found(scratch, run, table_run(judged.at("two")));
    run_all(scratch,
            {{"assay", "set", run, "search.algorithm=" + algorithm},
             {"assay", "import", run, "elsewhere.csv", "--map", "test_acc=accuracy", "--map", "weights=parameters"},
             {"assay", "add", run, "depth=3", "lr=0.1"},
             {"baseline-train", run, "-q"},
             {"proxy-select", run, "-q"}});
    const auto before = simulated(scratch, run);
    run_all(scratch, {{"search-driver", run, "-q"}});
    INFO(run);
    check_same(measured(scratch, run), before);
    CHECK(before.order.front() == "2.0");  // after the imported 0 and 1: the point that was added
  }
}

TEST_CASE("more points than simulated trials: the message names the option that helps") {
  if (!tests::built("search-driver")) SKIP("the stages are not built in " ASSAY_BIN);
  const Scratch scratch;
  scratch.write("run.toml", table_run(judged.at("one")));
  const std::vector<std::string> words = {
      "assay", "simulate", "run.toml", "--workers", "1", "--set", "search.points=[{}, {depth = 1}]", "--trials"};
  const auto with = [&](const std::string& trials) {
    auto all = words;
    all.push_back(trials);
    return run_program(scratch, all);
  };
  const auto said = with("1");
  CHECK(said.code == 64);
  CHECK(said.error.find("--trials 2") != std::string::npos);
  CHECK(with("2").code == 0);
}

TEST_CASE("a signature is of one worker on the CPU, the same when asked for again, and after an interruption") {
  if (!tests::built("search-driver")) SKIP("the stages are not built in " ASSAY_BIN);
  const Scratch scratch;
  found(scratch, "run", table_run(judged.at("one")));
  sign(scratch, "baseline-train", "run");
  sign(scratch, "proxy-select", "run");
  for (const auto& wrong : {std::vector<std::string>{"--workers", "2"}, {"--device", "cuda"}}) {
    std::vector<std::string> words = {"search-driver", "run", "--signature"};
    words.insert(words.end(), wrong.begin(), wrong.end());
    CHECK(run_program(scratch, words).code == 64);
  }
  for (const std::string name : {"whole", "cut", "short"})
    fs::copy(scratch / "run", scratch / name, fs::copy_options::recursive);
  const auto whole = sign(scratch, "search-driver", "whole");
  CHECK(sign(scratch, "search-driver", "whole") == whole);

  REQUIRE(run_program(scratch, {"assay", "set", "short", "search.max_trials=7"}).code == 0);
  CHECK(sign(scratch, "search-driver", "short") != whole);

  REQUIRE(run_program(scratch, {"assay", "set", "cut", "trial.table.wait=0.003"}).code == 0);
  const auto cut = run_program(scratch, {"search-driver", "cut", "--time-budget", "1s", "--signature"});
  CHECK((cut.code == 0 || cut.out.empty()));
  REQUIRE(run_program(scratch, {"assay", "set", "cut", "trial.table.wait=0"}).code == 0);
  CHECK(sign(scratch, "search-driver", "cut") == whole);
}
