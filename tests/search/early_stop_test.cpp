#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <cstdio>

#include "base/log.hpp"
#include "base/random.hpp"
#include "search/curves_data.hpp"
#include "search/stopping/curve_fit.hpp"
#include "search/stopping/early_stop.hpp"
#include "stats/summary.hpp"
#include "trial/view_builder.hpp"

using namespace assay;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using trial::State;

namespace {

const std::vector<trial::Objective> accuracy{{"accuracy", true, {}}}, loss{{"loss", false, {}}};

trial::Trial curve(trial::TrialId id, const std::string& metric, const std::vector<double>& values,
                   State state = State::done) {
  trial::Trial trial{.id = id, .first = {}, .proposed = true, .rungs = {}};
  trial::Measurement rung{.item = {id, 0}, .attempt = 1, .state = state};
  rung.at.epochs = 5;
  for (std::size_t i = 0; i < values.size(); ++i)
    rung.reports.push_back({static_cast<std::int64_t>(i + 1), 0.0, {{metric, values[i]}}});
  if (state == State::done) rung.metrics = rung.reports.back().metrics;
  trial.rungs.push_back(rung);
  return trial;
}

using Curves = std::vector<std::vector<double>>;

/// Why the last curve, a running one, is stopped; empty if it goes on. The others are finished.
std::string reason(trial::EarlyStop& rule, const std::vector<trial::Objective>& objectives, const Curves& curves) {
  trial::ViewBuilder builder;
  builder.objectives(objectives);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    builder.trial(curve(static_cast<trial::TrialId>(i), objectives.front().metric, curves[i],
                        i + 1 == curves.size() ? State::running : State::done));
  }
  return rule.check(builder.build(), {static_cast<trial::TrialId>(curves.size()) - 1, 0}).value_or("");
}

const search::EarlyStopSettings at_once{.from = 0, .curves = 1};

/// A curve of the kind pow3, rising to `top`.
std::vector<double> rising(double top, int steps, double pace = 1) {
  std::vector<double> values;
  for (int x = 1; x <= steps; ++x) values.push_back(top - 0.5 * std::pow(x, -pace));
  return values;
}

}  // namespace

TEST_CASE("median rule, by hand: best so far against the lower median of running averages") {
  const auto rule = search::make_median_stop(at_once);
  // Averages up to step 2: 0.5, 0.6, 0.7, 0.8; the lower median is 0.6.
  const Curves finished{{0.4, 0.6, 0.9}, {0.5, 0.7, 0.9}, {0.7, 0.7, 0.7}, {0.8, 0.8, 0.8}};
  const auto with = [&](std::vector<double> own) {
    auto all = finished;
    all.push_back(std::move(own));
    return reason(*rule, accuracy, all);
  };
  CHECK(with({0.1, 0.6}).empty());   // equal: not strictly worse
  CHECK(with({0.61, 0.1}).empty());  // its best so far counts
  CHECK(with({0.5, 0.59}) ==
        "median rule: the best accuracy so far, 0.59 at step 2, is below 0.6, the median of 4 finished trials' "
        "averages");
  CHECK(reason(*rule, accuracy, {{0.0}}).empty());              // nobody has finished
  CHECK(with({0.0, 0.0, 0.0, 0.0}).empty());                    // nobody got so far
  CHECK(reason(*rule, accuracy, {{0.9}, {0.1, 0.1}}).empty());  // likewise
}

TEST_CASE("median rule on a loss: the upper median, and worse is above") {
  const auto rule = search::make_median_stop(at_once);
  const Curves finished{{4, 2}, {5, 3}, {6, 4}, {7, 5}};  // averages 3, 4, 5, 6: the upper median is 5
  auto all = finished;
  all.push_back({9, 5});
  CHECK(reason(*rule, loss, all).empty());
  all.back() = {9, 5.1};
  CHECK_THAT(reason(*rule, loss, all), ContainsSubstring("the best loss so far, 5.1 at step 2, is above 5,"));
}

