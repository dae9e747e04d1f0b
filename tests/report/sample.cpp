#include "sample.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/random.hpp"
#include "trial/standing.hpp"
#include "trial/view_builder.hpp"

namespace assay::tests {

trial::TrialId best_of(const trial::StudyView& view) {
  const trial::Standings standings(view);
  return standings.best()->trial->id;
}

const std::vector<trial::Objective> sample_objectives = {{"accuracy", true, 0.95}, {"parameters", false, 60'000}};

trial::Trial sample_trial(trial::TrialId id) {
  base::Rng rng(1, "sample", id, "trial");
  const std::vector<std::int64_t> widths = {8, 16, 32, 64};
  const std::vector<std::string> activations = {"relu", "silu"};
  const auto pick = static_cast<std::size_t>(rng.below(4));
  trial::Trial trial;
  trial.id = id;
  trial.proposed = true;
  trial.first.note = id < 10 ? "random" : "evolution";
  trial.first.params = {{"stem.width", widths[pick]},
                        {"act", activations[static_cast<std::size_t>(rng.below(2))]},
                        {"training.lr", std::pow(10.0, rng.uniform(-4, -2))}};
  trial::Measurement at;
  at.item = {id, 0};
  at.attempt = 1;
  at.at = {.epochs = 4};
  at.worker = "worker-" + std::to_string(id % 2);
  at.host = "node1";
  at.started = 1'000'000 + static_cast<double>(id);
  at.ended = at.started + 1.5;
  at.device_seconds = 1.5;
  if (id % 20 == 7) {
    at.state = trial::State::failed;
    at.failure = trial::Failure::nan;
    at.reason = "the loss is not a number, step 12";
  } else {
    at.state = trial::State::done;
    const double score = 0.90 + 0.02 * static_cast<double>(pick) + 0.004 * rng.normal();
    for (int epoch = 1; epoch <= 4; ++epoch)
      at.reports.push_back({epoch, 0.3 * epoch, {{"accuracy", score - 0.1 / epoch + 0.025}}});
    at.metrics = {{"accuracy", score}, {"parameters", 900.0 * static_cast<double>(widths[pick])}, {"loss", 1 - score}};
  }
  trial.rungs.push_back(at);
  return trial;
}

trial::StudyView sample_search(std::int64_t count) {
  trial::ViewBuilder builder;
  builder.objectives(sample_objectives).fidelities({{.epochs = 4}}).max_trials(count).closed(true);
  for (trial::TrialId id = 0; id < count; ++id) builder.trial(sample_trial(id));
  return builder.build();
}

run::SplitFigures sample_split() {
  return {.train = 3441,
          .valid = 382,
          .untouched = 1797,
          .data_hash = std::string(64, 'a'),
          .p_value = 0.93,
          .verdict = "classes match",
          .outputs = 10};
}

run::BaselineFigures sample_baseline() {
  run::BaselineFigures figures;
  figures.metrics = {{"accuracy", 0.962}};
  figures.score = {0.962, 0.94, 0.98};
  figures.parameters = 41'000;
  figures.multiply_adds = 920'000;
  figures.training_seconds = figures.device_seconds = 4.1;
  figures.best_batch = 128;
  for (const std::int64_t batch : {32, 64, 128, 256})
    figures.sweep.push_back({batch, 100.0 * static_cast<double>(std::min<std::int64_t>(batch, 128)), 0.01, false});
  figures.sweep.push_back({512, 0, 0, true});
  for (int epoch = 1; epoch <= 30; ++epoch)
    figures.curve.push_back({epoch, 0.1 * epoch, {{"accuracy", 0.962 - 0.3 / epoch}, {"loss", 0.1 + 1.0 / epoch}}});
  return figures;
}

run::ProxyFigures sample_proxy() {
  run::ProxyFigures figures;
  const auto candidate = [](int epochs, double rho, double lo, double speed, bool passes) {
    return run::CandidateFigures{.fidelity = {.epochs = epochs},
                                 .name = std::to_string(epochs) + " epochs, full data",
                                 .spearman = {rho, lo, 0.99},
                                 .kendall = {rho - 0.1, lo - 0.1, 0.95},
                                 .seconds = 4.1 / speed,
                                 .speed_up = speed,
                                 .networks = 8,
                                 .passes = passes};
  };
  figures.candidates = {candidate(2, 0.6, 0.05, 13, false), candidate(4, 0.9, 0.7, 6.8, true),
                        candidate(8, 0.95, 0.8, 3.4, true)};
  figures.chosen = trial::Fidelity{.epochs = 4};
  figures.verdict = "2 of 3 proxies agree; chosen 4 epochs, full data";
  figures.full_seconds = 4.1;
  figures.agreement_wanted = 0.65;
  for (int i = 0; i < 8; ++i)
    figures.scatter.push_back(
        {{"full", 0.9 + 0.01 * i}, {"0", 0.8 + 0.01 * (i ^ 3)}, {"1", 0.85 + 0.01 * (i ^ 1)}, {"2", 0.88 + 0.01 * i}});
  return figures;
}

run::SearchFigures sample_search_figures(const trial::StudyView& view) {
  run::SearchFigures figures;
  figures.counts = view.counts();
  figures.fidelity = {.epochs = 4};
  const trial::Standings standings(view);
  figures.best = standings.best()->trial->id;
  figures.best_score = *standings.best()->value;
  for (const auto* standing : standings.front()) figures.pareto.push_back(standing->trial->id);
  figures.device_seconds = 90;
  figures.mean_trial_seconds = 1.5;
  figures.reason = "all trials are done";
  return figures;
}

run::FullFigures sample_full(const trial::StudyView& view) {
  run::FullFigures figures;
  const auto finalist = [](trial::TrialId trial, double score, double searched) {
    return run::FinalistFigures{.trial = trial,
                                .params = {{"stem.width", std::int64_t{64}}},
                                .scores = {score - 0.001, score, score + 0.001},
                                .score = {score, score - 0.0025, score + 0.0025},
                                .search_score = searched,
                                .parameters = 57'600,
                                .multiply_adds = 1'200'000};
  };
  figures.finalists = {finalist(best_of(view), 0.981, 0.968), finalist(3, 0.978, 0.966), finalist(5, 0.976, 0.967),
                       finalist(-1, 0.962, 0)};
  figures.winner = best_of(view);
  figures.device_seconds = 50;
  return figures;
}

trial::Judge sample_limits() {
  const auto config = config::Config::parse(R"(
[[constraint]]
metric = "parameters"
at_most = 30_000
[[constraint]]
metric = "loss"
at_most = 0.05
weight = 0.1
)",
                                            "limits.toml");
  return trial::judge_of(sample_objectives, config);
}

report::RunData sample() {
  report::RunData run_data;
  run_data.name = run_data.title = "sample";
  run_data.folder = "runs/sample";
  run_data.settings = "[run]\nname = \"sample\"\n";
  run_data.judge = trial::Judge(sample_objectives);
  run_data.full_epochs = 30;
  run_data.parallel = 2;
  for (const auto stage : run::all_stages)
    run_data.stages.push_back({.stage = stage, .state = "done", .reason = "", .seconds = 5.0, .revision = "abc"});
  const auto view = sample_search();
  run_data.split = sample_split();
  run_data.split_report = base::Json::parse(
      R"({"train_histogram": [340, 350], "valid_histogram": [38, 39], "untouched_histogram": [178, 181],
    "chi2": 0.2, "p_value": 0.93, "warnings": ["The data set is small."]})");
  run_data.baseline = sample_baseline();
  run_data.proxy = sample_proxy();
  run_data.search = sample_search_figures(view);
  run_data.full = sample_full(view);
  run_data.studies.emplace(run::Stage::search, view);
  return run_data;
}

report::RunData sample_limited() {
  auto run_data = sample();
  run_data.judge = sample_limits();
  trial::ViewBuilder builder(run_data.studies.at(run::Stage::search));
  const auto view = builder.judge(run_data.judge).build();
  run_data.studies.at(run::Stage::search) = view;
  run_data.search = sample_search_figures(view);
  run_data.baseline->metrics = {{"accuracy", 0.962}, {"parameters", 41'000}, {"loss", 0.04}};
  auto& full = *run_data.full;
  full.finalists.front().trial = full.winner = best_of(view);
  full.finalists.front().parameters = 28'800;
  full.finalists.back().parameters = 41'000;
  for (auto& finalist : full.finalists) {
    const auto parameters = static_cast<double>(finalist.parameters);
    finalist.metrics = {{"accuracy", finalist.score.estimate}, {"parameters", parameters}, {"loss", 0.06}};
    finalist.violation = run_data.judge.violation(finalist.metrics);
    finalist.feasible = finalist.violation == 0;
  }
  return run_data;
}

trial::Measurement sample_rung(trial::TrialId trial, int number, int epochs, double accuracy,
                               const std::vector<std::int64_t>& steps) {
  trial::Measurement at;
  at.item = {trial, number};
  at.attempt = 1;
  at.at = {.epochs = epochs};
  at.state = trial::State::done;
  at.metrics = {{"accuracy", accuracy}, {"parameters", 900.0}};
  for (const auto step : steps)
    at.reports.push_back({step, 0, {{"accuracy", accuracy - 0.001 * static_cast<double>(epochs - step)}}});
  return at;
}

report::RunData sample_rungs() {
  auto run_data = sample();
  run_data.full.reset();
  run_data.full_epochs = 8;
  run_data.judge = trial::Judge({{"accuracy", true, {}}});
  trial::ViewBuilder builder;
  builder.judge(run_data.judge).fidelities({{.epochs = 2}, {.epochs = 8}});
  for (trial::TrialId id = 0; id < 6; ++id) {
    trial::Trial trial;
    trial.id = id;
    trial.proposed = true;
    trial.first.params = {{"lr", 0.1}};
    trial.rungs.push_back(sample_rung(id, 0, 2, 0.70 + 0.01 * static_cast<double>(id), {1, 2}));
    if (id == 2 || id == 4) {
      trial.rungs.push_back(sample_rung(id, 1, 8, 0.60 + 0.01 * static_cast<double>(id), {3, 4, 5, 6, 7, 8}));
      trial.rungs.back().own = std::make_shared<trial::Proposal>(trial::Proposal{.params = {{"lr", 0.3}}});
    }
    builder.trial(trial);
  }
  run_data.studies.at(run::Stage::search) = builder.build();
  return run_data;
}

report::RunData nothing() {
  report::RunData run_data;
  run_data.name = run_data.title = "empty";
  run_data.folder = "runs/empty";
  run_data.judge = trial::Judge(sample_objectives);
  for (const auto stage : run::all_stages)
    run_data.stages.push_back({.stage = stage, .state = "waiting", .reason = "", .seconds = {}, .revision = ""});
  return run_data;
}

}  // namespace assay::tests
