// assay simulate: a search by W workers in one process, to see how busy W workers would be and what they would find.
#include "simulate/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "eval/table/table.hpp"
#include "os/host.hpp"
#include "pipeline/definitions.hpp"
#include "pipeline/intake.hpp"
#include "run/results.hpp"
#include "search/planners.hpp"
#include "search/stopping/early_stop.hpp"
#include "study/definition.hpp"
#include "trial/judge.hpp"
#include "trial/signature.hpp"

namespace assay::apps {
namespace {

using base::Exit;
using base::Json;

constexpr std::int64_t trials_per_worker = 10;

double number(const cli::Values& values, const std::string& name, double otherwise, double least) {
  const auto text = values.text(name);
  if (!text) return otherwise;
  const auto value = base::number_in(*text);
  if (!value || !(*value >= least) || !std::isfinite(*value))
    base::fail(Exit::config, "{} {}: a number from {} is expected", name, *text, least);
  return *value;
}

double duration(const cli::Values& values, const std::string& name, double otherwise) {
  const auto text = values.text(name);
  return text ? base::parse_duration(*text, name) : otherwise;
}

std::vector<std::int64_t> worker_counts(const cli::Values& values) {
  std::vector<std::int64_t> counts;
  for (const auto& word : base::split(values.text("--workers", "64,512,4096"), ',')) {
    const auto count = base::integer_in(word);
    if (!count || *count < 1 || *count > 100'000)
      base::fail(Exit::config, "--workers {}: numbers from 1 to 100,000, with commas between", word);
    counts.push_back(*count);
  }
  return counts;
}

/// A made-up landscape where there is no table: each metric has its best point somewhere in the space and falls off
/// with the square of the distance. It is for the planners to have something to climb, and means nothing else.
class Landscape {
 public:
  Landscape(const space::Space& space, std::uint64_t seed, std::vector<trial::Objective> objectives)
      : space_(space), objectives_(std::move(objectives)) {
    for (std::size_t i = 0; i < objectives_.size(); ++i) {
      base::Rng rng(seed, "simulate", static_cast<std::int64_t>(i), "landscape");
      auto& summit = summits_.emplace_back(space.parameters().size());
      for (auto& coordinate : summit) coordinate = rng.uniform();
    }
  }

  trial::Metrics at(const space::Params& params) const {
    const auto place = space_.encode(params);
    trial::Metrics metrics;
    for (std::size_t i = 0; i < objectives_.size(); ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < place.size(); ++j) sum += (place[j] - summits_[i][j]) * (place[j] - summits_[i][j]);
      const double height = 1 - sum / static_cast<double>(std::max<std::size_t>(1, place.size()));
      metrics[objectives_[i].metric] = objectives_[i].maximise ? height : 1 - height;
    }
    return metrics;
  }

 private:
  const space::Space& space_;
  std::vector<trial::Objective> objectives_;  ///< what is measured
  std::vector<std::vector<double>> summits_;
};

/// The metrics that must be measured, each with a direction: the objectives' own, else less is better.
std::vector<trial::Objective> measured(const trial::Judge& judge) {
  std::vector<trial::Objective> metrics;
  for (const auto& name : judge.named()) {
    const auto& objectives = judge.objectives();
    const auto same = [&](const auto& other) { return other.metric == name; };
    const auto objective = std::find_if(objectives.begin(), objectives.end(), same);
    metrics.push_back({.metric = name, .maximise = objective != objectives.end() && objective->maximise});
  }
  return metrics;
}

/// What trials cost and bring: the table's rows, or log-normal times on the made-up landscape.
class Trials {
 public:
  Trials(const run::Run& run, const std::shared_ptr<const space::Space>& space, const trial::Fidelity& full,
         const cli::Values& values)
      : seed_(run.seed()),
        full_(full),
        median_(duration(values, "--seconds", 3600)),
        sigma_(number(values, "--sigma", 0.5, 0)),
        judge_(run.judge()),
        landscape_(*space, run.seed(), measured(judge_)) {
    if (eval::uses_table(run.config())) table_.emplace(run.config(), space);
    from_table_ = table_ && table_->has_cost() && !values.text("--seconds");
  }

