// Constraints, fidelities and the control in the report: what is said follows the one truth about a trial.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/json.hpp"
#include "report/document.hpp"
#include "report/insight.hpp"
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

namespace {

study::Measurement rung(study::TrialId trial, int number, int epochs, double accuracy, std::vector<std::int64_t> steps) {
  study::Measurement at;
  at.item = {trial, number};
  at.attempt = 1;
  at.at = {.epochs = epochs};
  at.state = study::State::done;
  at.metrics = {{"accuracy", accuracy}, {"parameters", 900.0}};
  for (const auto step : steps) at.reports.push_back({step, 0, {{"accuracy", accuracy - 0.001 * static_cast<double>(epochs - step)}}});
  return at;
}

/// Trials 0 to 5 at 2 epochs, of them 2 and 4 at 8 epochs as well; low fidelity looks better than it is.
report::Material rungs() {
  auto material = tests::sample();
  material.full.reset();
  material.full_epochs = 8;
  material.judge = study::Judge({{"accuracy", true, {}}});
  study::ViewBuilder builder;
  builder.judge(material.judge).fidelities({{.epochs = 2}, {.epochs = 8}});
  for (study::TrialId id = 0; id < 6; ++id) {
    study::Trial trial;
    trial.id = id;
    trial.proposed = true;
    trial.what.params = {{"lr", 0.1}};
    trial.rungs.push_back(rung(id, 0, 2, 0.70 + 0.01 * static_cast<double>(id), {1, 2}));
    if (id == 2 || id == 4) {
      trial.rungs.push_back(rung(id, 1, 8, 0.60 + 0.01 * static_cast<double>(id), {3, 4, 5, 6, 7, 8}));
      trial.rungs.back().own = std::make_shared<study::Proposal>(study::Proposal{.params = {{"lr", 0.3}}});
    }
    builder.trial(trial);
  }
  material.studies.at(run::Stage::search) = builder.build();
  return material;
}

std::vector<std::int64_t> steps_of(const std::vector<study::Report>& reports) {
  std::vector<std::int64_t> steps;
  for (const auto& report : reports) steps.push_back(report.step);
  return steps;
}

}  // namespace

TEST_CASE("the report says at which fidelity the best was measured, and how many trials got there") {
  const auto material = rungs();
  const auto document = report::document(material);
  const auto text = document["search"]["text"].get<std::string>();
  CHECK_THAT(text, ContainsSubstring("6 trials, 2 of them at all 8 epochs") &&
                       ContainsSubstring("Best 64.00 % at 8 epochs (75.00 % at 2 epochs)"));
  CHECK_THAT(document["headline"]["sentence"].get<std::string>(), ContainsSubstring("Trial 4"));
  bool shown = false;
  for (const auto& figure : document["headline"]["figures"])
    shown = shown || (figure["label"] == "best in the search" && figure["value"] == "64.00 %");
  CHECK(shown);
}

TEST_CASE("the best so far holds comparable measurements only, and the others are marked") {
  const auto section = report::search_section(rungs());
  CHECK(section["running_best"] == base::Json::parse("[[2, 0.62], [4, 0.64]]"));
  for (std::size_t id = 0; id < 6; ++id) CHECK(section["standing"][id] == (id == 2 || id == 4 ? "compared" : "below"));
  CHECK(section["levels"] == 2);
}

TEST_CASE("while no trial is at the top, the report compares at the highest fidelity reached and says so") {
  auto material = rungs();
  study::ViewBuilder builder(material.studies.at(run::Stage::search));
  material.studies.at(run::Stage::search) = builder.fidelities({{.epochs = 2}, {.epochs = 8}, {.epochs = 24}}).build();
  material.full_epochs = 24;
  CHECK_THAT(report::search_section(material)["text"].get<std::string>(),
             ContainsSubstring("6 trials, 2 of them at 8 epochs (no trial has got to all 24 epochs yet)"));
}

TEST_CASE("a learning curve goes on through the rungs") {
  const auto view = rungs().studies.at(run::Stage::search);
  CHECK(steps_of(report::whole_curve(*view.find(4))) == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8});
  study::Trial trial;
  trial.rungs = {rung(0, 0, 2, 0.5, {1, 2}), rung(0, 1, 4, 0.6, {1, 2})};  // a command that counts from its own start
  CHECK(steps_of(report::whole_curve(trial)) == std::vector<std::int64_t>{1, 2, 3, 4});
  trial.rungs = {rung(0, 0, 2, 0.5, {}), rung(0, 1, 4, 0.6, {})};  // results alone
  CHECK(steps_of(report::whole_curve(trial)) == std::vector<std::int64_t>{2, 4});
  trial.rungs = {rung(0, 0, 2, 0.5, {1, 2}), rung(0, 1, 4, 0.6, {1, 2, 3, 4})};  // begun again: not twice
  CHECK(steps_of(report::whole_curve(trial)) == std::vector<std::int64_t>{1, 2, 3, 4});
}

TEST_CASE("the table shows the parameters measured, not those that a trial began with") {
  const auto table = report::search_section(rungs())["table"];
  for (std::size_t c = 0; c < table["columns"].size(); ++c) {
    if (table["columns"][c]["key"] != "lr") continue;
    CHECK(table["values"][c] == base::Json::parse("[0.1, 0.1, 0.3, 0.1, 0.3, 0.1]"));
    return;
  }
  FAIL("no column lr");
}
