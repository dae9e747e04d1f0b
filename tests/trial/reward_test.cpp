#include "trial/reward.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>

#include "base/error.hpp"

using namespace assay;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

trial::Reward reward_of(const std::string& factors, const std::string& goal = "max",
                        const std::string& of = "accuracy") {
  return trial::Reward(config::Config::parse(
      "[objectives]\nreward = { goal = \"" + goal + "\", of = \"" + of + "\" }\n" + factors, "t.toml"));
}

std::string factor(const std::string& metric, double target, const std::string& more = "") {
  return "[[reward]]\nmetric = \"" + metric + "\"\ntarget = " + std::to_string(target) + "\n" + more;
}

double reward(const trial::Reward& made, trial::Metrics metrics) {
  CHECK(!made.add(metrics));
  return metrics.at("reward");
}

std::string refused(const std::string& text) {
  try {
    config::Config::parse(text, "t.toml");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::config);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("Vertex AI NAS's worked example: accuracy 0.95, target 0.8 million multiply-adds") {
  const auto hard = reward_of(factor("flops", 0.8));
  const auto soft = reward_of(factor("flops", 0.8, "kind = \"soft\"\nexponent = 1\n"));
  CHECK(reward(hard, {{"accuracy", 0.95}, {"flops", 0.4}}) == Approx(0.95));
  CHECK(reward(soft, {{"accuracy", 0.95}, {"flops", 0.4}}) == Approx(1.9));
  CHECK(reward(hard, {{"accuracy", 0.95}, {"flops", 1.6}}) == Approx(0.475));
  CHECK(reward(soft, {{"accuracy", 0.95}, {"flops", 1.6}}) == Approx(0.475));
  CHECK(reward(hard, {{"accuracy", 0.95}, {"flops", 0.8}}) == Approx(0.95));
  CHECK(reward(soft, {{"accuracy", 0.95}, {"flops", 0.8}}) == Approx(0.95));
}

TEST_CASE("the soft preset is MnasNet's: twice the latency costs about 5 %") {
  const auto soft = reward_of(factor("latency_ms", 80, "kind = \"soft\"\n"));
  CHECK(reward(soft, {{"accuracy", 0.75}, {"latency_ms", 160}}) == Approx(0.75 * std::pow(2, -0.07)));
  CHECK(reward(soft, {{"accuracy", 0.75}, {"latency_ms", 40}}) == Approx(0.75 * std::pow(2, 0.07)));
}

TEST_CASE("several factors multiply; a metric to minimise is divided by them") {
  const auto text = factor("latency_ms", 2) + factor("parameters", 1000);
  CHECK(reward(reward_of(text), {{"accuracy", 0.8}, {"latency_ms", 4}, {"parameters", 2000}}) == Approx(0.2));
  CHECK(reward(reward_of(text, "min", "rmse"), {{"rmse", 0.8}, {"latency_ms", 4}, {"parameters", 500}}) == Approx(1.6));
}

TEST_CASE("a reward that cannot be made says why, and none stands in the metrics") {
  const auto made = reward_of(factor("latency_ms", 2));
  const auto wrong = [&](trial::Metrics metrics) {
    const auto why = made.add(metrics);
    CHECK(!metrics.contains("reward"));
    return why.value_or("");
  };
  CHECK(wrong({{"accuracy", 0.8}}) == "reward needs latency_ms, which was not measured");
  CHECK(wrong({{"latency_ms", 2}, {"reward", 7}}) == "reward needs accuracy, which was not measured");
  CHECK_THAT(wrong({{"accuracy", 0.8}, {"latency_ms", 0}}), ContainsSubstring("above zero"));
  CHECK_THAT(wrong({{"accuracy", -0.8}, {"latency_ms", 1}}), ContainsSubstring("from 0 up"));
}

TEST_CASE("what must be measured for derived objectives is their parts") {
  const auto made = reward_of(factor("latency_ms", 2));
  CHECK(made.derives("reward"));
  CHECK(made.measured({{"reward", true, {}}, {"parameters", false, {}}}) ==
        std::set<std::string>{"accuracy", "latency_ms", "parameters"});
  const trial::Reward none(config::Config::parse("[objectives]\naccuracy = { goal = \"max\" }\n", "t"));
  CHECK(none.empty());
  CHECK(none.measured({{"accuracy", true, {}}}) == std::set<std::string>{"accuracy"});
  trial::Metrics metrics{{"accuracy", 1}};
  CHECK(!none.add(metrics));
  CHECK(metrics.size() == 1);
}

TEST_CASE("rewards that mean nothing are refused where they are written") {
  const std::string objective = "[objectives]\nreward = { goal = \"max\", of = \"accuracy\" }\n";
  CHECK_THAT(refused(objective), ContainsSubstring("needs factors"));
  CHECK_THAT(refused(factor("latency_ms", 2)), ContainsSubstring("no objective is made with it"));
  CHECK_THAT(refused(objective + "[[reward]]\nmetric = \"a\"\n"), ContainsSubstring("target = 2.0"));
  CHECK_THAT(refused(objective + factor("a", -1)), ContainsSubstring("must be above 0"));
  CHECK_THAT(refused("[objectives]\na = { goal = \"max\", of = \"a\" }\n" + factor("b", 1)),
             ContainsSubstring("not a derived one"));
  CHECK(refused(objective + factor("a", 1, "kind = \"soft\"\n")).empty());
}