TEST_CASE("only finished trials are compared with: stopped, failed and running ones teach nothing") {
  const auto rule = search::make_median_stop(at_once);
  for (const auto state : {State::stopped, State::failed, State::running, State::waiting}) {
    trial::ViewBuilder builder;
    builder.objectives(accuracy);
    builder.trial(curve(0, "accuracy", {0.9, 0.9}, state)).trial(curve(1, "accuracy", {0.1}, State::running));
    CHECK(!rule->check(builder.build(), {1, 0}));
  }
}

TEST_CASE("nothing is judged before the first step, with too few curves, or at another fidelity") {
  const Curves all{{0.9, 0.9}, {0.9, 0.9}, {0.1, 0.1}};
  CHECK(!reason(*search::make_median_stop({.from = 2, .curves = 2}), accuracy, all).empty());
  CHECK(reason(*search::make_median_stop({.from = 3, .curves = 2}), accuracy, all).empty());
  CHECK(reason(*search::make_median_stop({.from = 2, .curves = 3}), accuracy, all).empty());

  trial::ViewBuilder builder;
  builder.objectives(accuracy);
  auto half = curve(0, "accuracy", {0.9, 0.9});
  half.rungs.front().at.data = 0.5;
  builder.trial(half).trial(curve(1, "accuracy", {0.1}, State::running));
  CHECK(!search::make_median_stop(at_once)->check(builder.build(), {1, 0}));
}

TEST_CASE("percentile rule: the worst quarter at the same step") {
  const auto rule = search::make_percentile_stop({.from = 0, .curves = 5, .percentile = 25});
  Curves all;
  for (const double end : {0.2, 0.4, 0.6, 0.8, 1.0}) all.push_back({end / 2, end});
  all.push_back({0.19});  // the quartile of 0.1 0.2 0.3 0.4 0.5 is 0.2
  CHECK_THAT(reason(*rule, accuracy, all),
             ContainsSubstring("0.19 at step 1, is below 0.2, where the worst 25 % of 5"));
  all.back() = {0.2};
  CHECK(reason(*rule, accuracy, all).empty());
}

TEST_CASE("percentile rule: it rests while it would have stopped the best, and never stops one of the best three") {
  const auto rule = search::make_percentile_stop({.from = 0, .curves = 5, .percentile = 50});
  Curves all;
  for (const double end : {0.3, 0.4, 0.5, 0.6, 0.7}) all.push_back({end, end});
  all.push_back({0.2});
  CHECK(!reason(*rule, accuracy, all).empty());
  all.insert(all.begin(), std::vector<double>{0.1, 0.9});  // a late bloomer is the best
  CHECK(reason(*rule, accuracy, all).empty());

  Curves few{{0.5}, {0.6}};
  few.push_back({0.1});  // the third of three
  CHECK(reason(*search::make_percentile_stop({.from = 0, .curves = 2, .percentile = 50}), accuracy, few).empty());
}

TEST_CASE("several objectives: a trial is stopped only if it would be for each of them") {
  const std::vector<trial::Objective> both{{"accuracy", true, {}}, {"parameters", false, {}}};
  const auto view_of = [&](double own_accuracy, double own_parameters, bool reported = true) {
    trial::ViewBuilder builder;
    builder.objectives(both);
    for (trial::TrialId id = 0; id < 4; ++id) {
      auto trial = curve(id, "accuracy", id < 3 ? std::vector{0.8, 0.8} : std::vector{own_accuracy},
                         id < 3 ? State::done : State::running);
      for (auto& report : trial.rungs.front().reports) {
        if (reported) report.metrics["parameters"] = id < 3 ? 1000 : own_parameters;
      }
      builder.trial(trial);
    }
    return builder.build();
  };
  base::set_verbosity(base::Level::quiet);
  const auto rule = search::make_median_stop(at_once);
  CHECK(rule->check(view_of(0.1, 2000), {3, 0}).value_or("").find("parameters") != std::string::npos);
  CHECK(!rule->check(view_of(0.1, 500), {3, 0}));          // weak, but small
  CHECK(!rule->check(view_of(0.9, 2000), {3, 0}));         // large, but good
  CHECK(!rule->check(view_of(0.1, 2000, false), {3, 0}));  // nobody says how large
}

