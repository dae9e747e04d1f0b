// One archive of a run folder: looked at and continued elsewhere.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>

#include "assay/bench.hpp"

using namespace assay;
using namespace assay::tests;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

/// Unpacks where nobody else is: ELSEWHERE/c.
void unpack(const Scratch& scratch, const std::string& archive) {
  os::make_folders(scratch / "elsewhere");
  const auto said = run_program(scratch, {"tar", "-xf", archive, "-C", "elsewhere"});
  INFO(said.error);
  REQUIRE(said.code == 0);
}

int files_named(const fs::path& folder, const std::string& name) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) count += entry.path().filename() == name;
  return count;
}

}  // namespace

TEST_CASE("a packed search that is asked for by hand is looked at and continued elsewhere") {
  const Bench bench;
  bench.ask();
  bench.ask();
  REQUIRE(bench({"tell", "runs/c", "0", "score=0.5"}).code == 0);
  const auto packed = bench({"pack", "runs/c", "c.tar.gz", "--json"});
  INFO(packed.error);
  REQUIRE(packed.code == 0);
  const auto figures = base::Json::parse(packed.out);
  CHECK(figures.at("unfinished") == 1);
  CHECK(figures.at("left_out") == 0);
  CHECK(figures.at("folder") == "c");

  unpack(bench.scratch, "c.tar.gz");
  const auto there = [&](std::vector<std::string> words) {
    words.insert(words.begin() + 1, "elsewhere/c");
    return bench(words);
  };
  CHECK(there({"fsck"}).code == 0);
  CHECK_THAT(there({"status"}).out, ContainsSubstring("search"));
  CHECK_THAT(there({"trial", "0"}).out, ContainsSubstring("0.5"));
  CHECK(there({"tell", "1", "score=0.75"}).code == 0);
  const auto next = there({"ask", "--json"});
  INFO(next.error);
  REQUIRE(next.code == 0);
  CHECK(base::Json::parse(next.out).at("trial") == 2);
  CHECK(there({"fsck"}).code == 0);
  bench.check_sound();
}

TEST_CASE("an archive has no checkpoints, is not replaced by chance, and its name says what it is") {
  const Bench bench;
  bench.ask();
  const auto attempt = bench.scratch / "runs/c/search/trials/0/0.1";
  os::make_folders(attempt / "checkpoint/deep");
  os::publish(attempt / "checkpoint/deep/state", "12345");
  os::publish(attempt / "weights.safetensors", "123");
  os::publish(attempt / "output.log", "said");
  const auto said = bench({"pack", "runs/c", "runs/c/inside.tar.gz"});
  INFO(said.error);
  REQUIRE(said.code == 0);
  CHECK_THAT(said.out, ContainsSubstring("not in it: 2 files of checkpoints and weights"));
  CHECK(bench({"pack", "runs/c", "runs/c/inside.tar.gz"}).code == 64);
  CHECK(bench({"pack", "runs/c", "runs/c/inside.tar.gz", "--force"}).code == 0);
  CHECK(bench({"pack", "runs/c", "c.zip"}).code == 64);
  unpack(bench.scratch, "runs/c/inside.tar.gz");
  CHECK(files_named(bench.scratch / "elsewhere", "output.log") == 1);
  CHECK(files_named(bench.scratch / "elsewhere", "state") == 0);
  CHECK(files_named(bench.scratch / "elsewhere", "weights.safetensors") == 0);
  CHECK(files_named(bench.scratch / "elsewhere", "inside.tar.gz") == 0);
}

TEST_CASE("a search that is packed while its workers run is whole, and is finished elsewhere") {
  if (!built("search-driver")) SKIP("search-driver is not built");
  const Scratch scratch;
  scratch.write("c.toml",
                "[params.training]\nx = { float = [0.0, 1.0] }\n[trial]\ncommand = [\"sh\", \"trial.sh\"]\n"
                "[objectives]\nscore = { goal = \"max\" }\n[proxy]\nreference = 0\n[search]\nalgorithm = \"asha\"\n"
                "max_trials = 12\nparallel = 2\n[training]\nepochs = 9\n[full]\ntop_k = 1\n");
  scratch.write("trial.sh",
                "sleep 0.1\nmkdir -p \"$ASSAY_CHECKPOINT\"\necho state > \"$ASSAY_CHECKPOINT/state\"\n"
                "echo '{\"final\": true, \"score\": 0.5}' >> \"$ASSAY_METRICS\"\n");
  os::Child workers({.arguments = {"timeout", "100", (fs::path(ASSAY_BIN) / "assay").string(), "run", "c.toml", "-q"},
                     .folder = scratch.path(),
                     .standard_output = scratch / "out",
                     .standard_error = scratch / "out"});
  int packs = 0;
  while (!workers.poll()) {
    if (fs::exists(scratch / "runs/c/search/study/study.json")) {
      const auto said = run_program(scratch, {"assay", "pack", "runs/c", "c.tar.gz", "--force"});
      INFO(said.error);
      REQUIRE(said.code == 0);
      os::remove_all(scratch / "elsewhere");
      unpack(scratch, "c.tar.gz");
      const auto sound = run_program(scratch, {"assay", "fsck", "elsewhere/c"});
      INFO(sound.out);
      REQUIRE(sound.code == 0);
      ++packs;
    }
  }
  INFO(os::read_file(scratch / "out"));
  REQUIRE(workers.wait().code == 0);
  CHECK(packs > 0);
  fs::copy_file(scratch / "trial.sh", scratch / "elsewhere/trial.sh");
  const auto continued = run_program(scratch, {"assay", "run", "elsewhere/c", "-q"});
  INFO(continued.error);
  CHECK(continued.code == 0);
  CHECK(files_named(scratch / "elsewhere", "card.md") == 1);
  CHECK(run_program(scratch, {"assay", "fsck", "elsewhere/c"}).code == 0);
}
