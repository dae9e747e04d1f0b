#include "cli/stage.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>
#include <map>

#include "os/file.hpp"
#include "run/scratch.hpp"

using namespace assay;
using base::Exit;
using Catch::Matchers::ContainsSubstring;
using run::Stage;

namespace {

/// A run folder and calls of stages with recipes of the test.
struct Fixture {
  tests::Scratch scratch;
  std::string folder = (scratch / "run").string();
  std::string file = scratch.write("c.toml", "[run]\nname = \"t\"\n").string();
  int calls = 0;

  int call(Stage stage, std::vector<std::string> arguments, const std::function<Exit(cli::StageContext&)>& recipe = {},
           const std::function<int(int)>& agree = {}) {
    arguments.insert(arguments.begin(), {"stage"});
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    return cli::run_stage(
        static_cast<int>(argv.size()), argv.data(), stage, "a test",
        [&](cli::StageContext& context) {
          ++calls;
          return recipe ? recipe(context) : context.finish(stage, {{"train", 1}}, "line");
        },
        agree);
  }
  base::Json error(Stage stage) const {
    return base::Json::parse(os::read_file(std::filesystem::path(folder) / to_string(stage) / "error.json"));
  }
};

/// Variables as Slurm sets them for a job, for as long as this object lives.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) {
      ::setenv(name.c_str(), value.c_str(), 1);
      names_.push_back(name);
    }
  }
  ~Environment() {
    for (const auto& name : names_) ::unsetenv(name.c_str());
  }
  Environment(const Environment&) = delete;             // owns variables
  Environment& operator=(const Environment&) = delete;  // owns variables

 private:
  std::vector<std::string> names_;
};

}  // namespace

TEST_CASE("a stage runs once; again it says so; --force makes it again") {
  Fixture f;
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file}) == 0);
  CHECK(f.calls == 1);
  CHECK(f.call(Stage::split, {f.folder}) == 0);
  CHECK(f.calls == 1);
  CHECK(f.call(Stage::split, {f.folder, "--force", "-q"}) == 0);
  CHECK(f.calls == 2);
  CHECK(os::file_size(f.folder + "/split.1/done.json"));
}

TEST_CASE("--force counts for the first start of a job only, and not for arrays") {
  Fixture f;
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file}) == 0);
  {
    const Environment requeued({{"SLURM_JOB_ID", "7"}, {"SLURM_RESTART_COUNT", "2"}});
    CHECK(f.call(Stage::split, {f.folder, "--force", "-q"}) == 0);
    CHECK(f.calls == 1);
    CHECK_FALSE(std::filesystem::exists(f.folder + "/split.1"));
  }
  {
    const Environment array({{"SLURM_ARRAY_TASK_ID", "3"}, {"SLURM_ARRAY_TASK_COUNT", "4"}});
    CHECK(f.call(Stage::split, {f.folder, "--force"}) == 64);
    CHECK(f.calls == 1);
    CHECK_FALSE(os::file_size(f.folder + "/split/error.json"));
    CHECK(f.call(Stage::split, {f.folder}) == 0);
  }
  {
    const Environment array_of_one(
        {{"SLURM_ARRAY_TASK_ID", "0"}, {"SLURM_ARRAY_TASK_COUNT", "1"}, {"SLURM_RESTART_COUNT", "0"}});
    CHECK(f.call(Stage::split, {f.folder, "--force", "-q"}) == 0);
    CHECK(f.calls == 2);
    CHECK(os::file_size(f.folder + "/split.1/done.json"));
  }
}

TEST_CASE("a start that is refused leaves no mark on a stage that runs or is done") {
  Fixture f;
  const auto error = f.folder + "/split/error.json";
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file}, [](cli::StageContext&) { return Exit::again; }) == 75);
  CHECK(f.call(Stage::split, {f.folder, "--set", "split.share=0.3"}) == 64);
  CHECK(f.call(Stage::split, {f.folder, "--set", "no.such=1"}) == 64);
  CHECK_FALSE(os::file_size(error));
  CHECK(f.call(Stage::split, {f.folder}) == 0);
  CHECK(f.call(Stage::split, {f.folder, "--set", "split.share=0.3"}) == 64);
  CHECK_FALSE(os::file_size(error));
  CHECK(f.call(Stage::search, {f.folder, "--dry-run"}) == 69);
  CHECK_FALSE(std::filesystem::exists(f.folder + "/search"));
  CHECK(f.call(Stage::search, {f.folder}) == 69);  // nothing of the search is there: this is all there is to tell
  CHECK(f.error(Stage::search).at("kind") == "upstream");
}

TEST_CASE("a stale stage is set aside and made again, but only when the stages before it are there") {
  Fixture f;
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file}) == 0);
  CHECK(f.call(Stage::baseline, {f.folder}) == 0);
  run::set_keys(f.folder, {"split.share=0.2"});
  CHECK(f.call(Stage::baseline, {f.folder}) == 69);
  CHECK_FALSE(os::file_size(f.folder + "/baseline.1/done.json"));
  CHECK(f.call(Stage::split, {f.folder}) == 0);
  CHECK(os::file_size(f.folder + "/split.1/done.json"));
  CHECK(f.call(Stage::baseline, {f.folder}) == 0);  // the split came out equal: the baseline is valid
  CHECK(f.calls == 3);
  run::set_keys(f.folder, {"training.lr=0.3"});
  CHECK(f.call(Stage::baseline, {f.folder}) == 0);
  CHECK(os::file_size(f.folder + "/baseline.1/done.json"));
  CHECK(f.calls == 4);
}

