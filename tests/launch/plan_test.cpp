#include "launch/plan.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/json.hpp"
#include "launch/summary.hpp"
#include "run/results.hpp"
#include "run/scratch.hpp"

using namespace assay;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
using run::Stage;

namespace {

run::Run open(const tests::Scratch& scratch, const std::string& text) {
  return run::Run::open(scratch / "run", scratch.write("c.toml", text));
}

const launch::StagePlan& row(const launch::Plan& plan, Stage stage) {
  return plan.stages.at(static_cast<std::size_t>(stage));
}

}  // namespace

TEST_CASE("days = trials / workers x hours / 24, as published") {
  tests::Scratch scratch;
  // 2000 trials of 2 h on 20 workers: one full training of 20 h, the only candidate costs a tenth of it.
  const auto run = open(
      scratch,
      "[training]\nepochs = 30\n[proxy]\ncandidate = [{ epochs = 3 }]\n[search]\nmax_trials = 3000\nparallel = 20\n");
  const auto plan = launch::make_plan(run, {}, 20);
  CHECK_FALSE(plan.measured);
  const auto& search = row(plan, Stage::search);
  CHECK(search.trials == 3000);
  CHECK(search.seconds_each == Approx(7200));
  CHECK(search.days() == Approx(12.5));
  CHECK(search.device_hours() == Approx(6000));
  CHECK(row(plan, Stage::proxy).trials == 16);
  CHECK(row(plan, Stage::proxy).seconds_each == Approx(72000 * 1.1 / 2));
  launch::Site site;
  site.time["search"] = "1-00:00:00";
  CHECK(launch::expected_restarts(search, site) == 12);
  CHECK_THAT(launch::to_text(plan, site), ContainsSubstring("assumed (20 h)") && ContainsSubstring("estimate"));
}

TEST_CASE("measured figures replace estimates") {
  tests::Scratch scratch;
  const auto run = open(scratch, "[search]\nmax_trials = 10\nparallel = 1\n");
  run::BaselineFigures baseline;
  baseline.device_seconds = 50;
  run.begin(Stage::baseline);
  run.finish(Stage::baseline, run::to_json(baseline), 0);
  CHECK(launch::make_plan(run, {}, 1).full_seconds == 50);
  run::ProxyFigures proxy;
  proxy.full_seconds = 40;
  proxy.chosen = trial::Fidelity{.epochs = 4};
  proxy.candidates = {{.fidelity = {.epochs = 4}, .seconds = 5}};
  run.begin(Stage::proxy);
  run.finish(Stage::proxy, run::to_json(proxy), 0);
  const auto plan = launch::make_plan(run, {}, 1);
  CHECK(plan.measured);
  CHECK(plan.full_seconds == 40);
  CHECK(row(plan, Stage::search).seconds_each == 5);
  CHECK(row(plan, Stage::full).seconds_each > 40);  // a tenth more rows
}

TEST_CASE("nominal cost of a fidelity") {
  CHECK(launch::nominal_share({.epochs = 5, .data = 0.5, .width = 0.5}, 10) == Approx(0.0625));
}

TEST_CASE("stages are summed up in one line each") {
  run::SplitFigures split{.train = 3441, .valid = 382, .untouched = 1797, .p_value = 0.93, .verdict = "classes match"};
  CHECK(launch::summary(Stage::split, run::to_json(split)) ==
        "3,441 train + 382 search-validation, 1,797 validation untouched; classes match (chi2 p = 0.93)");
  run::BaselineFigures baseline;
  baseline.score = {0.979, 0.972, 0.985};
  baseline.parameters = 41000;
  baseline.best_batch = 128;
  baseline.training_seconds = 4.1;
  CHECK(launch::summary(Stage::baseline, run::to_json(baseline)) ==
        "97.9 % [97.2, 98.5], 41,000 parameters; best batch 128; one full training costs 4.1 s");
  run::ProxyFigures proxy;
  proxy.candidates = {{.fidelity = {.epochs = 4},
                       .name = "4 epochs, full data",
                       .spearman = {0.86, 0.61, 0.95},
                       .speed_up = 6.8,
                       .passes = true},
                      {}};
  proxy.chosen = trial::Fidelity{.epochs = 4};
  CHECK(launch::summary(Stage::proxy, run::to_json(proxy)) ==
        "1 of 2 proxies agree; chosen 4 epochs, full data: rho 0.86 [0.61, 0.95], 6.8 x cheaper");
  proxy.chosen.reset();
  proxy.verdict = "none of 2 proxies is of use; the search will train in full";
  CHECK_THAT(launch::summary(Stage::proxy, run::to_json(proxy)), Equals(proxy.verdict));
  run::FullFigures full;
  full.finalists = {{.trial = 7, .score = {0.985, 0.98, 0.99}}, {.trial = -1, .score = {0.97, 0.96, 0.98}}};
  full.winner = 7;
  CHECK_THAT(launch::summary(Stage::full, run::to_json(full)),
             ContainsSubstring("trial 7, 98.5 % [98.0, 99.0]") && ContainsSubstring("baseline 97.0 %"));
  CHECK(launch::score_text("rmse", 0.5) == "0.5");
  CHECK(launch::score_text("val/acc", 0.985) == "98.5 %");
  CHECK(launch::score_text("macc", 0.5) == "0.5");  // multiply-accumulates, in millions
  CHECK(launch::score_text("accuracy", 92.5) == "92.5");
  baseline.score = {92.5, 92.5, 92.5};
  CHECK(launch::summary(Stage::baseline, run::to_json(baseline)).starts_with("92.5, 41,000"));
  CHECK(launch::score_text("parameters", 111350) == "111,350");
}
