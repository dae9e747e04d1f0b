// Stage figures survive the way through done.json.
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "base/error.hpp"
#include "run/results.hpp"
#include "sample.hpp"

using namespace assay;

namespace {

/// Through text, as a file would hold it.
base::Json through_text(const base::Json& json) { return base::Json::parse(json.dump()); }

}  // namespace

TEST_CASE("figures of every stage read back as they were written") {
  const auto view = tests::sample_search();
  const auto split = run::to_json(tests::sample_split());
  CHECK(run::to_json(run::split_figures(through_text(split))) == split);
  const auto baseline = run::to_json(tests::sample_baseline());
  CHECK(run::to_json(run::baseline_figures(through_text(baseline))) == baseline);
  const auto proxy = run::to_json(tests::sample_proxy());
  CHECK(run::to_json(run::proxy_figures(through_text(proxy))) == proxy);
  const auto search = run::to_json(tests::sample_search_figures(view));
  CHECK(run::to_json(run::search_figures(through_text(search))) == search);
  const auto full = run::to_json(tests::sample_full(view));
  CHECK(run::to_json(run::full_figures(through_text(full))) == full);
}

TEST_CASE("values that are no number become null and NaN again") {
  run::BaselineFigures figures;
  figures.score = {NAN, NAN, NAN};
  figures.metrics = {{"accuracy", NAN}};
  const auto back = run::baseline_figures(through_text(run::to_json(figures)));
  CHECK(std::isnan(back.score.estimate));
  CHECK(std::isnan(back.metrics.at("accuracy")));
}

TEST_CASE("a proxy stage without a choice stays without one; missing fields keep their defaults") {
  run::ProxyFigures figures;
  figures.verdict = "none";
  CHECK_FALSE(run::proxy_figures(through_text(run::to_json(figures))).chosen.has_value());
  CHECK(run::full_figures(base::Json::object()).winner == -1);
}

TEST_CASE("a wrong type names the field") {
  try {
    run::split_figures(base::Json{{"train", "many"}});
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Exit::data);
    CHECK(std::string(error.what()).find("\"train\"") != std::string::npos);
  }
}
