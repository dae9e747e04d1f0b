// The ordinary next step of a person: the fixed trainer, the moved project, the edited configuration, the second look.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>

#include "base/json.hpp"
#include "programs.hpp"

using namespace assay;
using namespace assay::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

const std::string good =
    ". \"$ASSAY_SH\"\necho \"{\\\"final\\\": true, \\\"score\\\": $training_x}\" >> \"$ASSAY_METRICS\"\n";

std::string configuration(const std::string& more = "") {
  return "[params.training]\nx = { float = [0.0, 1.0] }\n[objectives]\nscore = { goal = \"max\" }\n[proxy]\nreference "
         "= 0\n"
         "[search]\nalgorithm = \"random\"\nmax_trials = 2\nparallel = 1\n[full]\ntop_k = 1\nseeds = 2\nbaseline = "
         "false\n"
         "[trial]\ncommand = [\"sh\", \"train.sh\"]\n" +
         more;
}

/// A project in a folder of its own: c.toml, train.sh, and runs.
struct Project {
  Scratch scratch;
  fs::path folder = scratch / "it's mine";

  Project() { fs::create_directories(folder); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder / name).parent_path());
    os::publish(folder / name, text);
  }
  std::string read(const std::string& name) const { return os::try_read_file(folder / name).value_or(""); }
  Said operator()(const std::vector<std::string>& words,
                  const std::map<std::string, std::string>& environment = {}) const {
    std::vector<std::string> all = {"env", "-C", folder.string()};
    for (const auto& word : words) all.push_back(word);
    if (built(words.front())) all[3] = (fs::path(ASSAY_BIN) / words.front()).string();
    return run_program(scratch, all, environment);
  }
  /// The stages before the search, with a trainer that works, in the run folder r.
  void make_until_search() const;
  Said run(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"assay", "run", "c.toml", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return (*this)(words);
  }
};

/// Fails in one stage; "fixed" by writing `good`.
std::string failing(const std::string& stage) { return "[ \"$ASSAY_STAGE\" != " + stage + " ] || exit 1\n" + good; }

void Project::make_until_search() const {
  write("c.toml", configuration());
  write("train.sh", good);
  for (const auto* stage : {"split-data", "baseline-train", "proxy-select"})
    REQUIRE((*this)({stage, "r", "--config", "c.toml", "-q"}).code == 0);
}

bool ready() { return built("assay") && built("baseline-train") && built("full-train-topk"); }

}  // namespace

TEST_CASE("after a failed first run and a fixed trainer the same command measures again") {
  if (!ready()) SKIP("the executables are not built");
  const auto stage = GENERATE(std::string("baseline"), std::string("search"), std::string("full"));
  CAPTURE(stage);
  Project project;
  project.write("c.toml", configuration());
  project.write("train.sh", failing(stage));
  const auto first = project.run();
  CHECK(first.code != 0);
  const auto retry = "--failed" + (stage == "search" ? "" : " --stage " + stage);
  CHECK_THAT(first.error + first.out + project.read("runs/c/" + stage + "/error.json"), ContainsSubstring(retry));

  // Nothing has changed: the old failure is told, with the way to measure it again, and nothing is thrown away.
  const auto same = project.run();
  CHECK(same.code == first.code);
  CHECK_FALSE(fs::exists(project.folder / "runs/c" / (stage + ".1")));

  project.write("train.sh", good);
  const auto fixed = project.run();
  INFO(fixed.out << fixed.error);
  CHECK(fixed.code == 0);
  CHECK(fs::exists(project.folder / "runs/c" / (stage + ".1")));
  CHECK(os::file_size(project.folder / "runs/c/full/done.json"));
  CHECK(project.run().code == 0);  // and once only
  CHECK_FALSE(fs::exists(project.folder / "runs/c" / (stage + ".2")));
}

