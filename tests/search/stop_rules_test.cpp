#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cmath>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "search/stopping/stop_rules.hpp"
#include "search/table.hpp"
#include "search/value_streams.hpp"
#include "trial/view_builder.hpp"

using namespace assay;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using test::converging;
using test::wandering;

namespace {

const std::vector<trial::Objective> accuracy{{"accuracy", true, {}}};
const std::vector<trial::Objective> both{{"accuracy", true, {}}, {"latency_ms", false, {}}};

search::StopRules rules_of(const search::StopSettings& settings) { return search::StopRules(settings); }

/// Studies of one objective, by number.
trial::ViewBuilder study_of(const std::vector<double>& values,
                            const std::vector<trial::Objective>& objectives = accuracy) {
  trial::ViewBuilder builder;
  builder.objectives(objectives);
  for (std::size_t i = 0; i < values.size(); ++i)
    builder.done(static_cast<trial::TrialId>(i), {}, {{objectives.front().metric, values[i]}});
  return builder;
}

trial::Trial ended(trial::TrialId id, trial::State state, trial::Failure failure = trial::Failure::none) {
  trial::Trial trial{.id = id, .first = {}, .proposed = true, .rungs = {}};
  trial.rungs.push_back({.item = {id, 0}, .attempt = 1, .state = state, .failure = failure});
  return trial;
}

}  // namespace

TEST_CASE("invalid: more than a fifth beyond doubt, counted without the infrastructure's failures") {
  search::StopSettings settings;
  settings.invalid = true;
  const auto with = [&](int total, int failed, trial::Failure failure = trial::Failure::nan) {
    trial::ViewBuilder builder;
    builder.objectives(accuracy);
    for (int i = 0; i < total; ++i) {
      if (i < failed) {
        builder.trial(ended(i, i % 2 == 0 ? trial::State::failed : trial::State::infeasible, failure));
      } else {
        builder.done(i, {}, {{"accuracy", 0.5}});
      }
    }
    return rules_of(settings).check(builder.build()).value_or("");
  };
  CHECK(with(49, 49).empty());  // too few to say
  CHECK(with(50, 50) ==
        "invalid: 25 of 50 trials failed and 25 are infeasible, surely more than 20 %; space or training need a look");
  // Wilson's lower bound of 16 of 50 is 0.208, of 15 of 50 0.191.
  CHECK(with(50, 15).empty());
  CHECK(!with(50, 16).empty());
  CHECK(with(1000, 200).empty());
  CHECK(!with(1000, 230).empty());
  // Half of these are the infrastructure's.
  CHECK(with(60, 30, trial::Failure::infrastructure).empty());
}

TEST_CASE("invalid: objectives that are no numbers count, trials that were stopped early do not") {
  search::StopSettings settings;
  settings.invalid = true;
  CHECK(rules_of(settings).check(study_of(std::vector<double>(60, NAN)).build()));
  trial::ViewBuilder builder;
  builder.objectives(accuracy);
  for (int i = 0; i < 60; ++i) builder.trial(ended(i, trial::State::stopped));
  CHECK(!rules_of(settings).check(builder.build()));
}

TEST_CASE("stop rules judge what keeps the constraints: the same whatever breaks them in between") {
  const auto config = config::Config::parse("[[constraint]]\nmetric = \"size\"\nat_most = 1\n", "t.toml");
  search::StopSettings settings;
  settings.converged = settings.gain = settings.no_progress = true;
  settings.window = 100;
  settings.noise = 0.001;
  const auto reason = [&](const std::vector<double>& values, bool between, bool high) {
    search::StopRules rules(settings);
    trial::ViewBuilder builder;
    builder.judge(trial::judge_of(accuracy, config));
    base::Rng rng(1, "test", 0, "infeasible");
    trial::TrialId id = 0;
    for (const double value : values) {
      builder.done(id++, {}, {{"accuracy", value}, {"size", 1}});
      if (between) builder.done(id++, {}, {{"accuracy", high ? 0.99 : 0.2 * rng.uniform()}, {"size", 2}});
    }
    return rules.check(builder.build()).value_or("");
  };
  for (const auto& values : {converging(600, 1), wandering(300, 1)}) {
    const auto alone = reason(values, false, false);
    CHECK(reason(values, true, false) == alone);
    CHECK(reason(values, true, true) == alone);
  }
  CHECK(!reason(converging(600, 1), true, true).empty());
}

