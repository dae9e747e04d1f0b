// analyze on a real run folder, and the page in a real browser: all charts drawn, no error, nothing loaded from
// elsewhere.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>
#include <iostream>

#include "base/json.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/process.hpp"
#include "report/document.hpp"
#include "report/page.hpp"
#include "report/publish.hpp"
#include "run/run.hpp"
#include "sample.hpp"
#include "study/study.hpp"
#include "temp_folder.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using run::Stage;

namespace {

const char* const config_text = R"(
[run]
name = "tiny"
[data]
format = "csv"
train = "train.csv"
valid = "valid.csv"
[model]
input = [2]
blocks = [ { op = "linear", name = "hidden", width = { choice = [4, 8, 16] } }, { op = "linear", width = "classes" } ]
[training]
epochs = 30
[objectives]
accuracy = { goal = "max", threshold = 0.95 }
parameters = { goal = "min", threshold = 60_000 }
[search]
max_trials = 30
)";

class Sequence : public trial::Planner {
 public:
  trial::Decision next(const trial::StudyView&) override { return trial::New{}; }
  std::optional<trial::Proposal> propose(const trial::StudyView&, trial::TrialId trial, base::Rng&) override {
    return tests::sample_trial(trial).first;
  }
  base::Json describe() const override { return "sequence"; }
};

/// A finished study of thirty trials in RUN/search, by the real protocol.
void make_search(const run::Run& run) {
  study::Definition definition{.stage = "search",
                               .seed = 1,
                               .identity = {{"space", "sample"}},
                               .objectives = tests::sample_objectives,
                               .fidelities = {{.epochs = 4}}};
  study::Limits limits;
  limits.max_trials = 30;
  limits.max_failed = 30;
  study::Study study(run.folder(Stage::search), definition, limits);
  Sequence planner;
  for (;;) {
    const auto offer = study.claim(planner);
    if (const auto* ended = std::get_if<study::Study::Ended>(&offer)) {
      CHECK(study.close(ended->reason));
      return;
    }
    REQUIRE(std::holds_alternative<study::Claim>(offer));
    const auto& claim = std::get<study::Claim>(offer);
    const auto as = tests::sample_trial(claim.work.item.trial).rungs.front();
    for (const auto& report : as.reports) study.report(claim, report.step, report.metrics);
    study.commit(claim, {.state = as.state,
                         .failure = as.failure,
                         .reason = as.reason,
                         .metrics = as.metrics,
                         .attributes = {},
                         .device_seconds = 1.5});
  }
}

void write(const os::Path& path, const std::string& text) { os::publish(path, text, os::Durable::no); }

os::Path tiny_config(const tests::TempFolder& folder) {
  write(folder / "train.csv", "x,y,label\n0,1,a\n1,0,b\n0,2,a\n2,0,b\n");
  write(folder / "valid.csv", "x,y,label\n0,1,a\n1,0,b\n");
  write(folder / "tiny.toml", config_text);
  return folder / "tiny.toml";
}

std::optional<os::Path> program(const std::string& name) {
  const auto path = os::Path(ASSAY_BIN) / name;
  if (!os::file_size(path)) return std::nullopt;
  return path;
}

std::optional<std::string> browser() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
    if (os::capture({name, "--version"}, 60).ended.code == 0) return name;
  }
  return std::nullopt;
}

/// The attribute of <html> that the page sets when everything is drawn.
std::string attribute(const std::string& dom, const std::string& name) {
  const auto at = dom.find(name + "=\"");
  if (at == std::string::npos) return "(missing)";
  const auto from = at + name.size() + 2;
  return dom.substr(from, dom.find('"', from) - from);
}

std::string open_page(const std::string& chromium, const os::Path& page, const tests::TempFolder& folder) {
  const auto result = os::capture({chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                                   "--user-data-dir=" + (folder / "profile").string(), "--virtual-time-budget=20000",
                                   "--dump-dom", "file://" + page.string()},
                                  240);
  CHECK(result.ended.code == 0);
  return result.output;
}

}  // namespace

TEST_CASE("the page draws every chart in a browser without an error", "[browser]") {
  const auto chromium = browser();
  if (!chromium) SKIP("Chromium is not installed: the page was not opened");
  if (!report::find_plotly()) SKIP("plotly.min.js is not there (bin/setup fetches it): there are no charts to draw");
  const tests::TempFolder folder("page");
  const auto published = report::publish(tests::sample(), folder / "report");
  REQUIRE(published.charts);
  const auto dom = open_page(*chromium, published.page, folder);
  CHECK(attribute(dom, "data-errors").empty());
  CHECK(attribute(dom, "data-drawn") == attribute(dom, "data-charts"));
  const auto charts = base::split(attribute(dom, "data-charts"), ' ');
  CHECK(charts.size() == 12);
  CHECK_THAT(dom, ContainsSubstring("main-svg") && ContainsSubstring("98.10 % accuracy"));
  CHECK_THAT(os::read_file(published.page), !ContainsSubstring("src=\"http") && !ContainsSubstring("url(http"));
}

