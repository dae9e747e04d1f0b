// What the report says: the verdict with its uncertainty, gaps, costs, hints.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/json.hpp"
#include "report/compare.hpp"
#include "report/document.hpp"
#include "report/figure_text.hpp"
#include "report/insight.hpp"
#include "report/page.hpp"
#include "report/sections.hpp"
#include "sample.hpp"
#include "trial/view_builder.hpp"

using namespace assay;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using report::Scale;

namespace {

bool has_hint(const base::Json& hints, const std::string& title) {
  for (const auto& hint : hints) {
    if (hint["title"].get<std::string>().find(title) != std::string::npos) return true;
  }
  return false;
}

/// [model] with the sample's domains; the space of the edge check.
space::Space sample_space() {
  return space::Space::load(config::Config::parse(R"(
[data]
format = "csv"
train = "t.csv"
valid = "v.csv"
[training]
lr = { float = [1e-4, 1e-2], log = true }
[model]
input = [1, 8, 8]
blocks = [ { op = "conv", name = "stem", width = { choice = [8, 16, 32, 64] } }, { op = "pool", kind = "global-avg" }, { op = "linear", width = "classes" } ]
)",
                                                  "sample.toml"));
}

}  // namespace

TEST_CASE("Welch's interval agrees with a worked example") {
  // scipy.stats.ttest_ind([0.97, 0.98, 0.99], [0.95, 0.96, 0.97], equal_var=False).confidence_interval()
  const std::vector<double> a = {0.97, 0.98, 0.99}, b = {0.95, 0.96, 0.97};
  const auto gap = report::difference(a, b);
  REQUIRE(gap);
  CHECK(gap->estimate == Approx(0.02));
  CHECK(gap->lo == Approx(0.02 - 2.776445 * 0.008164966).margin(1e-6));
  CHECK(gap->hi == Approx(0.02 + 2.776445 * 0.008164966).margin(1e-6));
  CHECK_FALSE(report::difference(std::vector<double>{0.9}, b));
}

TEST_CASE("explained share: all for a clean split, about nothing for noise") {
  CHECK(report::explained_share(std::vector<double>{1, 1, 1, 2, 2, 2}, std::vector<int>{0, 0, 0, 1, 1, 1}) ==
        Approx(1));
  base::Rng rng(1, "test", 0, "noise");
  std::vector<double> scores;
  std::vector<int> groups;
  for (int i = 0; i < 600; ++i) scores.push_back(rng.normal()), groups.push_back(i % 3);
  CHECK(report::explained_share(scores, groups) < 0.03);
  CHECK(report::binomial_tail(2, 2, 0.5) == Approx(0.25));
  CHECK(report::binomial_tail(0, 5, 0.1) == Approx(1));
}

TEST_CASE("the headline names the winner, the baseline, the split and the interval") {
  const auto headline = report::headline_section(tests::sample());
  CHECK_THAT(headline["sentence"].get<std::string>(), ContainsSubstring("98.10 % accuracy") &&
                                                          ContainsSubstring("the baseline") &&
                                                          ContainsSubstring("96.20 %"));
  CHECK_THAT(headline["lead"].get<std::string>(), ContainsSubstring("untouched validation set (1,797 rows)") &&
                                                      ContainsSubstring("[97.85, 98.35]") &&
                                                      ContainsSubstring("mean of 3 seeds"));
}

TEST_CASE("a winner within the noise of the baseline is not called better") {
  auto run_data = tests::sample();
  run_data.full->finalists.back().scores = {0.95, 0.98, 1.0};
  const auto headline = report::headline_section(run_data);
  CHECK_THAT(headline["sentence"].get<std::string>(), ContainsSubstring("cannot be told from"));
  CHECK(has_hint(report::hints_section(run_data), "not clearly beaten"));
  run_data.full->winner = -1;
  CHECK_THAT(report::headline_section(run_data)["sentence"].get<std::string>(),
             ContainsSubstring("No network found beats the baseline"));
}

TEST_CASE("for errors that are minimised a lower score is the better one") {
  auto run_data = tests::sample();
  run_data.judge = trial::Judge({{"rmse", false, {}}});
  const auto found = report::verdict(run_data);
  REQUIRE(found);
  CHECK(found->contrast->difference.hi < 0);  // 0.981 against 0.962: worse
}

TEST_CASE("before full training the search's score is called what it is") {
  auto run_data = tests::sample();
  run_data.full.reset();
  const auto headline = report::headline_section(run_data);
  CHECK_THAT(headline["sentence"].get<std::string>(), ContainsSubstring("has not been trained in full"));
  CHECK_THAT(headline["lead"].get<std::string>(), ContainsSubstring("search-validation part (382 rows)"));
}

TEST_CASE("a folder without results gives a page of gaps with the commands") {
  const auto content = report::document(tests::nothing());
  CHECK(content["search"].is_null());
  CHECK_THAT(content["headline"]["sentence"].get<std::string>(), ContainsSubstring("Nothing has been measured"));
  CHECK_THAT(content["stages"][3]["gap"].get<std::string>(), ContainsSubstring("search-driver runs/empty"));
  CHECK_NOTHROW(report::page(content, std::nullopt));
}

