// What is said of the finalists agrees with the intervals beside it, whatever was measured.
#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>

#include "base/json.hpp"
#include "base/random.hpp"
#include "report/card.hpp"
#include "report/sections.hpp"
#include "report/verdict.hpp"
#include "sample.hpp"

using namespace assay;
using Catch::Matchers::ContainsSubstring;
using report::Scale;
using report::Verdict;

namespace {

using Kind = Verdict::Kind;

/// Finalists as judge_finalists leaves them: best mean first.
run::FullFigures figures_of(const trial::Objective& objective,
                            const std::vector<std::pair<trial::TrialId, std::vector<double>>>& scores,
                            std::int64_t rows = 0) {
  run::FullFigures figures;
  for (const auto& [trial, values] : scores) {
    run::FinalistFigures finalist{.trial = trial, .params = {{"width", std::int64_t{8}}}, .scores = values};
    for (std::size_t i = 0; i < values.size(); ++i) {
      finalist.seeds.push_back(static_cast<std::int64_t>(i));
      finalist.trainings.push_back(static_cast<trial::TrialId>(10 * i + 3));
      finalist.measured.push_back({{objective.metric, values[i]}, {"latency", 4.5}});
    }
    figures.finalists.push_back(finalist);
  }
  const auto all = report::all_scores(figures);
  for (auto& finalist : figures.finalists)
    finalist.score = report::score_interval(objective.metric, finalist.scores, all, rows);
  std::stable_sort(figures.finalists.begin(), figures.finalists.end(), [&](const auto& a, const auto& b) {
    return objective.maximise ? a.score.estimate > b.score.estimate : a.score.estimate < b.score.estimate;
  });
  figures.winner = figures.finalists.front().trial;
  return figures;
}

report::Words words(const run::FullFigures& figures, const trial::Objective& objective, Scale scale = Scale::plain) {
  return report::words_of(*report::verdict(figures, objective), figures, objective, scale, "on the rows");
}

bool apart(const run::Interval& a, const run::Interval& b) { return a.lo > b.hi || b.lo > a.hi; }

}  // namespace

TEST_CASE("text and intervals agree: shares, per cent, errors, one seed and several") {
  base::Rng rng(1, "test", 0, "verdicts");
  int better = 0, unclear = 0;
  for (int round = 0; round < 2000; ++round) {
    const int kind = round % 4;  // share up, per cent up, rmse down, share down
    const trial::Objective objective{kind == 2 ? "rmse" : "accuracy", kind < 2, {}};
    const double unit = kind == 1 || kind == 2 ? 100 : 1;
    const auto scores = [&](double centre) {
      std::vector<double> values(1 + static_cast<std::size_t>(rng.below(3)));
      for (auto& value : values) value = unit * std::clamp(centre + 0.01 * rng.normal(), 0.0, 1.0);
      return values;
    };
    const auto figures =
        figures_of(objective, {{4, scores(rng.uniform(0.9, 1))}, {-1, scores(rng.uniform(0.8, 1))}}, 300);
    const auto found = report::verdict(figures, objective);
    REQUIRE(found);
    const auto& [best, other] = std::pair{figures.finalists[0], figures.finalists[1]};
    for (const auto& finalist : figures.finalists) {
      CHECK((finalist.score.lo >= 0 && (kind == 2 || finalist.score.hi <= unit)));
    }
    const auto sentence = words(figures, objective).sentence;
    const bool known = best.score.lo < best.score.hi && other.score.lo < other.score.hi;
    if (found->kind == Kind::defaults) continue;
    if (known && apart(best.score, other.score)) CHECK(found->kind == Kind::better);
    CHECK((found->kind == Kind::unclear) == (sentence.find("cannot be told") != std::string::npos));
    if (found->contrast) CHECK((found->contrast->difference.lo > 0) == (found->kind == Kind::better));
    better += found->kind == Kind::better;
    unclear += found->kind == Kind::unclear;
  }
  CHECK(better > 100);
  CHECK(unclear > 100);
}

