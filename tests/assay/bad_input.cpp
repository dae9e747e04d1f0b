// Every kind of bad input: exit code, one sentence that names the thing and the remedy, before any training.
#include <catch2/matchers/catch_matchers_string.hpp>

#include "assay/programs.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using tests::Said;
using tests::Scratch;

namespace {

struct Case {
  std::string name;
  std::string config;                 ///< c.toml
  std::vector<std::string> programs;  ///< in order; all but the last must succeed
  int code;
  std::vector<std::string> named;  ///< what the last one's sentence must hold
  std::string train = tests::table(), valid = tests::table(30);
};

std::vector<Case> cases() {
  const auto small = [](const std::string& blocks = "", const std::string& more = "") {
    return tests::small_run(blocks, more);
  };
  const std::string linear = "  { op = \"linear\", width = \"classes\" },\n";
  return {
      {"misspelt key",
       small("", "[search]\nmax_trails = 5\n"),
       {"split-data"},
       64,
       {"c.toml:17:1", "max_trails", "max_trials"}},
      {"wrong type",
       small("", "[search]\nmax_trials = \"many\"\n"),
       {"split-data"},
       64,
       {"c.toml:17:", "search.max_trials", "integer"}},
      {"value out of range",
       small("", "[split]\nshare = 0.9\n"),
       {"split-data"},
       64,
       {"c.toml:17:", "split.share", "0.5"}},
      {"unknown choice",
       small("", "[search]\nalgorithm = \"randon\"\n"),
       {"split-data"},
       64,
       {"search.algorithm", "random"}},
      {"empty choice",
       small("  { op = \"linear\", name = \"hidden\", width.choice = [] },\n" + linear),
       {"split-data"},
       64,
       {"c.toml:10:", "blocks[0].width.choice", "empty choice"}},
      {"torn TOML", "[run\nname = 3\n", {"split-data"}, 64, {"c.toml:1:"}},
      {"a model whose shapes do not fit",
       small("  { op = \"conv\", name = \"stem\", kernel = 3, width = 8 },\n" + linear),
       {"split-data", "baseline-train"},
       64,
       {"stem", "4"}},
      {"unknown operation",
       small("  { op = \"convv\", name = \"stem\", kernel = 3, width = 8 },\n" + linear),
       {"split-data"},
       64,
       {"blocks[0].op", "convv", "\"conv\"?"}},
      {"a metric that nobody measures",
       small("", "[objectives]\nacuracy.goal = \"max\"\n"),
       {"split-data"},
       64,
       {"objectives.acuracy", "does not measure acuracy", "did you mean accuracy"}},
      {"a proxy that is the full training",
       small("", "[proxy]\ncandidate = [ { epochs = 1 }, { epochs = 2 } ]\n"),
       {"split-data"},
       64,
       {"proxy.candidate[1]", "is the full training"}},
      {"a grid that is too large",
       small("",
             "lr.float = [0.1, 0.2]\nweight_decay.float = [0.1, 0.2]\nbeta1.float = [0.8, 0.9]\n"
             "beta2.float = [0.8, 0.9]\nlabel_smoothing.float = [0.0, 0.1]\nclip_norm.float = [1.0, 5.0]\n"
             "momentum.float = [0.5, 0.9]\nwarmup.int = [0, 100]\n[search]\nalgorithm = \"grid\"\n"),
       {"split-data"},
       64,
       {"search.algorithm", "points (5 of each real parameter)", "halving"}},
      {"unknown section", small() + "[data.x]\n", {"split-data"}, 64, {"data.x"}},
      {"wrong checksum",
       small() + "[data.sha256]\n\"train.csv\" = \"" + std::string(64, '0') + "\"\n",
       {"split-data"},
       65,
       {"train.csv", "SHA-256"}},
      {"truncated table", small(), {"split-data"}, 65, {"train.csv"}, tests::table() + "1.0,2.0\n"},
      {"class that the training file does not have",
       small(),
       {"split-data"},
       65,
       {"valid.csv", "class3"},
       tests::table(),
       tests::table(40, 4)},
      {"missing upstream stage", small(), {"baseline-train"}, 69, {"split", "split-data"}},
      {"missing upstream of the search", small(), {"split-data", "search-driver"}, 69, {"proxy", "proxy-select"}},
      {"too many ranks",
       small("", "[full]\ngpus_per_trial = 4096\n"),
       {"assay run"},
       64,
       {"gpus_per_trial = 4096", "this machine has"}},
      {"quota below one trial",
       small("", "[full]\ngpus_per_trial = 4\ngpu_quota = 2\n"),
       {"assay plan"},
       64,
       {"gpu_quota", "gpus_per_trial"}},
  };
}

std::vector<std::string> arguments_of(const std::string& program) {
  if (program.starts_with("assay ")) return {"assay", program.substr(6), "run", "--config", "c.toml"};
  return {program, "run", "--config", "c.toml", "--device", "cpu", "--threads", "1"};
}

bool all_built() {
  for (const auto* program : {"assay", "split-data", "baseline-train", "search-driver"}) {
    if (!tests::built(program)) return false;
  }
  return true;
}

/// One line that says "error: ..." and nothing that looks like a crash.
void check_sentence(const Said& said, const std::vector<std::string>& named) {
  int sentences = 0;
  for (const auto& line : base::split(said.error, '\n')) sentences += line.starts_with("error") ? 1 : 0;
  CHECK(sentences == 1);
  for (const auto& word : named) CHECK_THAT(said.error, ContainsSubstring(word));
  CHECK_THAT(said.error, !ContainsSubstring("defect of ours"));
}

}  // namespace

