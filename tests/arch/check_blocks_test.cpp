#include "arch/check_blocks.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

std::string error_of(const std::string& blocks, const std::string& defines = "") {
  try {
    arch::check_blocks(config::Config::parse("[model]\nblocks = [\n" + blocks + "\n]\n" + defines, "t.toml"));
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("misspelt ops and attributes are told with their place in the file") {
  CHECK_THAT(error_of(R"({ op = "cnov" })"), StartsWith("t.toml:3:"));
  CHECK_THAT(error_of(R"({ op = "cnov" })"), ContainsSubstring("did you mean \"conv\"?"));
  CHECK_THAT(error_of(R"({ op = { choice = ["conv", "sepcnov"] } })"), ContainsSubstring("did you mean \"sepconv\"?"));
  CHECK_THAT(error_of(R"({ op = "conv", kernal = 3 })"), ContainsSubstring("did you mean kernel?"));
  CHECK_THAT(error_of(R"({ op = "conv", kernel = { choise = [3, 5] } })"), ContainsSubstring("did you mean choice?"));
  CHECK_THAT(error_of(R"({ op = "linear", width = "clases" })"), ContainsSubstring("\"classes\""));
  // Attributes of a block that uses a define are those of its op; blocks inside others, and those that are chosen.
  const std::string stage = "[define.stage]\nop = \"conv\"\n";
  CHECK_THAT(error_of(R"({ use = "stage", expand = 3 })", stage), ContainsSubstring("conv has no attribute expand"));
  CHECK_THAT(error_of(R"({ use = "stage" })", stage + "strid = 2\n"), StartsWith("t.toml:7:"));
  CHECK_THAT(error_of(R"({ op = "residual", body = [ { op = "cov" } ] })"), ContainsSubstring("body[0].op"));
  CHECK_THAT(error_of(R"({ op = "dag", nodes = 2, edge = { choice = [ { op = "skip" }, { op = "pol" } ] } })"),
             ContainsSubstring("did you mean \"pool\"?"));
  CHECK_THAT(error_of(R"({ op = "dag", nodes = 2, edges = { "0-1" = { op = "pol" } } })"),
             ContainsSubstring("did you mean \"pool\"?"));
  CHECK_THAT(error_of(R"({ name = "tail", choice = [ { op = "skip" }, { op = "flaten" } ] })"),
             ContainsSubstring("did you mean \"flatten\"?"));
}

TEST_CASE("the configurations that are shipped have no such mistakes") {
  int checked = 0;
  const auto folder = std::filesystem::path(ASSAY_SOURCE_DIR) / "configs";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path().string());
    const auto config = config::Config::load(entry.path());
    if (!config.has("model") || config.has("trial.command")) continue;
    CHECK_NOTHROW(arch::check_blocks(config));
    ++checked;
  }
  CHECK(checked >= 5);
}
