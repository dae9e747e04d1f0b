// CSV after RFC 4180, the trial table, and the tables of candidates and finalists.
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "base/json.hpp"
#include "base/text.hpp"
#include "exchange/csv.hpp"
#include "report/document.hpp"
#include "report/trial_table.hpp"
#include "sample.hpp"
#include "trial/standing.hpp"
#include "trial/view_builder.hpp"

using namespace assay;
using report::Column;

namespace {

std::size_t column(const report::TrialTable& table, const std::string& key) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].key == key) return c;
  }
  FAIL("no column " << key);
  return 0;
}

}  // namespace

TEST_CASE("CSV fields are quoted where RFC 4180 asks for it") {
  CHECK(exchange::csv_field("plain text") == "plain text");
  CHECK(exchange::csv_field("a,b") == "\"a,b\"");
  CHECK(exchange::csv_field("say \"no\"") == "\"say \"\"no\"\"\"");
  CHECK(exchange::csv_field("two\nlines") == "\"two\nlines\"");
  CHECK(exchange::csv_field(" edge") == "\" edge\"");
  CHECK(exchange::csv_line({"a", "", "c"}) == "a,,c\r\n");
  CHECK(exchange::csv_number(0.1) == "0.1");
  CHECK(exchange::csv_number(1.0 / 0.0).empty());
}

TEST_CASE("the trial table has a row per trial and the objectives first among the metrics") {
  const auto table = report::trial_table(tests::sample_search());
  REQUIRE(table.rows.size() == 60);
  CHECK(table.columns[0].key == "trial");
  CHECK(table.columns[1].key == "state");
  CHECK(table.columns[2].key == "accuracy");
  CHECK(table.columns[3].key == "parameters");
  CHECK(table.columns[column(table, "stem.width")].group == Column::Group::parameter);
  CHECK(table.columns[column(table, "act")].kind == Column::Kind::text);
  CHECK(report::to_text(table.rows[7][1]) == "failed");
  CHECK(report::to_text(table.rows[7][column(table, "failure")]) == "nan");
  CHECK(report::to_text(table.rows[7][2]).empty());
  for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
}

TEST_CASE("a parameter named like another column keeps a name of its own") {
  trial::ViewBuilder builder;
  builder.objectives({{"width", true, {}}}).done(0, {{"width", std::int64_t{3}}, {"seconds", 1.5}}, {{"width", 0.5}});
  const auto table = report::trial_table(builder.build());
  CHECK(report::to_text(table.rows[0][column(table, "width")]) == "0.5");
  CHECK(report::to_text(table.rows[0][column(table, "param.width")]) == "3");
  CHECK(report::to_text(table.rows[0][column(table, "param.seconds")]) == "1.5");
  CHECK(report::to_json(table)[0]["parameters"]["width"] == 3);
}

TEST_CASE("a metric named like a column of facts keeps a name of its own") {
  trial::ViewBuilder builder;
  builder.objectives({{"accuracy", true, {}}})
      .done(0, {{"x", 1.5}}, {{"accuracy", 0.5}, {"seconds", 12.5}, {"epochs", 3}, {"trial", 7}});
  const auto table = report::trial_table(builder.build());
  CHECK(report::to_text(table.rows[0][column(table, "metrics.seconds")]) == "12.5");
  CHECK(report::to_text(table.rows[0][column(table, "metrics.trial")]) == "7");
  CHECK(report::to_text(table.rows[0][column(table, "trial")]) == "0");
  std::set<std::string> keys;
  for (const auto& one : table.columns) CHECK(keys.insert(one.key).second);
  CHECK(report::to_json(table)[0]["metrics"]["trial"] == 7);
}

TEST_CASE("a table with a limit keeps the best trials, in the order of their numbers") {
  const auto view = tests::sample_search(200);
  const auto table = report::trial_table(view, 20);
  REQUIRE(table.rows.size() == 20);
  CHECK(table.total == 200);
  const trial::Standings standings(view);
  const auto best = std::to_string(standings.best()->trial->id);
  bool found = false;
  std::int64_t last = -1;
  for (const auto& row : table.rows) {
    found = found || report::to_text(row[0]) == best;
    CHECK(std::get<std::int64_t>(row[0]) > last);
    last = std::get<std::int64_t>(row[0]);
  }
  CHECK(found);
}

TEST_CASE("CSV and JSON hold the same trials") {
  const auto table = report::trial_table(tests::sample_search());
  const auto lines = base::split(report::to_csv(table), '\n');
  CHECK(lines.size() == 62);  // header, 60 trials, the end
  CHECK(lines[8].find("\"the loss is not a number, step 12\"") != std::string::npos);
  const auto json = report::to_json(table);
  REQUIRE(json.size() == 60);
  CHECK(json[0]["metrics"].contains("accuracy"));
  CHECK(json[7]["state"] == "failed");
}

TEST_CASE("an empty study gives a header line") {
  CHECK(base::split(report::to_csv(report::trial_table(trial::StudyView())), '\n').size() == 2);
}

TEST_CASE("candidates and finalists as CSV") {
  const auto run_data = tests::sample();
  const auto candidates = base::split(report::candidates_csv(run_data), '\n');
  REQUIRE(candidates.size() == 5);
  CHECK(candidates[2].starts_with("\"4 epochs, full data\",4,1,1,1,0.9,0.7,0.99,"));
  CHECK(candidates[2].ends_with(",true,true\r"));
  const auto finalists = base::split(report::finalists_csv(run_data), '\n');
  REQUIRE(finalists.size() == 6);
  CHECK(finalists[4].starts_with("baseline,false,0.962,"));
  CHECK(base::split(report::candidates_csv(tests::nothing()), '\n').size() == 2);
}

TEST_CASE("a trial's row has the cost of all its rungs") {
  auto trial = tests::sample_trial(0);
  auto next = trial.rungs.front();
  next.item.rung = 1;
  next.started += 100;
  next.ended = next.started + 4;
  next.device_seconds = 8;
  trial.rungs.push_back(next);
  next.item.rung = 2;  // under way: what it takes is not known yet
  next.state = trial::State::running;
  next.ended = next.device_seconds = 0;
  trial.rungs.push_back(next);
  trial::ViewBuilder builder;
  builder.objectives(tests::sample_objectives).trial(trial);
  const auto row = report::to_json(report::trial_table(builder.build())).at(0);
  CHECK(row["seconds"] == 5.5);
  CHECK(row["device_seconds"] == 9.5);
}
