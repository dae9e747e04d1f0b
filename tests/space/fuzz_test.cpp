// The fuzz targets of tests/fuzz without libFuzzer: mangled spaces, NNI files and constraints.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/random.hpp"
#include "fuzz/targets.hpp"
#include "os/file.hpp"
#include "random_spaces.hpp"

using namespace assay;

namespace {

/// Cuts, repeats and replaces a few pieces of the text.
std::string mangled(std::string text, base::Rng& rng) {
  static const std::string pieces[] = {
      "[",    "]",     "{",      "}",      "=",    "\"",     "\n",     ",",      ".",   "-1", "1e999",
      "nan",  "(",     ")",      "choice", "int",  "float",  "ref",    "k",      "log", "0",  "true",
      "[]",   "{}",    "'",      "step",   "9e18", "normal", "subset", "and",    "<=",  "op", "use",
      "draw", "nodes", "repeat", ":",      "null", "_name",  "_type",  "_value", "\xff"};
  for (auto changes = 1 + rng.below(4); changes > 0; --changes) {
    const auto at = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(text.size())));
    const auto length = static_cast<std::size_t>(rng.below(12));
    const auto& piece = pieces[rng.below(std::size(pieces))];
    const auto kind = rng.below(4);
    if (kind == 0) text.erase(at, length);
    if (kind == 1) text.insert(at, piece);
    if (kind == 2) text.replace(at, length, piece);
    if (kind == 3) text.insert(at, text.substr(at, 4 * length));
    if (text.empty()) text = "x";
  }
  return text;
}

template <class Target>
int accepted(const std::vector<std::string>& seeds, int runs, const char* purpose, const Target& target) {
  base::Rng rng(3, "test", 0, purpose);
  int count = 0;
  for (int i = 0; i < runs; ++i) {
    const auto text = mangled(seeds[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(seeds.size())))], rng);
    try {
      count += target(text);
    } catch (const std::exception& error) {
      FAIL_CHECK(text << "\n" << error.what());
    }
  }
  return count;
}

std::vector<std::string> files(const std::string& folder, const std::string& extension) {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(ASSAY_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == extension) texts.push_back(os::read_file(entry.path()));
  }
  return texts;
}

}  // namespace

TEST_CASE("mangled spaces are refused properly") {
  std::vector<std::string> seeds;
  for (int number = 0; number < 60; ++number) seeds.push_back(test::RandomSpace(number).text());
  for (const auto& text : files("configs/spaces", ".toml")) seeds.push_back(text);
  CHECK(accepted(seeds, 2000, "space", fuzz::space_reader) > 50);
}

TEST_CASE("mangled NNI files are refused properly") {
  CHECK(accepted(files("tests/fuzz/seeds", ".json"), 5000, "nni", fuzz::nni_importer) > 100);
}

TEST_CASE("mangled constraints are refused properly") {
  CHECK(accepted(files("tests/fuzz/seeds", ".txt"), 20'000, "constraint", fuzz::constraint_parser) > 100);
}
