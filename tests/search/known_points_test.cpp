// Lists and grids beside trials that were put in by hand, and with workers that do not see each other's proposals yet.
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "base/json.hpp"
#include "base/log.hpp"
#include "search/planners.hpp"
#include "search/points/list_positions.hpp"
#include "search/seen.hpp"
#include "trial/view_builder.hpp"

using namespace assay;

namespace {

std::unique_ptr<trial::Planner> planner_of(const std::string& params, const std::string& search) {
  base::set_verbosity(base::Level::quiet);
  const auto config = config::Config::parse(params + "[search]\n" + search, "t");
  return search::make_planner(config, std::make_shared<const space::Space>(space::Space::load(config)), 1);
}

struct Ran {
  std::map<std::string, int> measured;  ///< by the planner's own trials
  std::string end;
};

/// One trial after the other; the numbers in `by_hand` are taken by points from outside.
Ran run(trial::Planner& planner, const std::vector<trial::TrialId>& by_hand, std::int64_t most = 60) {
  Ran ran;
  trial::ViewBuilder builder;
  builder.max_trials(most);
  for (trial::TrialId number = 0; number <= most; ++number) {
    trial::Trial trial{.id = number, .proposed = true};
    if (std::find(by_hand.begin(), by_hand.end(), number) != by_hand.end()) {
      trial.first = {.params = {{"params.model.a", std::int64_t{3}}}, .tags = {{"origin", "add"}}};
      builder.trial(trial);
      continue;
    }
    const auto view = builder.build();
    const auto decision = planner.next(view);
    if (const auto* finished = std::get_if<trial::Finished>(&decision)) {
      ran.end = finished->reason;
      break;
    }
    REQUIRE(std::holds_alternative<trial::New>(decision));
    base::Rng rng(1, "search", number, "propose");
    const auto proposal = planner.propose(view, number, rng);
    REQUIRE(proposal);
    ++ran.measured[search::text_of(proposal->params)];
    trial.first = *proposal;
    builder.trial(trial);
  }
  return ran;
}

}  // namespace

TEST_CASE("what is added by hand costs a list or a grid none of its points") {
  const std::string small = "[params.model]\na.int = [1, 3]\n";
  for (const std::string search : {"algorithm = \"grid\"\n", "algorithm = \"grid\"\ngrid.order = \"halving\"\n",
                                   "algorithm = \"list\"\npoints = [ { a = 1 }, { a = 2 }, { a = 3 } ]\n"}) {
    INFO(search);
    for (const auto& by_hand : std::vector<std::vector<trial::TrialId>>{{}, {0, 1}, {2}, {0, 1, 2, 3}, {1, 3}}) {
      const auto planner = planner_of(small, search);
      const auto ran = run(*planner, by_hand);
      CHECK(ran.measured ==
            std::map<std::string, int>{{"params.model.a=1;", 1}, {"params.model.a=2;", 1}, {"params.model.a=3;", 1}});
      CHECK(ran.end == (search.find("list") != std::string::npos ? "the list is done"
                                                                 : "space exhausted: all 3 points have been tried"));
    }
  }
}

TEST_CASE("points that people write alike are still two") {
  using Labels = std::vector<std::string>;
  const auto text = [](const space::Value& value) { return search::text_of({{"x", value}}); };
  CHECK(text(Labels{"flip", "crop"}) != text(Labels{"flip+crop"}));
  CHECK(text(Labels{"a"}) != text("a"));
  CHECK(text(std::int64_t{1}) != text("1"));
  CHECK(text(true) != text("true"));
  CHECK(text(std::int64_t{1}) == text(1.0));  // the same point, whoever wrote it
  CHECK(search::text_of({{"a", "1;b=2"}}) != search::text_of({{"a", "1"}, {"b", "2"}}));
  auto grid = planner_of("[params.model]\na.subset = [\"flip\", \"crop\", \"flip+crop\"]\n", "algorithm = \"grid\"\n");
  CHECK(run(*grid, {}).measured.size() == 7);
}

