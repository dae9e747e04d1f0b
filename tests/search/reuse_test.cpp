#include "search/reuse.hpp"

#include <catch2/catch_test_macros.hpp>

#include "search/planners.hpp"
#include "trial/view_builder.hpp"

using namespace assay;

namespace {

/// Points with the same remainder by 3 are the same network.
std::string remainder_of(const space::Params& params) {
  return std::to_string(std::get<std::int64_t>(params.at("x")) % 3);
}

search::ReusingPlanner planner() {
  std::vector<trial::Proposal> proposals;
  for (std::int64_t x = 0; x < 9; ++x) proposals.push_back({.params = {{"x", x}}});
  return {search::make_list_planner("list", std::move(proposals)), remainder_of};
}

trial::Trial done(trial::TrialId id, trial::Proposal what, trial::State state = trial::State::done) {
  trial::Trial trial{.id = id, .first = std::move(what), .proposed = true, .rungs = {}};
  trial.rungs.push_back({.item = {id, 0}, .attempt = 1, .state = state});
  return trial;
}

}  // namespace

TEST_CASE("a proposal names the first trial that measured the same network") {
  auto reusing = planner();
  base::Rng rng(1, "search", 0, "test");
  trial::ViewBuilder builder;
  builder.objectives({{"accuracy", true, {}}}).max_trials(9);
  const auto propose = [&](trial::TrialId id) { return *reusing.propose(builder.build(), id, rng); };
  const auto first = propose(0), second = propose(1), third = propose(3);
  CHECK_FALSE(first.tags.contains(trial::same_as_tag));
  CHECK(first.tags.at(trial::network_tag) != second.tags.at(trial::network_tag));
  CHECK(first.tags.at(trial::network_tag) == third.tags.at(trial::network_tag));

  builder.trial(done(3, third))
      .trial(done(1, second, trial::State::failed))
      .trial(done(0, first, trial::State::running));
  CHECK(propose(6).tags.at(trial::same_as_tag) == "3");
  CHECK_FALSE(propose(4).tags.contains(trial::same_as_tag));  // trial 1 failed: tried again
  builder.trial(done(0, first));
  CHECK(propose(6).tags.at(trial::same_as_tag) == "0");

  auto newcomer = planner();
  CHECK(newcomer.propose(builder.build(), 6, rng)->tags == propose(6).tags);
  builder.trial(done(6, propose(6)));
  CHECK(newcomer.propose(builder.build(), 6, rng)->tags.at(trial::same_as_tag) == "0");
}

TEST_CASE("studies with rungs train every network") {
  auto reusing = planner();
  base::Rng rng(1, "search", 0, "test");
  trial::ViewBuilder builder;
  builder.objectives({{"accuracy", true, {}}}).max_trials(9).fidelities({{.epochs = 1}, {.epochs = 3}});
  const auto first = *reusing.propose(builder.build(), 0, rng);
  builder.trial(done(0, first));
  CHECK(reusing.propose(builder.build(), 3, rng)->tags.empty());
}