TEST_CASE("limits, infeasible points and fidelities are drawn with an entry in the legend", "[browser]") {
  const auto chromium = browser();
  if (!chromium) SKIP("Chromium is not installed: the page was not opened");
  if (!report::find_plotly()) SKIP("plotly.min.js is not there (bin/setup fetches it): there are no charts to draw");
  const tests::TempFolder folder("limits");
  const auto limited = open_page(*chromium, report::publish(tests::sample_limited(), folder / "limited").page, folder);
  CHECK(attribute(limited, "data-errors").empty());
  CHECK(attribute(limited, "data-drawn") == attribute(limited, "data-charts"));
  CHECK_THAT(limited, ContainsSubstring(">breaks a constraint</text>") &&
                          ContainsSubstring(">limit: at most 30,000</text>") &&
                          ContainsSubstring(">control, breaks a constraint</text>") &&
                          ContainsSubstring("baseline (control)") && ContainsSubstring("soft, weight 0.1"));
  CHECK_THAT(limited, !ContainsSubstring(">other fidelity</text>"));
  const auto rungs = open_page(*chromium, report::publish(tests::sample_rungs(), folder / "rungs").page, folder);
  CHECK(attribute(rungs, "data-errors").empty());
  CHECK(attribute(rungs, "data-drawn") == attribute(rungs, "data-charts"));
  CHECK_THAT(rungs, ContainsSubstring(">other fidelity</text>") && ContainsSubstring("64.00 % at 8 epochs"));
  CHECK_THAT(rungs, !ContainsSubstring(">breaks a constraint</text>"));
}

TEST_CASE("the table of trials is sorted by a metric without mixing fidelities", "[browser]") {
  const auto chromium = browser();
  if (!chromium) SKIP("Chromium is not installed: the page was not opened");
  const tests::TempFolder folder("sorted");
  auto text = report::page(report::document(tests::sample_rungs()), std::nullopt);
  const std::string click = R"(<script>
[...document.querySelectorAll("table.trials th")].find(th => th.textContent === "accuracy").click();
document.documentElement.dataset.order =
  [...document.querySelectorAll("table.trials tbody tr")].map(tr => tr.firstChild.lastChild.textContent).join(" ");
</script>)";
  text.insert(text.rfind("</body>"), click);
  write(folder / "sorted.html", text);
  const auto dom = open_page(*chromium, folder / "sorted.html", folder);
  CHECK(attribute(dom, "data-errors").empty());
  CHECK(attribute(dom, "data-order") == "4 2 5 3 1 0");
}

TEST_CASE("a zero on a logarithmic axis does not stop the page", "[browser]") {
  const auto chromium = browser();
  if (!chromium) SKIP("Chromium is not installed: the page was not opened");
  if (!report::find_plotly()) SKIP("plotly.min.js is not there (bin/setup fetches it): there are no charts to draw");
  for (const bool all : {false, true}) {
    const tests::TempFolder folder("zero");
    auto run_data = tests::sample();
    for (auto& candidate : run_data.proxy->candidates) {
      candidate.speed_up = 0;  // nothing was measured
      if (!all) break;
    }
    const auto dom = open_page(*chromium, report::publish(run_data, folder / "report").page, folder);
    CHECK(attribute(dom, "data-errors").empty());
    CHECK(attribute(dom, "data-drawn") == attribute(dom, "data-charts"));
  }
}

TEST_CASE("a page of gaps, and a page without Plotly, open without an error", "[browser]") {
  const auto chromium = browser();
  if (!chromium) SKIP("Chromium is not installed: the page was not opened");
  const tests::TempFolder folder("gaps");
  write(folder / "gaps.html", report::page(report::document(tests::nothing()), std::nullopt));
  const auto gaps = open_page(*chromium, folder / "gaps.html", folder);
  CHECK(attribute(gaps, "data-errors").empty());
  CHECK_THAT(gaps, ContainsSubstring("search-driver runs/empty"));
  write(folder / "plain.html", report::page(report::document(tests::sample()), std::nullopt));
  const auto plain = open_page(*chromium, folder / "plain.html", folder);
  CHECK(attribute(plain, "data-errors").empty());
  CHECK_THAT(plain, ContainsSubstring("Plotly was not found"));
}

TEST_CASE("analyze reports a run folder, whole or in part") {
  const auto analyze = program("analyze");
  if (!analyze) SKIP("analyze is not built");
  const tests::TempFolder folder("analyze");
  const auto place = folder / "run";
  const auto run = run::Run::open(place, tiny_config(folder));
  run.begin(Stage::split);
  run.finish(Stage::split, run::to_json(tests::sample_split()), 0);
  run.begin(Stage::search);
  make_search(run);

  const auto first = os::capture({analyze->string(), place.string()}, 120);
  REQUIRE(first.ended.code == 0);
  const auto page = os::read_file(place / "report/index.html");
  CHECK_THAT(page, ContainsSubstring("has not been trained in full"));
  const auto summary = base::Json::parse(os::read_file(place / "report/summary.json"));
  CHECK(summary["search"]["counts"]["done"] == 28);
  CHECK(summary["full"].is_null());
  CHECK(base::split(os::read_file(place / "report/trials.csv"), '\n').size() == 32);
  CHECK(base::Json::parse(os::read_file(place / "report/trials.json")).size() == 30);
  CHECK(os::file_size(place / "report/candidates.csv"));
  CHECK(os::file_size(place / "report/finalists.csv"));
  CHECK_FALSE(os::file_size(place / "report/done.json"));  // stages are missing: the next call is not a no-op

  const auto view = study::Reader(run.folder(Stage::search)).refresh();
  run.finish(Stage::search, run::to_json(tests::sample_search_figures(view)), 0);
  run.begin(Stage::baseline);
  run.finish(Stage::baseline, run::to_json(tests::sample_baseline()), 0);
  run.begin(Stage::proxy);
  run.finish(Stage::proxy, run::to_json(tests::sample_proxy()), 0);
  CHECK(os::capture({analyze->string(), place.string()}, 120).ended.code == 0);
  CHECK_FALSE(base::Json::parse(os::read_file(place / "report/summary.json"))["proxy"].is_null());
}