  simulate::SimulatedTrial operator()(const trial::Work& work) const {
    simulate::SimulatedTrial result;
    if (table_) {
      auto found = table_->look_up(work.what.params, work.at, work.made);
      result.outcome = std::move(found.outcome);
      result.reports = std::move(found.reports);
    } else {
      result.outcome.metrics = landscape_.at(work.what.params);
    }
    judge_.derive(result.outcome.metrics);
    for (auto& report : result.reports) judge_.derive(report.metrics);
    if (result.outcome.state == trial::State::infeasible) return result;
    result.seconds = from_table_ ? result.outcome.device_seconds : drawn(work);
    if (!from_table_) stretch(result);
    result.outcome.device_seconds = result.seconds;
    return result;
  }

  std::string durations() const {
    if (from_table_) return "durations and results from the table";
    return fmt::format("log-normal durations, median {}, sigma {:g}{}", base::format_duration(median_), sigma_,
                       table_ ? ", results from the table" : "; a made-up landscape");
  }

 private:
  /// A trial's rungs are parts of one training: each costs its own epochs.
  double drawn(const trial::Work& work) const {
    base::Rng rng(seed_, "simulate", work.item.trial, "duration");
    const int epochs = work.at.epochs - (work.made ? std::min(work.made->epochs, work.at.epochs) : 0);
    const double share = full_.epochs > 0 && work.at.epochs > 0 ? double(epochs) / full_.epochs : 1;
    return median_ * std::exp(sigma_ * rng.normal()) * share;
  }

  static void stretch(simulate::SimulatedTrial& result) {
    const double cost = result.outcome.device_seconds;
    for (auto& report : result.reports) report.seconds *= cost > 0 ? result.seconds / cost : 0;
  }

  std::uint64_t seed_;
  trial::Fidelity full_;
  double median_, sigma_;
  bool from_table_ = false;
  trial::Judge judge_;
  Landscape landscape_;
  std::optional<eval::Table> table_;
};

/// Where the study comes from: a configuration, or a run folder, whose proxy and split are taken.
class Source {
 public:
  explicit Source(const cli::Values& values) : file_(values.text("CONFIG", "")), sets_(values.texts("--set")) {
    if (const auto seed = values.integer("--seed")) sets_.push_back(fmt::format("run.seed={}", *seed));
    if (std::filesystem::is_directory(file_)) {
      run_ = run::Run::open(file_);
      file_ /= "run.toml";
    }
    space::Space::load(config::Config::load(file_, sets_), "search");  // its errors name places of this file
  }

  /// The run as it would be founded; nothing is written.
  run::Run run(std::int64_t trials) const {
    auto sets = sets_;
    sets.push_back(fmt::format("search.max_trials={}", trials));
    return run::Run::preview(os::random_name(), file_, sets);
  }

  trial::Fidelity top(const run::Run& run) const {
    const auto full = pipeline::full_fidelity(run.config(), run::Stage::search);
    const auto proxy = run_ ? run_->figures(run::Stage::proxy) : std::nullopt;
    return proxy ? run::proxy_figures(*proxy).chosen.value_or(full) : full;
  }

  /// What people imported and added for a search that does not exist yet.
  std::vector<pipeline::Kept> kept() const {
    return run_ ? pipeline::kept_for_search(*run_) : std::vector<pipeline::Kept>();
  }

  /// Any number tells equal networks apart from others.
  std::int64_t outputs(const run::Run& run) const {
    if (!pipeline::trains_networks(run.config())) return 0;
    const auto split = run_ ? run_->figures(run::Stage::split) : std::nullopt;
    return split ? std::max<std::int64_t>(1, run::split_figures(*split).outputs) : 10;
  }