TEST_CASE("the parametric families find themselves again") {
  std::vector<double> steps, later;
  for (int x = 1; x <= 20; ++x) steps.push_back(x);
  const auto check = [&](const char* name, auto f) {
    std::vector<double> values;
    for (const double x : steps) values.push_back(f(x));
    double best = INFINITY;
    for (const auto& fit : search::fit_families(steps, values, 50)) {
      if (fit.family != name) continue;
      best = fit.squares;
      CHECK(fit.at_horizon.mean == Approx(f(50)).margin(0.01 * (values.back() - values.front())));
    }
    INFO(name);
    CHECK(best < 1e-6 * std::pow(values.back() - values.front(), 2));
  };
  check("linear", [](double x) { return 0.1 + 0.01 * x; });
  check("log-linear", [](double x) { return 0.1 + 0.2 * std::log(x); });
  check("pow3", [](double x) { return 0.9 - 0.7 * std::pow(x, -0.6); });
  check("pow4", [](double x) { return 0.9 - std::pow(0.5 * x + 1, -0.8); });
  check("MMF", [](double x) { return 0.9 - 0.8 / (1 + std::pow(0.15 * x, 1.7)); });
  check("Weibull", [](double x) { return 0.9 - 0.8 * std::exp(-std::pow(0.1 * x, 1.3)); });
  check("ilog2", [](double x) { return 0.9 - 0.3 / std::log(x + 1); });
}