TEST_CASE("a finalist that failed is measured again by a changed trainer, the others keep their results") {
  if (!ready()) SKIP("the executables are not built");
  Project project;
  project.write("c.toml", configuration());
  project.write("train.sh", "[ \"$ASSAY_STAGE$ASSAY_TRIAL\" != full1 ] || exit 1\n" + good);
  const auto first = project.run();
  CHECK(first.code == 3);
  CHECK_THAT(project.run().out, ContainsSubstring("--failed --stage full"));
  project.write("train.sh", good);
  CHECK(project.run().code == 0);
  const auto trials = base::Json::parse(project({"assay", "trials", "runs/c", "--stage", "full", "--json"}).out);
  REQUIRE(trials.size() == 2);
  const auto kept = base::Json::parse(project({"assay", "trial", "runs/c", "0", "--stage", "full", "--json"}).out);
  CHECK(kept["tags"].value("measured_in", "") == "full.1");
}

TEST_CASE("what is no part of the program is not retried") {
  if (!ready()) SKIP("the executables are not built");
  Project project;
  SECTION("a file that the trainer writes itself") {
    project.write("log.txt", "");
    project.write("c.toml", configuration() + "");
    project.write("train.sh", "echo again >> \"$1\"\nexit 1\n");
    auto text = configuration();
    text.replace(text.find("\"train.sh\""), 10, "\"train.sh\", \"log.txt\"");
    project.write("c.toml", text);
  }
  SECTION("a module beside the trainer") {
    project.write("c.toml", configuration());
    project.write("train.sh", ". \"$(dirname \"$0\")/part.sh\"\n");
    project.write("part.sh", "exit 1\n");
  }
  CHECK(project.run().code == 64);
  project.write("part.sh", good);
  const auto again = project.run();
  CHECK(again.code == 64);
  CHECK_FALSE(fs::exists(project.folder / "runs/c/baseline.1"));
  CHECK_THAT(again.out + again.error,
             ContainsSubstring("assay retry") && ContainsSubstring("--failed --stage baseline"));
}

TEST_CASE("a trainer that changes in the middle of a search makes nothing stale, and a warning says so") {
  if (!ready()) SKIP("the executables are not built");
  Project project;
  project.make_until_search();
  project.write("train.sh", good + "[ $ASSAY_TRIAL != 0 ] || echo '# later' >> \"$0\"\n");
  const auto search = project({"search-driver", "r"});
  INFO(search.out << search.error);
  CHECK(search.code == 0);
  CHECK_THAT(search.error, ContainsSubstring("of two programs"));
  project.write("train.sh", good + "# another\n");
  const auto status = project({"assay", "status", "r"}).out;
  CHECK_THAT(status, !ContainsSubstring("stale"));
  const auto full = project({"full-train-topk", "r"});
  CHECK(full.code == 0);
  CHECK_THAT(full.error,
             ContainsSubstring("train.sh has changed since the search stage began") && ContainsSubstring("--force"));
}

TEST_CASE("the same program at another place is the same program") {
  if (!ready()) SKIP("the executables are not built");
  Project project;
  project.make_until_search();
  // As on another machine: everything lies elsewhere.
  const auto moved = project.scratch / "else where";
  fs::rename(project.folder, moved);
  project.folder = moved;
  CHECK(project({"search-driver", "r", "-q"}).code == 64);  // it names the file that is missing
  const auto search = project({"search-driver", "r", "--config", "c.toml"});
  INFO(search.out << search.error);
  CHECK(search.code == 0);
  CHECK(project({"assay", "run", "r", "-q"}).code == 0);
  CHECK_FALSE(fs::exists(moved / "r/baseline.1"));

  project.write("train.sh", good + "# another\n");
  fs::rename(moved, project.scratch / "third");
  project.folder = project.scratch / "third";
  const auto other = project({"assay", "run", "r", "--config", "c.toml"});
  CHECK(other.code == 64);
  CHECK_THAT(other.error, ContainsSubstring("trial.command is"));
}

