// Constraints, fidelities and the control in the report: what is said follows the one truth about a trial.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/json.hpp"
#include "report/document.hpp"
#include "report/sections.hpp"
#include "sample.hpp"
#include "study/standing.hpp"
#include "study/view_builder.hpp"

using namespace assay;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The sample, judged with limits.
report::Material limited() {
  auto material = tests::sample();
  material.judge = tests::sample_limits();
  study::ViewBuilder builder(material.studies.at(run::Stage::search));
  material.studies.at(run::Stage::search) = builder.judge(material.judge).build();
  return material;
}

}  // namespace

TEST_CASE("the report lists every limit and how many comparable trials keep it") {
  const auto material = limited();
  const auto document = report::document(material);
  const study::Standings standings(material.studies.at(run::Stage::search));
  const auto& limits = material.judge.limits().all();
  const auto& list = document["constraints"]["list"];
  REQUIRE(list.size() == limits.size());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    std::size_t kept = 0;
    for (const auto& standing : standings.all())
      kept += standing.comparable && limits[i].missed(standing.shown->metrics) == 0;
    CHECK(list[i]["metric"] == limits[i].metric);
    CHECK(list[i]["kept"] == kept);
    CHECK(list[i]["of"] == standings.comparable());
  }
  CHECK(list[0]["bounds"] == "at most 30,000");
  CHECK(list[0]["hard"] == true);
  CHECK(list[1]["hard"] == false);
  CHECK(list[1]["weight"] == 0.1);
  REQUIRE(standings.feasible() < standings.comparable());
  CHECK_THAT(document["constraints"]["text"].get<std::string>(),
             ContainsSubstring(std::to_string(standings.feasible()) + " of the " +
                               std::to_string(standings.comparable()) + " trials"));
  CHECK(report::document(tests::sample())["constraints"].is_null());
}

TEST_CASE("each row of the page says how it counts, and the best so far is of those that count") {
  const auto material = limited();
  const study::Standings standings(material.studies.at(run::Stage::search));
  const auto section = report::search_section(material);
  const auto& rows = section["standing"];
  REQUIRE(rows.size() == standings.all().size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& standing = standings.all()[i];
    CHECK((rows[i] == "compared") == (standing.comparable && standing.feasible));
    CHECK((rows[i] == "infeasible") == (standing.comparable && !standing.feasible));
  }
  const auto& record = section["running_best"];
  REQUIRE(record.size() > 1);
  CHECK(record.back()[0] == standings.best()->trial->id);
  CHECK(record.back()[1].get<double>() == Approx(*standings.best()->value));
  for (const auto& step : record) CHECK(standings.at(step[0].get<study::TrialId>()).feasible);
}

TEST_CASE("where no trial keeps the limits the report names no best") {
  auto material = limited();
  study::ViewBuilder builder;
  builder.judge(material.judge);
  for (study::TrialId id = 0; id < 3; ++id)
    builder.done(id, {}, {{"accuracy", 0.9}, {"parameters", 60'000.0 + 3000.0 * static_cast<double>(id)}, {"loss", 0.1}});
  material.studies.at(run::Stage::search) = builder.build();
  const auto section = report::constraints_section(material);
  CHECK_THAT(section["text"].get<std::string>(),
             ContainsSubstring("No trial keeps all hard limits") && ContainsSubstring("Trial 0 breaks them least"));
  CHECK(section["list"][0]["kept"] == 0);
  CHECK(report::search_section(material)["running_best"].empty());
}

TEST_CASE("the reward is the first objective wherever it stands in the list") {
  const auto config = config::Config::parse(R"(
[objectives]
accuracy = { goal = "max" }
merit = { goal = "max", of = "accuracy" }
[[reward]]
metric = "parameters"
target = 20_000
exponent = 0.07
)",
                                            "reward.toml");
  auto material = tests::sample();
  material.judge = study::judge_of({{"accuracy", true, {}}, {"merit", true, {}}}, config);
  CHECK(material.judge.first().metric == "merit");
  CHECK(report::document(material)["first"] == 1);
  CHECK(material.named_metrics() == std::vector<std::string>{"accuracy", "merit", "parameters"});
}