TEST_CASE("target: one trial that reaches all targets and keeps the constraints") {
  search::StopSettings settings;
  settings.target = true;
  settings.goals = {0.9, 5};
  trial::ViewBuilder builder;
  builder.objectives(both);
  builder.done(0, {}, {{"accuracy", 0.95}, {"latency_ms", 9}}).done(1, {}, {{"accuracy", 0.5}, {"latency_ms", 1}});
  auto rules = rules_of(settings);
  CHECK(!rules.check(builder.build()));
  builder.done(2, {}, {{"accuracy", 0.91}, {"latency_ms", 5}});
  CHECK(rules.check(builder.build()) == "target: trial 2 has accuracy 0.91 (target 0.9), latency_ms 5 (target 5)");
  // A number that is reached on the way to the front only: something better stands there.
  builder.done(3, {}, {{"accuracy", 0.99}, {"latency_ms", 1}});
  CHECK_THAT(rules.check(builder.build()).value(), StartsWith("target: trial 2 "));

  const auto config = config::Config::parse("[[constraint]]\nmetric = \"parameters\"\nat_most = 10\n", "t");
  search::StopRules limited(settings);
  builder.judge(trial::judge_of(both, config));
  CHECK(!limited.check(builder.build()));
  builder.done(4, {}, {{"accuracy", 0.92}, {"latency_ms", 4}, {"parameters", 9}});
  CHECK_THAT(limited.check(builder.build()).value(), StartsWith("target: trial 4 "));
}

TEST_CASE("converged: growth, mean and spread have come to rest") {
  search::StopSettings settings;
  settings.converged = true;
  auto rules = rules_of(settings);
  std::string reason;
  std::size_t stopped = 0;
  const auto values = converging(1500, 1);
  for (std::size_t count = 100; count <= values.size() && reason.empty(); count += 20) {
    reason = rules.check(study_of({values.begin(), values.begin() + std::ptrdiff_t(count)}).build()).value_or("");
    stopped = count;
  }
  INFO(reason << " after " << stopped);
  CHECK_THAT(reason, StartsWith("converged: "));
  CHECK_THAT(reason, ContainsSubstring("spread of the last 200 down to 0.004 from 0.07"));
  CHECK((stopped >= 550 && stopped <= 1100));  // at rest from 400 on, and 200 to see it

  // Random draws never narrow; a search that rises still grows.
  CHECK(!rules_of(settings).check(study_of(wandering(2000, 2)).build()));
  std::vector<double> rising;
  for (int i = 0; i < 1000; ++i) rising.push_back(i);
  CHECK(!rules_of(settings).check(study_of(rising).build()));
}

TEST_CASE("converged works for a metric to minimise") {
  search::StopSettings settings;
  settings.converged = true;
  auto values = converging(1500, 1);
  for (auto& value : values) value = 2 - value;
  const auto reason = rules_of(settings).check(study_of(values, {{"loss", false, {}}}).build()).value_or("");
  CHECK_THAT(reason, StartsWith("converged: "));
}

TEST_CASE("no progress: five hundred trials at random, but not a search that rises or narrows") {
  search::StopSettings settings;
  settings.no_progress = true;
  auto values = wandering(2000, 2);
  values[100] = 0.9;  // no new best afterwards
  const auto with = [&](std::size_t count, auto change) {
    std::vector<double> some(values.begin(), values.begin() + std::ptrdiff_t(count));
    for (std::size_t i = 0; i < some.size(); ++i) some[i] = change(i, some[i]);
    return rules_of(settings).check(study_of(some).build()).value_or("");
  };
  const auto as_it_is = [](std::size_t, double value) { return value; };
  CHECK(with(499, as_it_is).empty());
  CHECK_THAT(with(500, as_it_is), StartsWith("no progress: 500 trials, none better than 0.9 for 399 trials; over 250"));
  CHECK(with(500, [](std::size_t i, double value) { return i < 250 || i == 100 ? value : value + 0.05; }).empty());
  CHECK(with(500, [](std::size_t i, double value) { return i < 250 ? value : 0.5 + 0.5 * (value - 0.5); }).empty());
  CHECK(with(500, [](std::size_t i, double value) { return i == 300 ? 0.95 : value; }).empty());
}

