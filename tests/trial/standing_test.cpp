#include "trial/standing.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/random.hpp"
#include "trial/view_builder.hpp"

using namespace assay;
using namespace assay::trial;
using Catch::Approx;
using Ids = std::vector<TrialId>;

namespace {

const std::vector<Objective> accuracy{{"accuracy", true, {}}};
const std::vector<Objective> two{{"accuracy", true, {}}, {"parameters", false, {}}};

config::Config config_of(const std::string& text) { return config::Config::parse(text, "t.toml"); }

const auto limited = config_of("[[constraint]]\nmetric = \"latency_ms\"\nat_most = 5.0\n");

space::Params point(std::int64_t x) { return {{"x", x}}; }

Ids finalists(const StudyView& view, std::size_t count, bool infeasible = false) {
  Ids ids;
  const Standings standings(view);
  for (const auto* standing : standings.finalists(count, infeasible)) ids.push_back(standing->trial->id);
  return ids;
}

Ids front(const StudyView& view) {
  Ids ids;
  const Standings standings(view);
  for (const auto* standing : standings.front()) ids.push_back(standing->trial->id);
  return ids;
}

TrialId best(const StudyView& view) {
  const Standings standings(view);
  return standings.best() == nullptr ? -1 : standings.best()->trial->id;
}

/// Done at these fidelities, one after the other.
Trial risen(TrialId id, const std::vector<std::pair<int, double>>& rungs) {
  Trial trial{.id = id, .first = {.params = point(id)}, .proposed = true};
  for (const auto& [epochs, score] : rungs) {
    Measurement at;
    at.item = {id, static_cast<int>(trial.rungs.size())};
    at.state = State::done;
    at.at.epochs = epochs;
    at.metrics = {{"accuracy", score}};
    trial.rungs.push_back(at);
  }
  return trial;
}

}  // namespace

TEST_CASE("the best keeps all hard limits, however good the others are") {
  ViewBuilder builder;
  builder.judge(judge_of(accuracy, limited));
  for (int i = 0; i < 10; ++i)
    builder.done(i, point(i), {{"accuracy", 0.1 * i}, {"latency_ms", static_cast<double>(i)}});
  const auto view = builder.build();
  const Standings standings(view);
  CHECK(best(view) == 5);
  CHECK(front(view) == Ids{5});
  CHECK(standings.feasible() == 6);
  CHECK(standings.comparable() == 10);
  CHECK(standings.at(9).violation == Approx(0.8));
  CHECK(standings.least_violation()->trial->id == 6);
  CHECK(finalists(view, 20) == Ids{5, 4, 3, 2, 1, 0});
  CHECK(finalists(view, 7, true) == Ids{5, 4, 3, 2, 1, 0, 6});
}

TEST_CASE("a limit on a metric that was not measured is not kept, and nothing feasible has no best") {
  ViewBuilder builder;
  builder.judge(judge_of(accuracy, limited));
  builder.done(0, point(0), {{"accuracy", 0.9}}).done(1, point(1), {{"accuracy", 0.8}, {"latency_ms", NAN}});
  builder.done(2, point(2), {{"accuracy", 0.5}, {"latency_ms", 9}});
  const auto view = builder.build();
  CHECK(best(view) == -1);
  CHECK(front(view).empty());
  CHECK(finalists(view, 3).empty());
  const Standings standings(view);
  CHECK(standings.least_violation()->trial->id == 2);
  CHECK(broken_text(view.judge(), view.find(2)->result()->metrics) == "latency_ms is 9 (at most 5)");
  CHECK(broken_text(view.judge(), view.find(0)->result()->metrics) == "latency_ms was not measured");
}

TEST_CASE("soft limits move the value, thresholds move nothing: the front keeps its points") {
  auto objectives = two;
  objectives[0].threshold = 0.8;
  objectives[1].threshold = 150;
  ViewBuilder builder;
  builder.judge(
      judge_of(objectives, config_of("[[constraint]]\nmetric = \"latency_ms\"\nat_most = 2\nweight = 0.1\n")));
  builder.done(0, point(0), {{"accuracy", 0.95}, {"parameters", 500}, {"latency_ms", 10}});  // loses 0.4
  builder.done(1, point(1), {{"accuracy", 0.85}, {"parameters", 100}, {"latency_ms", 1}});
  builder.done(2, point(2), {{"accuracy", 0.50}, {"parameters", 1}, {"latency_ms", 1}});
  builder.done(3, point(3), {{"accuracy", 0.85}, {"parameters", 200}, {"latency_ms", 1}});  // dominated by 1
  const auto view = builder.build();
  CHECK(front(view) == Ids{0, 1, 2});
  CHECK(best(view) == 1);
  const Standings standings(view);
  CHECK(*standings.at(0).value == Approx(0.55));
  CHECK(finalists(view, 4) == Ids{1, 0, 2, 3});
}