 private:
  std::filesystem::path file_;
  std::vector<std::string> sets_;
  std::optional<run::Run> run_;
};

/// A study that goes away with this object: trials that it begins with are written and read as every study has them.
struct Draft {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("assay-simulate-" + os::random_name());
  Draft() = default;
  Draft(const Draft&) = delete;             // owns a folder
  Draft& operator=(const Draft&) = delete;  // owns a folder
  ~Draft() {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
  }
};

/// [search] import and points, and what is kept for the search.
std::vector<std::shared_ptr<const trial::Trial>> first_trials(const run::Run& run,
                                                              const std::vector<pipeline::Kept>& kept,
                                                              const space::Space& space,
                                                              const simulate::SimulatedStudy& study) {
  const auto& fidelities = study.definition.fidelities;
  const auto intake =
      pipeline::first_intake(run, kept, exchange::import_target(run.config(), space, run.objectives(), fidelities));
  if (intake.results.empty() && intake.points.empty()) return {};
  const auto limit = study.limits.max_trials;
  if (static_cast<std::int64_t>(intake.points.size()) > limit)
    base::fail(Exit::config,
               "{} points are to be measured first, and only {} trials are simulated: --trials {} makes room",
               intake.points.size(), limit, intake.points.size());
  const Draft draft;
  study::create_filled_or_join({draft.folder}, study.definition, [&](const std::filesystem::path& stage) {
    pipeline::bring(stage, study.judge, intake, {}, fidelities.front(), limit);
  });
  const auto view = study::Reader(draft.folder, study.judge).refresh();
  std::vector<std::shared_ptr<const trial::Trial>> trials;
  for (const auto& trial : view.trials()) {
    if (trial) trials.push_back(trial);
  }
  return trials;
}

/// The search of this run as search-driver founds it; the run must outlive it.
simulate::SimulatedStudy founded(const run::Run& run, const pipeline::SearchParts& parts,
                                 const std::vector<pipeline::Kept>& kept, std::int64_t outputs) {
  simulate::SimulatedStudy study;
  study.make_planner = [&run, space = parts.space, outputs] { return pipeline::search_planner(run, space, outputs); };
  study.definition = pipeline::definition_of(run, run::Stage::search, *parts.space, *parts.planner, parts.fidelities);
  study.judge = run.judge();
  study.limits = run.limits(run::Stage::search);
  study.begin = first_trials(run, kept, *parts.space, study);
  study.make_early_stop = [&run] { return search::make_early_stop(run.config()); };
  return study;
}

Json to_json(const simulate::SimulationFigures& figures, bool collector, double wall, bool list) {
  Json json = {{"workers", figures.workers},
               {"collector", collector},
               {"trials", figures.trials},
               {"busy", figures.busy},
               {"last_claim_seconds", figures.last_claim},
               {"makespan_seconds", figures.makespan},
               {"conflicts_per_trial", figures.conflicts_per_trial},
               {"operations_per_trial", figures.operations_per_trial},
               {"metadata_per_second", figures.metadata_per_second},
               {"metadata_peak_per_second", figures.metadata_peak},
               {"look_seconds", figures.look_seconds},
               {"planner_seconds", figures.planner_seconds},
               {"simulated_in_seconds", wall},
               {"end", figures.end_reason},
               {"best_at", trial::to_json(figures.best_at)},
               {"best", Json::array()}};
  for (const auto& [trials, value] : figures.best) json["best"].push_back({{"trials", trials}, {"value", value}});
  if (list) json["list"] = base::split(trial::signed_text(*figures.study, {}), '\n');
  if (list) json["order"] = trial::sequence(*figures.study);
  return json;
}

void print_head(const std::string& algorithm, const std::string& durations,
                const simulate::SimulationSettings& settings) {
  std::printf("%s; %s; %g ms per file operation, %g s until others see it\n", algorithm.c_str(), durations.c_str(),
              1000 * settings.op_seconds, settings.lag);
  std::printf("%7s  %-9s %8s %7s %12s %9s %10s %11s %9s %8s %10s  %s\n", "workers", "look", "trials", "busy",
              "makespan", "conflicts", "file ops", "metadata", "busiest", "look", "planner", "best");
  std::printf("%7s  %-9s %8s %7s %12s %9s %10s %11s %9s %8s %10s\n", "", "", "", "", "", "per trial", "per trial",
              "per second", "10 s", "takes", "per trial");
}

std::string best_line(const simulate::SimulationFigures& figures) {
  if (figures.best.empty()) return "none";
  const auto epochs = figures.best_at.epochs;
  return fmt::format("{:.6g}", figures.best.back().second) +
         (epochs > 0 ? fmt::format(" at {} epoch{}", epochs, epochs == 1 ? "" : "s") : "");
}

void print_row(const simulate::SimulationFigures& figures, bool collector) {
  std::printf("%7s  %-9s %8s %6.2f%% %12s %9.2f %10.1f %11.1f %9.0f %6.2f s %7.2f ms  %s\n",
              base::with_commas(figures.workers).c_str(), collector ? "collector" : "all logs",
              base::with_commas(figures.trials).c_str(), 100 * figures.busy,
              base::format_duration(figures.makespan).c_str(), figures.conflicts_per_trial,
              figures.operations_per_trial, figures.metadata_per_second, figures.metadata_peak, figures.look_seconds,
              1000 * figures.planner_seconds, best_line(figures).c_str());
  std::fflush(stdout);
}

simulate::SimulationSettings settings_of(const cli::Values& values) {
  simulate::SimulationSettings settings;
  settings.op_seconds = number(values, "--op-ms", 5, 0) / 1000;
  settings.lag = number(values, "--lag", 30, 0);
  settings.ramp = number(values, "--ramp", 0, 0);
  if (values.text("--planner-ms")) settings.planner_seconds = number(values, "--planner-ms", 0, 0) / 1000;
  return settings;
}

Exit simulate(const cli::Values& values) {
  const Source source(values);
  auto settings = settings_of(values);
  const auto trials = values.integer("--trials");
  if (trials && *trials < 1) base::fail(Exit::config, "--trials {}: a number from 1 is expected", *trials);
  const bool json = values.flag("--json"), list = values.flag("--list");
  auto rows = Json::array();
  bool first = true;
  for (const auto workers : worker_counts(values)) {
    settings.workers = workers;
    const auto run = source.run(trials.value_or(trials_per_worker * workers));
    const auto top = source.top(run);
    const auto outputs = source.outputs(run);
    const auto parts = pipeline::search_parts(run, top, outputs);
    auto study = founded(run, parts, source.kept(), outputs);
    const Trials evaluate(run, parts.space, top, values);
    study.evaluate = evaluate;
    const auto algorithm = study.definition.identity.at("planner").value("algorithm", "planner");
    if (first && !json) print_head(algorithm, evaluate.durations(), settings);
    first = false;
    base::set_verbosity(base::Level::quiet);  // every worker's planner would say what it chose
    for (const bool collector : {false, true}) {
      settings.collector = collector;
      const double start = base::steady_seconds();
      const auto figures = simulate::simulate(settings, study);
      if (json)
        rows.push_back(to_json(figures, collector, base::steady_seconds() - start, list));
      else
        print_row(figures, collector);
      if (list && !json) std::fputs(trial::signed_text(*figures.study, {}).c_str(), stdout);
    }
  }
  if (json) std::printf("%s\n", rows.dump(2).c_str());
  return Exit::done;
}

}  // namespace

cli::Verb simulate_verb() {
  using Kind = cli::Option::Kind;
  return {"simulate",
          "a search by thousands of workers in seconds: how busy they would be, what it asks of the file system",
          {{.name = "CONFIG",
            .help = "configuration, or run folder: then with its proxy and what is kept for its search. [trial.table] "
                    "gives results, if there is one",
            .required = true},
           {.name = "--workers", .help = "numbers with commas (default 64,512,4096)"},
           {.kind = Kind::integer, .name = "--trials", .help = "in all (default: 10 per worker)"},
           {.name = "--seconds", .help = "median of a trial, e.g. 90s, 1h (default: the table's cost, else 1h)"},
           {.name = "--sigma", .help = "spread of the log-normal durations (default 0.5)"},
           {.name = "--op-ms", .help = "milliseconds of a file operation (default 5)"},
           {.name = "--lag", .help = "seconds until others see names and bytes (default 30)"},
           {.name = "--ramp", .help = "seconds over which the workers start (default 0: all at once)"},
           {.name = "--planner-ms", .help = "take this for the planner's time instead of measuring it"},
           {.kind = Kind::list, .name = "--set", .help = "KEY=VALUE, changes the configuration"},
           {.kind = Kind::integer, .name = "--seed", .help = "of planners and durations"},
           {.kind = Kind::flag, .name = "--list", .help = "every measurement: trial, rung, state, epochs, values"},
           {.kind = Kind::flag,
            .name = "--json",
            .help = "as JSON, with the best objective against trials; with --list also their order"}},
          simulate};
}

}  // namespace assay::apps
