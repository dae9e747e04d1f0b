#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>

#include "base/error.hpp"
#include "search/planners.hpp"
#include "search/stopping/stop_rules.hpp"
#include "trial/ranking.hpp"
#include "trial/view_builder.hpp"

using namespace assay;
using Catch::Approx;

namespace {

const std::string soft = "[[constraint]]\nmetric = \"latency_ms\"\nat_most = 2\nweight = 0.1\n";

}  // namespace

TEST_CASE("a soft constraint costs the first objective its weight per limit missed, and breaks nothing") {
  const trial::MetricLimits limits(config::Config::parse(soft, "t"));
  for (const bool maximise : {true, false}) {
    const std::vector<trial::Objective> objectives{{"score", maximise, {}}, {"size", false, {}}};
    const auto score = [&](double latency) {
      return trial::Judge(objectives, limits).score({{"score", 0.5}, {"size", 3}, {"latency_ms", latency}}).value();
    };
    const double plain = maximise ? 0.5 : -0.5;
    CHECK(score(2).values == std::vector<double>{plain, -3});
    CHECK(score(1).values.front() == plain);
    CHECK(score(3).values.front() == Approx(plain - 0.05));
    CHECK(score(4).values.front() == Approx(plain - 0.1));
    CHECK(score(4).values.back() == -3);
    CHECK(score(4).feasible());
  }
  CHECK(!trial::Judge({{"score", true, {}}}, limits).score({{"score", 0.5}}));
}

TEST_CASE("relations between parameters cannot be soft") {
  CHECK_THROWS_AS(config::Config::parse("[[constraint]]\nrequire = \"a <= b\"\nweight = 1\n", "t"), base::Error);
}

TEST_CASE("target: the sentence tells what was measured, and what soft constraints take from it") {
  const auto config =
      config::Config::parse("[[constraint]]\nmetric = \"size\"\nat_most = 1\nweight = 0.05\n", "t.toml");
  search::StopSettings settings;
  settings.target = true;
  settings.goals = {0.85};
  search::StopRules rules(settings);
  trial::ViewBuilder builder;
  builder.judge(trial::judge_of({{"accuracy", true, {}}}, config));
  builder.done(0, {}, {{"accuracy", 0.93}, {"size", 2}});
  CHECK(rules.check(builder.build()) == "target: trial 0 has accuracy 0.93 less a penalty of 0.05 (target 0.85)");
}