TEST_CASE("every exception becomes its exit code and error.json") {
  Fixture f;
  const auto with = [&](const std::function<Exit(cli::StageContext&)>& recipe) {
    return f.call(Stage::split, {f.folder, "--config", f.file}, recipe);
  };
  CHECK(with([](cli::StageContext&) -> Exit { base::fail(Exit::data, "row 7 of x.csv is torn"); }) == 65);
  CHECK(f.error(Stage::split).at("kind") == "data");
  CHECK(f.error(Stage::split).at("message") == "row 7 of x.csv is torn");
  CHECK(f.error(Stage::split).at("rank") == 0);
  CHECK(with([](cli::StageContext&) -> Exit { throw std::logic_error("oops"); }) == 70);
  CHECK(f.error(Stage::split).at("kind") == "defect");
  CHECK(with([](cli::StageContext&) -> Exit { throw std::bad_alloc(); }) == 74);
  CHECK(with([](cli::StageContext&) { return Exit::again; }) == 75);
  CHECK_FALSE(os::file_size(f.folder + "/split/error.json"));
  CHECK(with([](cli::StageContext& context) { return context.finish(Stage::split, {{"x", 1}}, "", true); }) == 3);
  CHECK(f.call(Stage::split, {f.folder}) == 3);
  const auto misspelt = f.scratch.write("bad.toml", "[search]\nmax_trails = 3\n").string();
  CHECK(f.call(Stage::search, {f.folder, "--config", misspelt}) == 64);
  CHECK(f.error(Stage::search).at("line") == 2);
  CHECK(f.error(Stage::search).at("column") == 1);
  CHECK(f.error(Stage::search).at("nearest") == "search.max_trials");
}

TEST_CASE("the ranks of a launch take rank 0's decision, whatever they see themselves") {
  Fixture f;
  const auto as_rank = [&](const char* rank, Stage stage, std::vector<std::string> arguments, int& said, int answer) {
    ::setenv("OMPI_COMM_WORLD_RANK", rank, 1);
    ::setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
    const int code = f.call(
        stage, std::move(arguments), [](cli::StageContext&) { return Exit::done; },
        [&](int mine) {
          said = mine;
          return rank[0] == '0' ? mine : answer;
        });
    ::unsetenv("OMPI_COMM_WORLD_RANK");
    ::unsetenv("OMPI_COMM_WORLD_SIZE");
    return code;
  };
  constexpr int go_on = -1;
  int said = 99;
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file}) == 0);
  CHECK(f.calls == 1);
  SECTION("done for rank 0: both end, and rank 0 tells so") {
    CHECK(as_rank("0", Stage::split, {f.folder}, said, go_on) == 0);
    CHECK(said == 0);
    CHECK(as_rank("1", Stage::split, {f.folder}, said, 0) == 0);
    CHECK(f.calls == 1);
  }
  SECTION("rank 1 sees it done already, or its inputs missing, but goes on as rank 0 does") {
    CHECK(as_rank("1", Stage::split, {f.folder}, said, go_on) == 0);
    CHECK(f.calls == 2);
    CHECK(as_rank("1", Stage::search, {f.folder}, said, go_on) == 0);
    CHECK(f.calls == 3);
  }
  SECTION("rank 0 fails: the others get its exit code and do not wait") {
    CHECK(as_rank("0", Stage::search, {f.folder}, said, go_on) == 69);
    CHECK(said == 69);
    CHECK(as_rank("1", Stage::search, {f.folder}, said, 69) == 69);
    CHECK(f.calls == 1);
  }
}

TEST_CASE("usage errors") {
  Fixture f;
  CHECK(f.call(Stage::split, {}) == 64);
  CHECK(f.call(Stage::split, {f.folder}) == 64);  // neither run nor configuration
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file, "--device", "tpu"}) == 64);
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file, "--threads", "-1"}) == 64);
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file, "--time-budget", "soon"}) == 64);
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file, "--no-such"}) == 64);
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file, "--set", "training.ler=1"}) == 64);
  CHECK(f.call(Stage::split, {f.folder, "--config", "/no/such.toml"}) == 64);
  CHECK(f.call(Stage::split, {"--help"}) == 0);
  CHECK(f.call(Stage::split, {"--version"}) == 0);
  CHECK(f.calls == 0);
}

TEST_CASE("options reach the recipe") {
  Fixture f;
  CHECK(f.call(Stage::split,
               {f.folder, "--config", f.file, "--set", "split.share=0.2", "--set", "search.max_trials=7", "--seed", "9",
                "--threads", "3", "--time-budget", "2m", "--device", "cpu"},
               [](cli::StageContext& context) {
                 CHECK(context.options.threads == 3);
                 CHECK(context.options.time_budget == 120);
                 CHECK(context.options.device == "cpu");
                 CHECK(context.run.seed() == 9);
                 CHECK(context.run.config().number("split.share") == 0.2);
                 CHECK(context.run.config().integer("search.max_trials") == 7);
                 return Exit::again;
               }) == 75);
}

TEST_CASE("a dry run founds and changes nothing") {
  Fixture f;
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file, "--dry-run"}) == 0);
  CHECK_FALSE(std::filesystem::exists(f.folder));
  CHECK(f.call(Stage::split, {f.folder, "--config", f.file}) == 0);
  CHECK(f.call(Stage::split, {f.folder, "--dry-run", "--force"}) == 0);
  CHECK(f.call(Stage::search, {f.folder, "--dry-run"}) == 69);
  CHECK(f.calls == 1);
}

TEST_CASE("a read-only place is named, exit code 74") {
  Fixture f;
  CHECK(f.call(Stage::split, {"/proc/assay-run", "--config", f.file}) == 74);
  CHECK(f.calls == 0);
}
