// Constraints, fidelities and the control in the report: what is said follows the one truth about a trial.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "report/document.hpp"
#include "report/insight.hpp"
#include "report/sections.hpp"
#include "sample.hpp"
#include "trial/standing.hpp"
#include "trial/view_builder.hpp"

using namespace assay;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the report lists every limit and how many comparable trials keep it") {
  const auto run_data = tests::sample_limited();
  const auto document = report::document(run_data);
  const trial::Standings standings(run_data.studies.at(run::Stage::search));
  const auto& limits = run_data.judge.limits().all();
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
  const auto run_data = tests::sample_limited();
  const trial::Standings standings(run_data.studies.at(run::Stage::search));
  const auto section = report::search_section(run_data);
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
  for (const auto& step : record) CHECK(standings.at(step[0].get<trial::TrialId>()).feasible);
}

TEST_CASE("where no trial keeps the limits the report names no best") {
  auto run_data = tests::sample_limited();
  trial::ViewBuilder builder;
  builder.judge(run_data.judge);
  for (trial::TrialId id = 0; id < 3; ++id)
    builder.done(id, {},
                 {{"accuracy", 0.9}, {"parameters", 60'000.0 + 3000.0 * static_cast<double>(id)}, {"loss", 0.1}});
  run_data.studies.at(run::Stage::search) = builder.build();
  const auto section = report::constraints_section(run_data);
  CHECK_THAT(section["text"].get<std::string>(),
             ContainsSubstring("No trial keeps all hard limits") && ContainsSubstring("Trial 0 breaks them least"));
  CHECK(section["list"][0]["kept"] == 0);
  CHECK(report::search_section(run_data)["running_best"].empty());
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
  auto run_data = tests::sample();
  run_data.judge = trial::judge_of({{"accuracy", true, {}}, {"merit", true, {}}}, config);
  CHECK(run_data.judge.first().metric == "merit");
  CHECK(report::document(run_data)["first"] == 1);
  CHECK(run_data.named_metrics() == std::vector<std::string>{"accuracy", "merit", "parameters"});
}

namespace {

std::vector<std::int64_t> steps_of(const std::vector<trial::Report>& reports) {
  std::vector<std::int64_t> steps;
  for (const auto& report : reports) steps.push_back(report.step);
  return steps;
}

}  // namespace

TEST_CASE("the report says at which fidelity the best was measured, and how many trials got there") {
  const auto run_data = tests::sample_rungs();
  const auto document = report::document(run_data);
  const auto text = document["search"]["text"].get<std::string>();
  CHECK_THAT(text, ContainsSubstring("6 trials, 2 of them at all 8 epochs") &&
                       ContainsSubstring("Best 64.00 % at 8 epochs (75.00 % at 2 epochs)"));
  CHECK_THAT(document["headline"]["sentence"].get<std::string>(),
             ContainsSubstring("Trial 4 is the search's best with 64.00 % accuracy at all 8 epochs"));
  bool shown = false;
  for (const auto& figure : document["headline"]["figures"])
    shown = shown || (figure["label"] == "best in the search" && figure["value"] == "64.00 %");
  CHECK(shown);
}

TEST_CASE("a half trained trial from elsewhere is not counted among those at the full length") {
  trial::ViewBuilder builder;
  builder.judge(trial::Judge({{.metric = "accuracy"}})).fidelities({{.epochs = 8}});
  for (trial::TrialId id = 0; id < 3; ++id) {
    trial::Trial trial{.id = id, .proposed = true};
    trial.rungs.push_back({.item = {id, 0}, .state = trial::State::done, .at = {.epochs = id == 2 ? 2 : 8}});
    trial.rungs.back().metrics["accuracy"] = 0.5;
    builder.trial(std::make_shared<const trial::Trial>(std::move(trial)));
  }
  const auto view = builder.build();
  CHECK(report::trials_text(trial::Standings(view), 8) == "3 trials, 2 of them at all 8 epochs");
}

TEST_CASE("the best so far holds comparable measurements only, and the others are marked") {
  const auto section = report::search_section(tests::sample_rungs());
  CHECK(section["running_best"] == base::Json::parse("[[2, 0.62], [4, 0.64]]"));
  for (std::size_t id = 0; id < 6; ++id) CHECK(section["standing"][id] == (id == 2 || id == 4 ? "compared" : "below"));
  CHECK(section["levels"] == 2);
}

TEST_CASE("while no trial is at the top, the report compares at the highest fidelity reached and says so") {
  auto run_data = tests::sample_rungs();
  trial::ViewBuilder builder(run_data.studies.at(run::Stage::search));
  run_data.studies.at(run::Stage::search) = builder.fidelities({{.epochs = 2}, {.epochs = 8}, {.epochs = 24}}).build();
  run_data.full_epochs = 24;
  CHECK_THAT(report::search_section(run_data)["text"].get<std::string>(),
             ContainsSubstring("6 trials, 2 of them at 8 epochs (no trial has got to all 24 epochs yet)"));
}

TEST_CASE("a learning curve goes on through the rungs") {
  const auto view = tests::sample_rungs().studies.at(run::Stage::search);
  CHECK(steps_of(report::whole_curve(*view.find(4))) == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8});
  trial::Trial trial;
  trial.rungs = {tests::sample_rung(0, 0, 2, 0.5, {1, 2}),
                 tests::sample_rung(0, 1, 4, 0.6, {1, 2})};  // a command that counts from its own start
  CHECK(steps_of(report::whole_curve(trial)) == std::vector<std::int64_t>{1, 2, 3, 4});
  trial.rungs = {tests::sample_rung(0, 0, 2, 0.5, {}), tests::sample_rung(0, 1, 4, 0.6, {})};  // results alone
  CHECK(steps_of(report::whole_curve(trial)) == std::vector<std::int64_t>{2, 4});
  trial.rungs = {tests::sample_rung(0, 0, 2, 0.5, {1, 2}),
                 tests::sample_rung(0, 1, 4, 0.6, {1, 2, 3, 4})};  // begun again: not twice
  CHECK(steps_of(report::whole_curve(trial)) == std::vector<std::int64_t>{1, 2, 3, 4});
}

TEST_CASE("the table shows the parameters measured, not those that a trial began with") {
  const auto table = report::search_section(tests::sample_rungs())["table"];
  for (std::size_t c = 0; c < table["columns"].size(); ++c) {
    if (table["columns"][c]["key"] != "lr") continue;
    CHECK(table["values"][c] == base::Json::parse("[0.1, 0.1, 0.3, 0.1, 0.3, 0.1]"));
    return;
  }
  FAIL("no column lr");
}

TEST_CASE("the finalists have every named metric, and what breaks a limit is said to") {
  const auto run_data = tests::sample_limited();
  const auto section = report::full_section(run_data);
  CHECK(section["metrics"] == base::Json{"parameters", "loss"});
  CHECK(section["limited"] == true);
  CHECK(section["soft"] == true);
  std::size_t broken = 0;
  for (std::size_t i = 0; i < run_data.full->finalists.size(); ++i) {
    const auto& finalist = run_data.full->finalists[i];
    const auto& entry = section["finalists"][i];
    for (const auto& name : section["metrics"]) CHECK(entry["metrics"].contains(name.get<std::string>()));
    CHECK(entry["broken"].get<std::string>().empty() == finalist.feasible);
    CHECK(entry["baseline"] == (finalist.trial < 0));
    CHECK(entry["value"].get<double>() == Approx(*run_data.judge.value(finalist.metrics)));
    broken += !finalist.feasible;
  }
  REQUIRE(broken > 1);
  const auto& control = section["finalists"].back();
  CHECK(control["broken"] == "parameters is 41000 (at most 30000)");
  CHECK_THAT(report::headline_section(run_data)["lead"].get<std::string>(),
             ContainsSubstring("The baseline breaks a constraint: parameters is 41000 (at most 30000). It is a control "
                               "and cannot win."));
  CHECK(report::baseline_section(run_data)["broken"] == "parameters is 41000 (at most 30000)");

  const auto lines = base::split(report::finalists_csv(run_data), '\n');
  CHECK(lines[0] ==
        "trial,winner,score,lo,hi,seeds,scores,search_score,parameters,multiply_adds,baseline,feasible,"
        "violation,value,accuracy,metrics.parameters,loss,params\r");
  CHECK_THAT(lines[run_data.full->finalists.size()], ContainsSubstring(",true,false,0.36"));
}

TEST_CASE("a winner that an infeasible baseline outdoes is not called level with it") {
  auto run_data = tests::sample_limited();
  run_data.full->finalists.back().scores = {0.991, 0.992, 0.993};
  run_data.full->finalists.back().score = {0.992, 0.991, 0.993};
  const auto headline = report::headline_section(run_data);
  CHECK_THAT(headline["sentence"].get<std::string>(), !ContainsSubstring("cannot be told"));
  CHECK_THAT(headline["lead"].get<std::string>(), ContainsSubstring("Worse than the baseline by 1.10 points") &&
                                                      !ContainsSubstring("holds zero") &&
                                                      ContainsSubstring("cannot win"));
}

TEST_CASE("without a feasible finalist the headline names the least violation and no winner") {
  auto run_data = tests::sample_limited();
  auto& full = *run_data.full;
  full.finalists.erase(full.finalists.begin());
  full.winner = -2;
  const auto headline = report::headline_section(run_data);
  CHECK_THAT(headline["sentence"].get<std::string>(),
             ContainsSubstring("there is no winner; trial " + std::to_string(full.finalists.front().trial) +
                               " breaks them least: parameters is 57600 (at most 30000)"));
  CHECK_THAT(headline["sentence"].get<std::string>(), !ContainsSubstring("has not been trained"));
}

TEST_CASE("defaults that break a limit are not asked to be beaten") {
  const auto told = [](const report::RunData& run_data) {
    for (const auto& hint : report::hints_section(run_data)) {
      if (hint["title"] == "The search has not clearly beaten the defaults") return true;
    }
    return false;
  };
  auto run_data = tests::sample_limited();
  auto& control = run_data.full->finalists.back();
  control.scores = {0.95, 0.98, 1.0};
  CHECK_FALSE(told(run_data));
  control.feasible = true;
  CHECK(told(run_data));
}