TEST_CASE("a script that is not there is refused before anything is created") {
  if (!ready()) SKIP("the executables are not built");
  Project project;
  project.write("c.toml", configuration());
  const auto said = project.run();
  CHECK(said.code == 64);
  CHECK_THAT(said.error, ContainsSubstring("there is no file train.sh"));
  CHECK_FALSE(fs::exists(project.folder / "runs"));
  project.write("train.sh", good);
  CHECK(project.run().code == 0);
}

TEST_CASE("run folders of versions without hashes are resumed") {
  if (!ready()) SKIP("the executables are not built");
  Project project;
  project.write("c.toml", configuration());
  project.write("train.sh", good);
  for (const auto* stage : {"split-data", "baseline-train"})
    REQUIRE(project({stage, "r", "--config", "c.toml", "-q"}).code == 0);
  for (const auto* stage : {"split", "baseline"}) {
    auto begun = base::Json::parse(project.read("r/" + std::string(stage) + "/begun.json"));
    begun.erase("program");
    project.write("r/" + std::string(stage) + "/begun.json", begun.dump());
  }
  project.write("train.sh", good + "# another\n");
  CHECK(project({"assay", "run", "r", "--config", "c.toml", "-q"}).code == 0);
  CHECK_FALSE(fs::exists(project.folder / "r/baseline.1"));
}

TEST_CASE("the run folder is named by [run] name") {
  if (!built("assay")) SKIP("the executables are not built");
  Project project;
  project.write("train.sh", good);
  const auto folder_of = [&](const std::string& head, const std::vector<std::string>& more = {}) {
    project.write("c.toml", head + configuration());
    std::vector<std::string> words = {"assay", "submit", "c.toml", "--dry-run"};
    words.insert(words.end(), more.begin(), more.end());
    const auto said = project(words);
    INFO(said.out << said.error);
    const auto at = said.out.find("search-driver.sbatch ");
    REQUIRE(at != std::string::npos);
    const auto rest = said.out.substr(at + 21, said.out.find('\n', at) - at - 21);
    return rest.substr(rest.find_last_of('/') + 1);
  };
  CHECK(folder_of("") == "c'");
  CHECK(folder_of("[run]\nname = \"digits\"\n") == "digits'");
  CHECK(folder_of("[run]\nname = \"digits\"\n", {"--set", "run.name=other"}) == "other'");
  CHECK(folder_of("[run]\nname = \"a/b\"\n") == "a-b'");
  CHECK(folder_of("[run]\nname = \"..\"\n") == "c'");
  SECTION("a run that an earlier version named after the file is found") {
    project.write("c.toml", "[run]\nname = \"digits\"\n" + configuration());
    REQUIRE(project({"split-data", "runs/c", "--config", "c.toml", "-q"}).code == 0);
    CHECK(folder_of("[run]\nname = \"digits\"\n") == "c'");
    CHECK(folder_of("[run]\nname = \"second\"\n") == "second'");  // another run, by its name
  }
}

TEST_CASE("the shipped configurations are run where their names say") {
  if (!built("assay")) SKIP("the executables are not built");
  const Scratch scratch;
  for (const auto& [file, folder] : std::map<std::string, std::string>{{"quickstart.toml", "runs/digits"},
                                                                       {"fashion-mnist.toml", "runs/fashion-mnist"}}) {
    const auto path = fs::path(ASSAY_SOURCE_DIR) / "configs" / file;
    const auto said = run_program(scratch, {"assay", "submit", path.string(), "--dry-run"});
    CHECK_THAT(said.out, ContainsSubstring(folder));
    const auto readme = os::read_file(fs::path(ASSAY_SOURCE_DIR) / (file[0] == 'q' ? "slurm/README.md" : "README.md"));
    CHECK_THAT(readme, ContainsSubstring(folder));
  }
}

