#include "bench/search/trajectory.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "base/json.hpp"

using namespace assay;

namespace {

const std::vector<trial::Fidelity> rungs{{.epochs = 1}, {.epochs = 3}, {.epochs = 9}};

/// Loss: the trial's x, less with every epoch; x = 2 breaks off.
bench::Benchmark benchmark() {
  return {config::Config::parse("", "course"),
          {{"loss", false, {}}},
          9,
          [](const space::Params& params, int epochs) -> std::optional<trial::Metrics> {
            const double x = std::get<double>(params.at("x"));
            if (x == 2) return std::nullopt;
            return trial::Metrics{{"loss", x - 0.01 * epochs}};
          },
          {}};
}

/// Four trials x = 0 .. 3, then the best half of each rung one rung higher, once the whole rung is measured.
class Halving : public trial::Planner {
 public:
  trial::Decision next(const trial::StudyView& view) override {
    if (view.trials().size() < 4) return trial::New{};
    if (!view.running().empty()) return trial::Wait{"the rung is being measured"};
    for (int rung = 1; rung < 3; ++rung) {
      std::vector<trial::TrialId> done;
      std::size_t higher = 0;
      for (trial::TrialId id = 0; id < 4; ++id) {
        const auto& measured = view.find(id)->rungs;
        if (static_cast<int>(measured.size()) > rung) ++higher;
        if (static_cast<int>(measured.size()) >= rung && measured[std::size_t(rung) - 1].state == trial::State::done)
          done.push_back(id);
      }
      if (higher >= (rung == 1 ? 2u : 1u)) continue;
      return trial::Continue{.item = {done[higher], rung}};
    }
    return trial::Finished{"all rungs"};
  }
  std::optional<trial::Proposal> propose(const trial::StudyView&, trial::TrialId id, base::Rng&) override {
    trial::Proposal proposal;
    proposal.params["x"] = static_cast<double>(id);
    return proposal;
  }
  base::Json describe() const override { return "halving"; }
};

struct Sleeper : Halving {
  trial::Decision next(const trial::StudyView&) override { return trial::Wait{"for nothing"}; }
};

}  // namespace

TEST_CASE("a course with rungs: a rung costs only what its checkpoint lacks; failures cost and give nothing") {
  Halving planner;
  const auto results = bench::run(planner, benchmark(), rungs, 4, 1, 1);
  std::vector<std::pair<trial::ItemId, double>> course;
  for (const auto& result : results) course.emplace_back(result.item, result.spent);
  CHECK(course == std::vector<std::pair<trial::ItemId, double>>{
                      {{0, 0}, 1}, {{1, 0}, 2}, {{3, 0}, 4}, {{0, 1}, 6}, {{1, 1}, 8}, {{0, 2}, 14}});
  CHECK(results.back().epochs == 9);
  CHECK(results.back().metrics.at("loss") == -0.09);
}

TEST_CASE("several workers: the same trials, those that run end before the planner is asked again") {
  Halving planner;
  const auto results = bench::run(planner, benchmark(), rungs, 4, 1, 3);
  CHECK(results.size() == 6);
  CHECK(results.back().spent == 14);
}

TEST_CASE("a course ends with its epochs; a planner that waits for nobody is told") {
  Halving planner;
  CHECK(bench::run(planner, benchmark(), rungs, 4, 1, 1, 5).back().spent == 6);
  Sleeper sleeper;
  CHECK_THROWS_AS(bench::run(sleeper, benchmark(), rungs, 4, 1, 1), base::Error);
}