TEST_CASE("several objectives: the hypervolume's growth decides") {
  search::StopSettings settings;
  settings.converged = true;
  settings.no_progress = true;
  settings.window = 100;
  base::Rng rng(1, "test", 0, "front");
  trial::ViewBuilder builder;
  builder.objectives(both);
  auto rules = rules_of(settings);
  for (int i = 0; i < 200; ++i)
    builder.done(i, {}, {{"accuracy", 0.3 + 0.001 * i + 0.1 * rng.uniform()}, {"latency_ms", 10 - 0.01 * i}});
  CHECK(!rules.check(builder.build()));  // still growing
  for (int i = 200; i < 560; ++i) builder.done(i, {}, {{"accuracy", 0.2}, {"latency_ms", 12}});
  CHECK_THAT(rules.check(builder.build()).value(),
             StartsWith("converged: the last 100 trials added 0 % to the hypervolume of the front of"));
  settings.converged = false;
  CHECK_THAT(rules_of(settings).check(builder.build()).value(),
             StartsWith("no progress: 560 trials, and the front of"));
}

TEST_CASE("a front that moves towards its thresholds is progress, before anything meets them") {
  search::StopSettings settings;
  settings.converged = settings.no_progress = true;
  settings.window = 100;
  const std::vector<trial::Objective> objectives{{"accuracy", true, 0.95}, {"latency_ms", false, 1}};
  trial::ViewBuilder builder;
  builder.objectives(objectives);
  for (int i = 0; i < 600; ++i) builder.done(i, {}, {{"accuracy", 0.3 + 0.001 * i}, {"latency_ms", 20 - 0.02 * i}});
  CHECK(!rules_of(settings).check(builder.build()));
  for (int i = 600; i < 900; ++i) builder.done(i, {}, {{"accuracy", 0.3}, {"latency_ms", 20}});
  CHECK_THAT(rules_of(settings).check(builder.build()).value(), StartsWith("converged"));
}

TEST_CASE("nothing has converged before constraints are kept") {
  search::StopSettings settings;
  settings.converged = settings.no_progress = settings.gain = true;
  settings.noise = 0.1;
  settings.window = 100;
  const auto config = config::Config::parse("[[constraint]]\nmetric = \"latency_ms\"\nat_most = 1\n", "t.toml");
  for (const auto& objectives : {accuracy, both}) {
    trial::ViewBuilder builder;
    builder.judge(trial::judge_of(objectives, config));
    for (int i = 0; i < 700; ++i) builder.done(i, {}, {{"accuracy", 0.5}, {"latency_ms", 20 - 0.02 * i}});
    CHECK(!search::StopRules(settings).check(builder.build()));
  }
}

TEST_CASE("gain: less than a retraining moves the result by") {
  search::StopSettings settings;
  settings.gain = true;
  settings.noise = 0.002;
  settings.window = 100;
  CHECK(!rules_of(settings).check(study_of(wandering(600, 3)).build()));  // doubling the sample still brings 0.01
  std::vector<double> values;
  base::Rng rng(3, "test", 0, "values");
  for (int i = 0; i < 600; ++i) values.push_back(0.9 - 0.02 * rng.uniform());  // a hard upper end
  const auto reason = rules_of(settings).check(study_of(values).build()).value_or("");
  CHECK_THAT(reason, StartsWith("gain: the last 100 trials improved the best by 0; 100 more are expected to bring no"));
  // Of four values the best is expected to be 5/6 (3 of 6 pairs) x 4 + ... of two drawn: (4*3 + 3*2 + 2*1) / 6 = 10/3.
  settings.window = 2;
  settings.noise = 0.6;
  CHECK(!rules_of(settings).check(study_of({4, 1, 2, 3}).build()));
  settings.noise = 0.67;
  CHECK_THAT(rules_of(settings).check(study_of({4, 1, 2, 3}).build()).value(),
             ContainsSubstring("bring no more than 0.67, training"));
}