TEST_CASE("one training each: the rows tell, and the text says what is unknown") {
  const trial::Objective accuracy{"accuracy", true, {}};
  const auto figures = figures_of(accuracy, {{4, {0.98}}, {-1, {0.90}}}, 1797);
  const auto said = words(figures, accuracy, Scale::percent);
  CHECK(said.sentence == "Trial 4 reaches 98.00 % accuracy; the baseline, trained in the same way, reaches 90.00 %.");
  CHECK_THAT(said.lead, ContainsSubstring("more than the chance in the rows") &&
                            ContainsSubstring("nothing is known of the noise between trainings"));
  // A regression has no interval with one seed: nothing is claimed either way.
  const trial::Objective rmse{"rmse", false, {}};
  const auto bare = figures_of(rmse, {{4, {7}}, {-1, {20}}}, 1797);
  CHECK(report::verdict(bare, rmse)->kind == Kind::unknown);
  CHECK(words(bare, rmse).sentence == "Trial 4 reaches 7 rmse; the baseline, trained in the same way, reaches 20.");
  CHECK_THAT(words(bare, rmse).lead, ContainsSubstring("No interval") && ContainsSubstring("noise is unknown"));
}

TEST_CASE("a finalist with the default parameters is the baseline") {
  const trial::Objective accuracy{"accuracy", true, {}};
  auto figures = figures_of(accuracy, {{4, {0.98, 0.97}}, {7, {0.92, 0.91}}});
  CHECK(report::verdict(figures, accuracy)->kind == Kind::alone);
  figures.finalists[1].defaults = true;
  CHECK_THAT(words(figures, accuracy).sentence,
             ContainsSubstring("the baseline (trial 7 of the search has the defaults)"));
  std::swap(figures.finalists[0].defaults, figures.finalists[1].defaults);
  CHECK_THAT(words(figures, accuracy).sentence,
             ContainsSubstring("No network found beats the baseline (trial 4 of the search has the defaults)"));
  auto only = figures_of(accuracy, {{4, {0.98, 0.97}}});
  only.finalists[0].defaults = true;
  CHECK_THAT(words(only, accuracy).sentence, ContainsSubstring("is the only finalist"));
}

TEST_CASE("a baseline whose trainings failed is named as such") {
  const trial::Objective accuracy{"accuracy", true, {}};
  auto figures = figures_of(accuracy, {{4, {0.98, 0.97}}});
  CHECK_THAT(words(figures, accuracy).sentence, ContainsSubstring("there is no baseline to compare it with"));
  figures.missing = {"finalist baseline with seed 0 failed (trial 1 of full): exit"};
  CHECK_THAT(words(figures, accuracy).sentence, ContainsSubstring("the baseline's trainings failed"));
}

TEST_CASE("the card names what is there: files, every metric per seed, the checkpoint, the command") {
  const trial::Objective accuracy{"accuracy", true, {}};
  auto figures = figures_of(accuracy, {{4, {0.98, 0.97}}, {-1, {0.90, 0.91}}});
  report::Card card{.run = "own trainer",
                    .figures = figures,
                    .objectives = {accuracy},
                    .roles = {{"accuracy", "objective, maximised"}},
                    .where = "on the untouched validation set",
                    .files = {"params.json"},
                    .outputs = "full/trials/3/0.1",
                    .checkpoint = "full/trials/3/0.1/checkpoint",
                    .commands = {"assay reproduce 'my run' 3 --stage full"}};
  const auto text = report::winner_card(card);
  CHECK_THAT(text, ContainsSubstring("| accuracy (objective, maximised) | 97.50 %") &&
                       ContainsSubstring("| 98.00 % | 97.00 % | 90.50 % |") &&
                       ContainsSubstring("| latency | 4.5 | 4.5 | 4.5 | 4.5 |"));
  CHECK_THAT(text, ContainsSubstring("`params.json`") && ContainsSubstring("`full/trials/3/0.1/checkpoint`") &&
                       ContainsSubstring("assay reproduce 'my run' 3 --stage full"));
  CHECK_THAT(text, !ContainsSubstring("network.py") && !ContainsSubstring("multiply"));
  card.files = {"network.json", "network.py", "params.json", "weights.safetensors"};
  CHECK_THAT(report::winner_card(card), ContainsSubstring("`network.py`: rebuilds it in PyTorch"));
  CHECK_THAT(report::winner_card(card), ContainsSubstring(" baseline |"));
  for (auto& finalist : figures.finalists) finalist.feasible = !finalist.is_baseline();
  CHECK_THAT(report::winner_card(card), ContainsSubstring("baseline (breaks a limit) |"));
}
