// Whatever stands in the file, the answer is a configuration or Error(config); never a crash, never another exit code.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/random.hpp"
#include "config/config.hpp"
#include "config/settings.hpp"
#include "os/file.hpp"

using namespace assay;

namespace {

/// Cuts, repeats, swaps and replaces a few pieces of the text.
std::string mangled(std::string text, base::Rng& rng) {
  static const std::string pieces[] = {"[",     "]",   "{",    "}",     "=",  "\"", "\n",   ",", ".",  "-1",
                                       "1e999", "nan", "true", "\"x\"", "[[", "]]", "\xff", "#", "[]", "{}"};
  for (auto changes = 1 + rng.below(4); changes > 0; --changes) {
    const auto at = static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(text.size())));
    const auto length = static_cast<std::size_t>(rng.below(12));
    const auto& piece = pieces[rng.below(std::size(pieces))];
    switch (rng.below(3)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, piece);
        break;
      default:
        text.replace(at, length, piece);
    }
    if (text.empty()) text = "x";
  }
  return text;
}

}  // namespace

TEST_CASE("mangled configurations are refused properly") {
  const auto seed =
      config::commented_toml() + "[[constraint]]\nrequire = \"a <= b\"\n[[proxy.candidate]]\nepochs = 2\n";
  base::Rng rng(1, "test", 0, "fuzz");
  int accepted = 0;
  for (int i = 0; i < 600; ++i) {
    const auto text = mangled(seed, rng);
    try {
      const auto config = config::Config::parse(text, "x.toml");
      const auto again = config::Config::parse(config.resolved(), "run.toml");
      CHECK(again.resolved() == config.resolved());
      ++accepted;
    } catch (const base::Error& error) {
      if (error.code() != base::Exit::config) FAIL_CHECK(text << "\n" << error.what());
    } catch (const std::exception& error) {
      FAIL_CHECK(text << "\n" << error.what());
    }
  }
  CHECK(accepted > 20);
}

TEST_CASE("mangled overrides are refused properly") {
  const std::string seeds[] = {"training.lr=0.1", "data.train=\"a b\"", "search.points=[{ x = 1 }]", "model.blocks=[]",
                               "training.lr={ float = [1, 2] }"};
  base::Rng rng(2, "test", 0, "fuzz");
  for (int i = 0; i < 3000; ++i) {
    const auto entry = mangled(seeds[i % 5], rng);
    try {
      config::Config::parse("[training]\nlr = 0.1\n", "x.toml", {entry});
    } catch (const base::Error& error) {
      if (error.code() != base::Exit::config) FAIL_CHECK(entry << "\n" << error.what());
    } catch (const std::exception& error) {
      FAIL_CHECK(entry << "\n" << error.what());
    }
  }
}

TEST_CASE("the worked configurations load, and so do their resolved forms") {
  int found = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(ASSAY_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path());
    ++found;
    const auto config = config::Config::load(entry.path());
    const auto again = config::Config::parse(config.resolved(), "run.toml");
    CHECK(again.resolved() == config.resolved());
    CHECK(again.identity({"model", "training", "data", "search"}) ==
          config.identity({"model", "training", "data", "search"}));
  }
  CHECK(found >= 2);
}