TEST_CASE("inferred reference point: a tenth of the range below the worst; thresholds as they are") {
  CHECK(search::reference_point({{1, -5}, {3, -9}}, both) == std::vector<double>{1 - 0.2, -9 - 0.4});
  CHECK(search::reference_point({{2, -5}}, both) == std::vector<double>{2 - 0.2, -5 - 0.5});
  const std::vector<trial::Objective> one{{"accuracy", true, 0.8}, {"latency_ms", false, 7}};
  CHECK(search::reference_point({{1, -5}}, one) == std::vector<double>{0.8, -7});
}

TEST_CASE("what a rule remembers changes nothing: any order of ends, and numbers that come late") {
  search::StopSettings settings;
  settings.converged = settings.invalid = settings.no_progress = settings.target = true;
  settings.window = 50;
  for (const auto& objectives : {accuracy, both}) {
    settings.goals.assign(objectives.size(), NAN);
    settings.goals.front() = 0.905;
    base::Rng rng(5, "test", 0, "order");
    auto veteran = rules_of(settings);
    trial::ViewBuilder builder;
    builder.objectives(objectives);
    std::vector<trial::TrialId> open;
    int stops = 0;
    const auto values = converging(700, 9);
    for (trial::TrialId id = 0; id < 700; ++id) {
      builder.trial(ended(id, trial::State::running));
      open.push_back(id);
      if (open.size() < 8) continue;
      const auto which = static_cast<std::size_t>(rng.below(8));
      const auto chosen = open[which];
      open.erase(open.begin() + std::ptrdiff_t(which));
      if (chosen % 11 == 0) {
        builder.trial(ended(chosen, trial::State::failed, trial::Failure::nan));
      } else {
        builder.done(chosen, {}, {{"accuracy", values[std::size_t(chosen)]}, {"latency_ms", 1 + rng.uniform()}});
      }
      const auto view = builder.build();
      const auto said = veteran.check(view);
      CHECK(said == rules_of(settings).check(view));
      stops += said.has_value();
    }
    CHECK(stops > 0);
  }
}

TEST_CASE("results below the top fidelity say nothing about growth") {
  search::StopSettings settings;
  settings.target = true;
  settings.goals = {0.9};
  trial::ViewBuilder builder;
  builder.objectives(accuracy).fidelities({{.epochs = 1}, {.epochs = 10}});
  builder.done(0, {}, {{"accuracy", 0.95}});
  CHECK(!rules_of(settings).check(builder.build()));
  auto trial = ended(0, trial::State::done);
  trial.rungs.push_back({.item = {0, 1}, .attempt = 1, .state = trial::State::done});
  trial.rungs.back().at = {.epochs = 10};
  trial.rungs.back().metrics = {{"accuracy", 0.93}};
  builder.trial(trial);
  CHECK_THAT(rules_of(settings).check(builder.build()).value(), ContainsSubstring("accuracy 0.93"));
}