TEST_CASE("cost: trials x mean proxy cost, in device time and in full trainings") {
  const auto cost = report::cost_section(tests::sample());
  const auto& search = cost["rows"][0];
  CHECK(search["trainings"] == 60);
  CHECK(search["failed"] == 3);
  CHECK(search["device_seconds"].get<double>() == Approx(90));
  CHECK(search["full_trainings"].get<double>() == Approx(90 / 4.1));
  CHECK(cost["plan"]["mean_trial_seconds"].get<double>() == Approx(1.5));
  const auto failures = report::failures_section(tests::sample());
  REQUIRE(failures.size() == 1);
  CHECK(failures[0]["kind"] == "nan");
  CHECK(failures[0]["count"] == 3);
}

TEST_CASE("hints: a best value at the end of its domain, what mattered, failures") {
  auto run_data = tests::sample();
  run_data.space = sample_space();
  auto hints = report::hints_section(run_data);
  CHECK(has_hint(hints, "stem.width is best at its upper end (64)"));
  CHECK(has_hint(hints, "What mattered: stem.width"));
  CHECK_FALSE(has_hint(hints, "training.lr is best"));
  CHECK_FALSE(has_hint(hints, "failed or were infeasible"));

  trial::ViewBuilder builder;
  builder.objectives(tests::sample_objectives);
  for (trial::TrialId id = 0; id < 40; ++id) {
    auto trial = tests::sample_trial(id);
    if (id % 3 == 0) trial.rungs.front().state = trial::State::failed;
    builder.trial(trial);
  }
  run_data.studies.at(run::Stage::search) = builder.build();
  CHECK(has_hint(report::hints_section(run_data), "failed or were infeasible"));
}

TEST_CASE("a proxy stage without a choice says what to change") {
  auto run_data = tests::sample();
  run_data.proxy->chosen.reset();
  CHECK(has_hint(report::hints_section(run_data), "No proxy is sure enough"));
  for (auto& candidate : run_data.proxy->candidates) candidate.spearman = {0.1, -0.4, 0.6};
  CHECK(has_hint(report::hints_section(run_data), "No proxy orders the networks"));
}

TEST_CASE("figures in words") {
  CHECK(report::interval_text(Scale::percent, {0.975, 0.971, 0.979}) == "97.50 % [97.10, 97.90]");
  CHECK(report::interval_text(Scale::plain, {0.5, 0.5, 0.5}) == "0.5");
  CHECK(report::difference_text(Scale::percent, -0.012) == "-1.20 points");
  CHECK(report::count_text(1, "row") == "1 row");
  CHECK(report::count_text(3441, "row") == "3,441 rows");
}

TEST_CASE("text from the run cannot break out of the page") {
  auto run_data = tests::sample();
  run_data.title = "</script><b>&";
  auto trial = tests::sample_trial(7);
  trial.rungs.front().reason = "</script><script>alert(1)</script> \xff";
  trial::ViewBuilder builder;
  builder.objectives(tests::sample_objectives).trial(trial);
  run_data.studies.at(run::Stage::search) = builder.build();
  run_data.full.reset();
  const auto text = report::page(report::document(run_data), std::nullopt);
  CHECK(text.find("<script>alert") == std::string::npos);
  CHECK(text.find("<title>&lt;/script>&lt;b>&amp; - Assay</title>") != std::string::npos);
  CHECK(text.find("{{") == std::string::npos);
}

TEST_CASE("an accuracy that a command reports in per cent is written as it is") {
  auto run_data = tests::sample();
  run_data.baseline->metrics = {{"accuracy", 96.2}};
  run_data.baseline->score = {96.2, 96.2, 96.2};
  for (auto& finalist : run_data.full->finalists) {
    for (auto& score : finalist.scores) score *= 100;
    auto& [estimate, lo, hi] = finalist.score;
    estimate *= 100, lo *= 100, hi *= 100;
  }
  trial::ViewBuilder builder;
  builder.objectives(tests::sample_objectives).fidelities({{.epochs = 4}});
  for (trial::TrialId id = 0; id < 60; ++id) {
    auto trial = tests::sample_trial(id);
    // One score below 1 % does not make shares of the others.
    for (auto& [metric, value] : trial.rungs.front().metrics) {
      if (metric == "accuracy") value *= id == 0 ? 0.1 : 100;
    }
    builder.trial(trial);
  }
  run_data.studies.at(run::Stage::search) = builder.build();
  const auto content = report::document(run_data);
  CHECK(content["shares"].empty());
  CHECK_THAT(content["headline"]["sentence"].get<std::string>(),
             ContainsSubstring("98.1 accuracy") && !ContainsSubstring("%"));
  CHECK_THAT(content["headline"]["lead"].get<std::string>(),
             ContainsSubstring("by 1.9 [") && !ContainsSubstring("poi"));
  CHECK_THAT(content["full"]["foot"].get<std::string>(), !ContainsSubstring("points"));
  CHECK_THAT(content["search"]["curve_text"].get<std::string>(), !ContainsSubstring("points"));
  CHECK(report::document(tests::sample())["shares"] == base::Json{"accuracy"});
}