TEST_CASE("of equal values the lower number is the best; equal networks are one finalist") {
  ViewBuilder builder;
  builder.objectives(accuracy);
  builder.done(0, point(7), {{"accuracy", 0.5}}).done(1, point(1), {{"accuracy", 0.9}});
  builder.done(2, point(2), {{"accuracy", 0.9}}).done(3, point(1), {{"accuracy", 0.8}});
  const auto view = builder.build();
  CHECK(best(view) == 1);
  CHECK(finalists(view, 4) == Ids{1, 2, 0});
}

TEST_CASE("rungs are never mixed: the top fidelity counts, or the highest that was reached") {
  ViewBuilder builder;
  builder.objectives(accuracy).fidelities({{.epochs = 2}, {.epochs = 8}});
  builder.trial(risen(0, {{2, 0.78}})).trial(risen(1, {{2, 0.7}}));
  const auto low = builder.build();
  CHECK(best(low) == 0);
  CHECK(!Standings(low).top_reached());
  builder.trial(risen(2, {{2, 0.6}, {8, 0.67}})).trial(risen(3, {{2, 0.6}, {8, 0.5}}));
  // At no fidelity of the study, for instance imported: it compares with nothing.
  builder.trial(risen(4, {{5, 0.99}}));
  const auto view = builder.build();
  const Standings standings(view);
  CHECK(best(view) == 2);
  CHECK(standings.top_reached());
  CHECK(standings.comparable() == 2);
  CHECK(!standings.at(4).comparable);
  CHECK(standings.best_at(0)->item.trial == 0);
  CHECK(finalists(view, 9) == Ids{2, 3, 0, 1});
}

TEST_CASE("shown is what was measured at the highest finished rung, with the parameters measured there") {
  auto trial = risen(0, {{2, 0.5}, {8, 0.9}});
  trial.rungs[1].own = std::make_shared<const Proposal>(Proposal{.params = point(42)});
  Measurement failed;
  failed.item = {0, 2};
  failed.state = State::failed;
  trial.rungs.push_back(failed);
  ViewBuilder builder;
  builder.objectives(accuracy).fidelities({{.epochs = 2}, {.epochs = 8}, {.epochs = 32}}).trial(trial);
  const auto view = builder.build();
  const Standings standings(view);
  CHECK(standings.at(0).shown->at.epochs == 8);
  CHECK(standings.at(0).what->params == point(42));
  CHECK(standings.at(0).final);
  CHECK(standings.best() != nullptr);
}

TEST_CASE("a reward is the value; what cannot be derived does not compare") {
  const auto config = config_of(
      "[objectives]\nlatency_ms = { goal = \"min\" }\nreward = { goal = \"max\", of = \"accuracy\" }\n"
      "[[reward]]\nmetric = \"latency_ms\"\ntarget = 2\n");
  const auto judge = judge_of({{"latency_ms", false, {}}, {"reward", true, {}}}, config);
  CHECK(judge.first().metric == "reward");
  CHECK(judge.named() == std::set<std::string>{"accuracy", "latency_ms"});
  ViewBuilder builder;
  builder.judge(judge);
  const auto add = [&](TrialId id, Metrics metrics) {
    judge.derive(metrics);
    builder.done(id, point(id), metrics);
  };
  add(0, {{"accuracy", 0.9}, {"latency_ms", 4}});
  add(1, {{"accuracy", 0.8}, {"latency_ms", 2}});
  add(2, {{"latency_ms", 1}});
  const auto view = builder.build();
  CHECK(best(view) == 1);
  const Standings standings(view);
  CHECK(*standings.at(0).value == Approx(0.45));
  CHECK(!standings.at(2).comparable);
  CHECK(view.counts().done == 3);
  Metrics metrics{{"accuracy", 0.9}, {"reward", 1}};
  judge.strip(metrics);
  CHECK(metrics == Metrics{{"accuracy", 0.9}});
}

TEST_CASE("the front is what no feasible, comparable trial dominates") {
  base::Rng rng(1, "test", 0, "standing");
  for (int round = 0; round < 200; ++round) {
    ViewBuilder builder;
    builder.judge(judge_of(two, limited));
    for (int i = 0; i < 12; ++i) {
      builder.done(i, point(i),
                   {{"accuracy", static_cast<double>(rng.below(5))},
                    {"parameters", static_cast<double>(rng.below(5))},
                    {"latency_ms", static_cast<double>(rng.below(8))}});
    }
    const auto view = builder.build();
    const Standings standings(view);
    for (const auto& mine : standings.all()) {
      const auto& a = mine.shown->metrics;
      bool dominated = false;
      for (const auto& other : standings.all()) {
        const auto& b = other.shown->metrics;
        const bool no_worse = b.at("accuracy") >= a.at("accuracy") && b.at("parameters") <= a.at("parameters");
        const bool better = b.at("accuracy") > a.at("accuracy") || b.at("parameters") < a.at("parameters");
        dominated = dominated || (b.at("latency_ms") <= 5 && no_worse && better);
      }
      CHECK(mine.front == (a.at("latency_ms") <= 5 && !dominated));
    }
  }
}