TEST_CASE("a forecast has the same meaning in any unit, and for curves that fall") {
  const auto values = rising(0.9, 15);
  std::vector<double> steps, scaled, thousands;
  for (int x = 1; x <= 15; ++x) steps.push_back(x), thousands.push_back(1000 * x);
  for (const double value : values) scaled.push_back(-3 + 200 * value);
  const auto plain = search::extrapolate(steps, values, 60), large = search::extrapolate(steps, scaled, 60);
  const auto far = search::extrapolate(thousands, values, 60'000);
  REQUIRE((plain && large && far));
  CHECK(plain->mean == Approx(0.9 - 0.5 / 60).margin(0.003));
  CHECK(large->mean == Approx(-3 + 200 * plain->mean));
  CHECK(large->deviation == Approx(200 * plain->deviation));
  CHECK(far->mean == Approx(plain->mean));
  std::vector<double> falling;  // an overfitted trial: its score gets worse
  for (int x = 1; x <= 15; ++x) falling.push_back(0.5 - 0.02 * x);
  CHECK(search::extrapolate(steps, falling, 30)->mean == Approx(-0.1).margin(0.02));
}

TEST_CASE("noisy, diverging, constant and tiny curves never break a forecast") {
  base::Rng rng(1, "test", 0, "curves");
  for (int i = 0; i < 300; ++i) {
    const auto n = static_cast<int>(1 + rng.below(60));
    std::vector<double> steps, values;
    const double size = std::pow(10.0, -12.0 + 24.0 * rng.uniform());
    double value = 0;
    for (int x = 1; x <= n; ++x) {
      value = i % 4 == 0 ? rng.uniform() : i % 4 == 1 ? value + rng.uniform() - 0.5 : i % 4 == 2 ? std::exp(x) : 1;
      if (i % 7 == 0 && x == n) value *= 1e6;
      steps.push_back(x * (i % 3 + 1));
      values.push_back(size * value);
    }
    const auto forecast = search::extrapolate(steps, values, steps.back() + 40);
    if (!forecast) continue;
    CHECK(std::isfinite(forecast->mean));
    CHECK(std::isfinite(forecast->deviation));
    CHECK(forecast->deviation >= 0);
  }
}

TEST_CASE("curve rule: hopeless trials are stopped, promising and noisy ones go on; losses too") {
  for (const bool maximise : {true, false}) {
    const auto& objectives = maximise ? accuracy : loss;
    const auto rule = search::make_curve_stop({.from = 0, .curves = 5, .confidence = 0.95});
    Curves finished;
    for (const double top : {0.80, 0.82, 0.84, 0.86, 0.88, 0.90}) finished.push_back(rising(top, 40));
    const auto with = [&](std::vector<double> own) {
      auto all = finished;
      all.push_back(std::move(own));
      if (!maximise) {
        for (auto& each : all)
          for (auto& value : each) value = -value;
      }
      return reason(*rule, objectives, all);
    };
    CHECK_THAT(with(rising(0.7, 15)), ContainsSubstring("the chance to beat " + std::string(maximise ? "" : "-")));
    CHECK(with(rising(0.95, 15)).empty());
    CHECK(with(rising(0.7, 4)).empty());  // too few points
    std::vector<double> late;             // low so far, and rising steeply
    for (int x = 1; x <= 15; ++x) late.push_back(0.03 * x);
    CHECK(with(late).empty());
    auto broken = rising(0.7, 15);
    broken.back() = NAN;
    CHECK(with(broken).empty());  // the trainer's to judge
  }
}

TEST_CASE("a fresh rule says the same as one that saw every view before") {
  for (auto* make : {search::make_median_stop, search::make_percentile_stop, search::make_curve_stop}) {
    base::Rng rng(3, "test", 0, "views");
    const auto veteran = make({.from = 2, .curves = 3});
    trial::ViewBuilder builder;
    builder.objectives(accuracy);
    for (trial::TrialId id = 0; id < 30; ++id) {
      auto values = rising(0.5 + 0.4 * rng.uniform(), 20, 0.5 + rng.uniform());
      for (const int length : {3, 8, 12}) {
        builder.trial(curve(id, "accuracy", {values.begin(), values.begin() + length}, State::running));
        const auto view = builder.build();
        CHECK(veteran->check(view, {id, 0}) == make({.from = 2, .curves = 3})->check(view, {id, 0}));
      }
      builder.trial(curve(id, "accuracy", values, id % 5 == 0 ? State::failed : State::done));
    }
  }
}

TEST_CASE("nas-bench-nlp-wt2: early stopping saves epochs and the best cell survives") {
  const auto cells = test::language_curves();
  if (cells.empty()) SKIP("nas-bench-nlp-wt2 is missing; set ASSAY_DATA to the folder of the data sets");
  CHECK(cells.size() == 343);  // two of the 345 broke off before their first validation
  for (const auto* name : {"median", "percentile", "curve"}) {
    const auto figures = test::replay_early_stop(cells, name, "", 1, 3);
    INFO(name);
    CHECK(figures.saved.front() > 0.2);
    CHECK(stats::mean(figures.regret) < 0.02);  // nats; the spread of the ends is 0.4
  }
}

TEST_CASE("early stopping on nas-bench-nlp-wt2", "[.figures]") {
  const auto cells = test::language_curves();
  if (cells.empty()) SKIP("nas-bench-nlp-wt2 is missing; set ASSAY_DATA to the folder of the data sets");
  std::printf(
      "345 trainings in 20 orders; loss in nats\nworkers  rule                         epochs saved    best survives  "
      "lost\n");
  for (const int workers : {1, 8}) {
    for (const auto& [name, more] :
         std::vector<std::pair<std::string, std::string>>{{"median", ""},
                                                          {"median", "early_stop_from = 1\n"},
                                                          {"median", "early_stop_from = 10\n"},
                                                          {"percentile", ""},
                                                          {"percentile", "early_stop_percentile = 80\n"},
                                                          {"percentile", "early_stop_percentile = 25\n"},
                                                          {"curve", ""},
                                                          {"curve", "early_stop_confidence = 0.99\n"}}) {
      const auto figures = test::replay_early_stop(cells, name, more, workers, 20);
      std::printf("%7d  %-28s %5.1f %% +- %3.1f  %8.0f %%    %.4f\n", workers,
                  (name + " " + more.substr(0, more.empty() ? 0 : more.size() - 1)).c_str(),
                  100 * stats::mean(figures.saved), 100 * stats::standard_deviation(figures.saved),
                  100 * stats::mean(figures.survived), stats::mean(figures.regret));
    }
  }
}