TEST_CASE("a study ends by its rules, and says so; lists and grids know only the target") {
  base::set_verbosity(base::Level::quiet);
  const auto run = [](const std::string& search) {
    const auto config = test::macro_config("[objectives]\naccuracy = { goal = \"max\", target = 9 }\n" + search);
    auto space = std::make_shared<const space::Space>(space::Space::load(config));
    const auto planner = search::make_stopping_planner(config, space, 1);
    const auto view = test::simulate(*planner, accuracy, 1000, 1, [](auto number, const auto& params) {
      double count = 0;
      for (const auto& [name, value] : params) count += space::to_text(value) == "k5" ? 2 : 0;
      return number % 2 == 0 ? std::optional(trial::Metrics{{"accuracy", count}}) : std::nullopt;
    });
    const auto decision = planner->next(view);
    return std::pair(view.counts().claimed, std::get<trial::Finished>(decision).reason);
  };
  const auto [invalid, why] = run("[search]\nalgorithm = \"random\"\n");
  CHECK(invalid == 50);
  CHECK_THAT(why, StartsWith("invalid: 25 of 50 trials failed"));
  CHECK(run("[search]\nalgorithm = \"random\"\nstop = []\n").first == 1000);
  CHECK(run("[search]\nalgorithm = \"grid\"\n").first == 1000);
  const auto [reached, target] = run("[search]\nalgorithm = \"grid\"\nstop = [\"target\", \"invalid\"]\n");
  CHECK(reached < 1000);
  CHECK_THAT(target, StartsWith("target: trial "));
}

TEST_CASE("rules may change while the study runs, and are no part of its identity") {
  base::set_verbosity(base::Level::quiet);
  const auto config = test::macro_config("[search]\nalgorithm = \"random\"\n");
  const auto off = config.with({"search.stop=[]"});
  auto space = std::make_shared<const space::Space>(space::Space::load(config));
  const auto planner = search::make_stopping_planner(config, space, 1);
  CHECK(planner->describe() == search::make_stopping_planner(off, space, 1)->describe());
  CHECK(config.identity({"search", "objectives"}) == off.identity({"search", "objectives"}));
  auto builder = study_of(std::vector<double>(60, NAN));
  builder.max_trials(100);
  CHECK(std::holds_alternative<trial::Finished>(planner->next(builder.build())));
  planner->configure(off);
  CHECK(std::holds_alternative<trial::New>(planner->next(builder.build())));
}

TEST_CASE("rules that lack a figure are refused, with the remedy") {
  const auto refused = [](const std::string& text) -> std::string {
    try {
      test::macro_config(text);
    } catch (const base::Error& error) {
      CHECK(error.code() == base::Exit::config);
      return error.what();
    }
    return "";
  };
  CHECK_THAT(refused("[search]\nstop = [\"gain\"]\n"), ContainsSubstring("\"gain\" needs search.noise"));
  CHECK_THAT(refused("[search]\nstop = [\"target\"]\n"), ContainsSubstring("target = 0.95"));
  CHECK_THAT(refused("[search]\nstop = [\"convergd\"]\n"), ContainsSubstring("did you mean \"converged\"?"));
  CHECK_THAT(refused("[objectives]\na = { goal = \"max\" }\nb = { goal = \"min\" }\n[search]\nnoise = 0.1\nstop = "
                     "[\"gain\"]\n"),
             ContainsSubstring("one objective"));
  CHECK(refused("[search]\nnoise = 0.1\nstop = [\"gain\"]\n").empty());
}

TEST_CASE("a claim of a study with 100,000 trials waits less than a millisecond for the rules") {
  for (const auto& objectives : {accuracy, both}) {
    search::StopSettings settings;
    settings.converged = settings.invalid = settings.no_progress = settings.target = true;
    settings.goals.assign(objectives.size(), 2);
    base::Rng rng(1, "test", 0, "many");
    trial::ViewBuilder builder;
    builder.objectives(objectives);
    for (int i = 0; i < 100'000; ++i) builder.done(i, {}, {{"accuracy", rng.uniform()}, {"latency_ms", rng.uniform()}});
    auto rules = rules_of(settings);
    rules.check(builder.build());
    double seconds = 0;
    for (int i = 0; i < 100; ++i) {
      builder.done(100'000 + i, {}, {{"accuracy", rng.uniform()}, {"latency_ms", rng.uniform()}});
      const auto view = builder.build();
      const auto start = std::chrono::steady_clock::now();
      rules.check(view);
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    INFO(objectives.size() << " objectives: " << 1e6 * seconds / 100 << " us");
    CHECK(seconds / 100 < 0.005);  // half a millisecond on a machine of its own
  }
}
