#include "run/source_places.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "os/file.hpp"
#include "run/run.hpp"
#include "run/scratch.hpp"

using namespace assay;

namespace {

/// The place in run.toml of a value, as a message would name it.
std::string place(const run::Run& run, const std::string& key) {
  return base::to_string(run.config().node(key).where());
}

}  // namespace

TEST_CASE("messages name places of the file that a person wrote") {
  tests::Scratch scratch;
  const auto file = scratch.write("c.toml",
                                  "[search]\npoints = [ { lr = 0.1 },\n  { lr = 7 } ]\n\n[params.training]\n"
                                  "lr = { float = [0.001, 1.0] }\n");
  const auto run = run::Run::open(scratch / "run", file);
  const auto range = place(run, "params.training.lr");
  const auto point = base::to_string(run.config().node("search.points").items().at(1).second.where());
  const auto source = file.string();
  CHECK(run::in_source(range + ": outside") == source + ":6:1: outside");
  CHECK(run::in_source(point + ": search.points[1]: 7 is much") == source + ":3:3: search.points[1]: 7 is much");
  CHECK(run::in_source("see " + range + " and " + range) == "see " + source + ":6:1 and " + source + ":6:1");
  CHECK(run::in_source(point + ": search.points[1]: " + range + ": 7 is much") ==
        source + ":3:3: search.points[1]: 7 is much");

  const auto written = place(run, "search.max_trials") + ": a default that nobody wrote";
  CHECK(run::in_source(written) == written);
  scratch.write("c.toml", "[search\n");
  CHECK(run::in_source(range + ": outside") == range + ": outside");
  std::filesystem::remove(file);
  CHECK(run::in_source(range + ": outside") == range + ": outside");
  CHECK(run::in_source("nothing of that: run.toml") == "nothing of that: run.toml");
}