TEST_CASE("bad input gets its exit code and a sentence") {
  if (!all_built()) SKIP("the executables are not built in " ASSAY_BIN);
  for (const auto& c : cases()) {
    DYNAMIC_SECTION(c.name) {
      Scratch scratch;
      scratch.write("c.toml", c.config);
      scratch.write("train.csv", c.train);
      scratch.write("valid.csv", c.valid);
      for (std::size_t i = 0; i < c.programs.size(); ++i) {
        const auto said = tests::run_program(scratch, arguments_of(c.programs[i]));
        INFO(c.programs[i] << ": " << said.error);
        const bool last = i + 1 == c.programs.size();
        CHECK(said.code == (last ? c.code : 0));
        if (last) check_sentence(said, c.named);
      }
    }
  }
}

TEST_CASE("a missing or truncated data file") {
  if (!all_built()) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("c.toml", tests::small_run());
  auto said = tests::run_program(scratch, {"split-data", "run", "--config", "c.toml"});
  CHECK(said.code == 65);
  check_sentence(said, {"train.csv"});

  // Half of a gzip file.
  const auto source = std::filesystem::path(ASSAY_SOURCE_DIR) / "datasets/optdigits/train.csv.gz";
  if (!std::filesystem::exists(source)) SKIP("datasets/optdigits is missing");
  const auto whole = os::read_file(source);
  scratch.write("train.csv.gz", whole.substr(0, whole.size() / 2));
  scratch.write("valid.csv", tests::table(30));
  said = tests::run_program(scratch, {"split-data", "other", "--config", "c.toml", "--set", "data.train=train.csv.gz"});
  CHECK(said.code == 65);
  check_sentence(said, {"train.csv.gz"});
}

TEST_CASE("a run folder of another configuration") {
  if (!all_built()) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("c.toml", tests::small_run());
  scratch.write("train.csv", tests::table());
  scratch.write("valid.csv", tests::table(30));
  CHECK(tests::run_program(scratch, {"split-data", "run", "--config", "c.toml"}).code == 0);
  const auto said =
      tests::run_program(scratch, {"split-data", "run", "--config", "c.toml", "--set", "training.lr=0.5"});
  CHECK(said.code == 64);
  check_sentence(said, {"created from another configuration", "training.lr", "0.5", "assay set"});
  CHECK(os::file_size(scratch / "run/split/done.json"));  // nothing already computed is lost
}

TEST_CASE("a read-only place and a full disk") {
  if (!all_built()) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("c.toml", tests::small_run());
  scratch.write("train.csv", tests::table(3000));
  scratch.write("valid.csv", tests::table(30));
  auto said = tests::run_program(scratch, {"split-data", "/proc/run", "--config", "c.toml"});
  CHECK(said.code == 74);
  check_sentence(said, {"/proc/run"});

  // A file system of 16 kB in a mount namespace of the test's own.
  std::filesystem::create_directories(scratch / "small");
  const auto program = (std::filesystem::path(ASSAY_BIN) / "split-data").string();
  said = tests::run_program(scratch, {"unshare", "--mount", "sh", "-c",
                                      "mount -t tmpfs -o size=16k tmpfs small || exit 99; " + program +
                                          " small/run --config c.toml; code=$?; ls small/run/split >&2; exit $code"});
  if (said.code == 99 || said.code == 1 || said.code == 127) SKIP("no mount namespace here: " << said.error);
  CHECK(said.code == 74);
  CHECK_THAT(said.error, ContainsSubstring("No space left") && ContainsSubstring("Free space"));
}

TEST_CASE("ranks that do not see each other") {
  if (!all_built()) SKIP("the executables are not built in " ASSAY_BIN);
  Scratch scratch;
  scratch.write("c.toml", tests::small_run());
  scratch.write("train.csv", tests::table());
  scratch.write("valid.csv", tests::table(30));
  CHECK(tests::run_program(scratch, {"split-data", "run", "--config", "c.toml"}).code == 0);
  // What a process sees that srun started without an MPI plugin: it is one of two ranks, and alone in its world.
  const auto said = tests::run_program(scratch, {"baseline-train", "run", "--device", "cpu", "--threads", "1"},
                                       {{"OMPI_COMM_WORLD_SIZE", "2"},
                                        {"OMPI_COMM_WORLD_RANK", "0"},
                                        {"OMPI_ALLOW_RUN_AS_ROOT", "1"},
                                        {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}});
  CHECK(said.code == 64);
  check_sentence(said, {"2", "mpi"});
}