TEST_CASE("places: claimed numbers that are not known yet keep theirs, voided ones give it back") {
  const auto proposed = [](trial::TrialId id, std::map<std::string, std::string> tags = {}) {
    return trial::Trial{.id = id, .first = {.tags = std::move(tags)}, .proposed = true};
  };
  trial::ViewBuilder builder;
  builder.trial(proposed(0)).trial({.id = 1}).trial(proposed(2));
  search::ListPositions places;
  places.update(builder.build());
  CHECK(places.claimed() == 3);
  CHECK(places.of(1) == 1);
  CHECK(places.of(3) == 3);
  CHECK(places.of(3, 3) == std::nullopt);
  CHECK(std::holds_alternative<trial::Wait>(places.end("over")));

  // Number 1 turns out to be somebody's own point.
  builder.trial(proposed(1, {{"origin", "import"}}));
  places.update(builder.build());
  CHECK(places.of(3) == 1);
  CHECK(places.of(4) == 3);  // number 3 takes place 1
  CHECK(std::holds_alternative<trial::Finished>(places.end("over")));
  const auto taken = search::ListPositions::marked({}, 3, 1);
  builder.trial(proposed(3, taken.tags));
  places.update(builder.build());
  CHECK(places.of(4) == 3);
  CHECK(places.of(4, 3) == std::nullopt);
}

TEST_CASE("workers that propose at once share the last points of a small space, and wait for each other's word") {
  for (const std::string name : {"random", "tpe", "evolution", "sobol", "anneal", "smac"}) {
    INFO(name);
    const auto planner = planner_of("[params.model]\na.int = [1, 5]\n", "algorithm = \"" + name + "\"\n");
    trial::ViewBuilder builder;
    builder.max_trials(60).objectives({{"accuracy", true, {}}});
    builder.done(0, {{"params.model.a", std::int64_t{4}}}, {{"accuracy", 0.5}});
    for (trial::TrialId id = 1; id <= 4; ++id) builder.trial({.id = id});
    const auto view = builder.build();
    CHECK(std::holds_alternative<trial::Wait>(planner->next(view)));
    std::map<std::string, int> proposed;
    for (trial::TrialId id = 2; id <= 4; ++id) {
      base::Rng rng(1, "search", id, "propose");
      ++proposed[search::text_of(planner->propose(view, id, rng)->params)];
    }
    CHECK(proposed.size() == 3);
    CHECK_FALSE(proposed.contains("params.model.a=4;"));
  }
}

TEST_CASE("the halving grid passes over what does not exist") {
  // Ten million points below `rich`, none below `plain`.
  std::string params = "[params.model]\nkind.choice = [ { name = \"plain\" }, { name = \"rich\"";
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"}) {
    params += std::string(", ") + name + " = { choice = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }";
  }
  const auto planner = planner_of(params + " } ]\n", "algorithm = \"grid\"\ngrid.order = \"halving\"\n");
  CHECK(run(*planner, {}).measured.size() == 60);
}

TEST_CASE("a grid that constraints refuse everywhere says so") {
  const auto planner = planner_of(
      "[params.model]\na = { float = [0.0, 1.0], default = 0.3 }\n[[constraint]]\nrequire = \"params.model.a == "
      "0.3\"\n",
      "algorithm = \"grid\"\ngrid.order = \"halving\"\n");
  CHECK(run(*planner, {}).end == "the grid ends after 0 points: constraints refuse the next 1,000,000 combinations");
}

TEST_CASE("a shuffled grid takes equal quantiles once") {
  const auto planner =
      planner_of("[params.model]\na = { normal = [200.0, 1.0], step = 100.0 }\n", "algorithm = \"grid\"\n");
  const auto ran = run(*planner, {});
  CHECK(ran.measured.size() == 1);
  CHECK(ran.end == "space exhausted: all 1 points have been tried");
}