TEST_CASE("all keys that differ are listed, with both values, where they stand, and the remedies") {
  if (!ready()) SKIP("the executables are not built");
  Project project;
  project.write("c.toml", configuration());
  project.write("train.sh", good);
  REQUIRE(project.run().code == 0);
  auto text = configuration();
  text.replace(text.find("1.0]"), 3, "2.0");
  text.replace(text.find("seeds = 2"), 9, "seeds = 1");
  project.write("c.toml", text + "max_attempts = 5\n");
  const auto said = project.run();
  CHECK(said.code == 64);
  CHECK_THAT(said.error,
             ContainsSubstring("params.training.x.float is [0.0, 1.0] in the run folder, [0.0, 2.0] in c.toml:2:") &&
                 ContainsSubstring("full.seeds is 2 in the run folder, 1 in c.toml:") &&
                 ContainsSubstring("This is another run: `assay run c.toml --run ") && ContainsSubstring("c-2'`") &&
                 ContainsSubstring("`assay set ") &&
                 ContainsSubstring("'params.training.x.float=[0.0, 2.0]' full.seeds=1`") &&
                 !ContainsSubstring("max_attempts"));
  // Where no key makes another run, the run's values stay, and one command changes them all.
  project.write("c.toml", configuration("max_attempts = 5\nlauncher = \"nice\"\n"));
  const auto limits = project.run();
  CHECK(limits.code == 0);
  CHECK_THAT(limits.error, ContainsSubstring("trial.max_attempts=5") &&
                               ContainsSubstring("'trial.launcher=\"nice\"'") && ContainsSubstring("`assay set "));
}

TEST_CASE("what only looks is not refused because of a run folder, and leaves it as it is") {
  if (!ready()) SKIP("the executables are not built");
  Project project;
  project.write("c.toml", configuration());
  project.write("train.sh", good);
  const auto state = GENERATE(as<std::string>{}, "none", "same", "another", "half", "damaged", "a file", "unused");
  CAPTURE(state);
  const auto runs = project.folder / "runs/c";
  if (state == "same" || state == "another") {
    REQUIRE(project({"split-data", "runs/c", "--config", "c.toml", "-q"}).code == 0);
    REQUIRE(project({"baseline-train", "runs/c", "-q"}).code == 0);
  }
  auto text = configuration();
  text.replace(text.find("1.0]"), 3, "2.0");
  if (state == "another") project.write("c.toml", text);
  if (state == "half") os::make_folders(runs / "search/study");
  if (state == "damaged") project.write("runs/c/run.toml", "[run\n");
  if (state == "a file") project.write("runs/c", "no folder");
  if (state == "unused") {
    project.write("runs/c/run.toml", text);
    project.write("runs/c/split/begun.json", "{}");
    project.write("runs/c/split/error.json", "{}");
  }
  const auto listing = [&] {
    std::map<std::string, std::string> all;
    if (!fs::exists(project.folder / "runs")) return all;
    for (const auto& entry : fs::recursive_directory_iterator(project.folder / "runs")) {
      all[entry.path().string()] = entry.is_regular_file() ? os::read_file(entry.path()) : "";
    }
    return all;
  };
  const auto before = listing();
  using Words = std::vector<std::string>;
  for (const auto& words :
       {Words{"assay", "plan", "c.toml"}, Words{"assay", "space", "c.toml"}, Words{"assay", "check", "c.toml"},
        Words{"assay", "simulate", "c.toml", "--workers", "2"}, Words{"assay", "submit", "c.toml", "--dry-run"},
        Words{"split-data", "runs/c", "--config", "c.toml", "--dry-run"},
        Words{"assay", "plan", "runs/c", "--config", "c.toml"}}) {
    if (state == "a file" && words[0] == "split-data") continue;  // its word must be a folder
    const auto said = project(words);
    INFO(words[0] << " " << words[1] << ": " << said.out << said.error);
    CHECK(said.code == 0);
    CHECK(listing() == before);
  }
}
