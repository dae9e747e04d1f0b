// assay simulate: a search by W workers in one process, to see how busy W workers would be and what they would find.
#include "search/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "eval/table.hpp"
#include "search/planners.hpp"
#include "study/reward.hpp"

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

/// A made-up landscape where there is no table: each objective has its best point somewhere in the space and falls
/// off with the square of the distance. It is for the planners to have something to climb, and means nothing else.
class Landscape {
 public:
  Landscape(const space::Space& space, std::uint64_t seed, const std::vector<study::Objective>& objectives)
      : space_(space), objectives_(objectives) {
    for (std::size_t i = 0; i < objectives.size(); ++i) {
      base::Rng rng(seed, "simulate", static_cast<std::int64_t>(i), "landscape");
      auto& summit = summits_.emplace_back(space.parameters().size());
      for (auto& coordinate : summit) coordinate = rng.uniform();
    }
  }

  study::Metrics at(const space::Params& params) const {
    const auto place = space_.encode(params);
    study::Metrics metrics;
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
  const std::vector<study::Objective>& objectives_;
  std::vector<std::vector<double>> summits_;
};

/// What trials cost and bring: the table's rows, or log-normal times on the made-up landscape.
class Trials {
 public:
  Trials(const config::Config& config, const std::shared_ptr<const space::Space>& space, std::uint64_t seed,
         const std::vector<study::Objective>& objectives, const study::Fidelity& full, const cli::Values& values)
      : seed_(seed),
        full_(full),
        median_(duration(values, "--seconds", 3600)),
        sigma_(number(values, "--sigma", 0.5, 0)),
        landscape_(*space, seed, objectives),
        reward_(config) {
    if (eval::uses_table(config)) table_.emplace(config, space);
    from_table_ = table_ && table_->has_cost() && !values.text("--seconds");
  }

  search::SimulatedTrial operator()(const study::Work& work) const {
    search::SimulatedTrial result;
    if (table_) {
      result.outcome = table_->look_up(work.what.params, work.at, work.made).outcome;
      reward_.add(result.outcome.metrics);
    } else {
      result.outcome.metrics = landscape_.at(work.what.params);
    }
    if (result.outcome.state == study::State::infeasible) return result;
    result.seconds = from_table_ ? result.outcome.device_seconds : drawn(work);
    result.outcome.device_seconds = result.seconds;
    return result;
  }

  std::string durations() const {
    if (from_table_) return "durations and results from the table";
    return fmt::format("log-normal durations, median {}, sigma {:g}{}", base::format_duration(median_), sigma_,
                       table_ ? ", results from the table" : "; a made-up landscape");
  }

 private:
  double drawn(const study::Work& work) const {
    base::Rng rng(seed_, "simulate", work.item.trial, "duration");
    const double share = full_.epochs > 0 && work.at.epochs > 0 ? double(work.at.epochs) / full_.epochs : 1;
    return median_ * std::exp(sigma_ * rng.normal()) * share;
  }

  std::uint64_t seed_;
  study::Fidelity full_;
  double median_, sigma_;
  bool from_table_ = false;
  Landscape landscape_;
  study::Reward reward_;
  std::optional<eval::Table> table_;
};

Json to_json(const search::SimulationFigures& figures, bool collector, double wall) {
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
               {"best", Json::array()}};
  for (const auto& [trials, value] : figures.best) json["best"].push_back({{"trials", trials}, {"value", value}});
  return json;
}

void print_head(const std::string& algorithm, const std::string& durations,
                const search::SimulationSettings& settings) {
  std::printf("%s; %s; %g ms per file operation, %g s until others see it\n", algorithm.c_str(), durations.c_str(),
              1000 * settings.op_seconds, settings.lag);
  std::printf("%7s  %-9s %8s %7s %12s %9s %10s %11s %9s %8s %10s  %s\n", "workers", "look", "trials", "busy",
              "makespan", "conflicts", "file ops", "metadata", "busiest", "look", "planner", "best");
  std::printf("%7s  %-9s %8s %7s %12s %9s %10s %11s %9s %8s %10s\n", "", "", "", "", "", "per trial", "per trial",
              "per second", "10 s", "takes", "per trial");
}

void print_row(const search::SimulationFigures& figures, bool collector) {
  std::printf("%7s  %-9s %8s %6.2f%% %12s %9.2f %10.1f %11.1f %9.0f %6.2f s %7.2f ms  %s\n",
              base::with_commas(figures.workers).c_str(), collector ? "collector" : "all logs",
              base::with_commas(figures.trials).c_str(), 100 * figures.busy,
              base::format_duration(figures.makespan).c_str(), figures.conflicts_per_trial,
              figures.operations_per_trial, figures.metadata_per_second, figures.metadata_peak, figures.look_seconds,
              1000 * figures.planner_seconds,
              figures.best.empty() ? "none" : fmt::format("{:.6g}", figures.best.back().second).c_str());
  std::fflush(stdout);
}

Exit simulate(const cli::Values& values) {
  const auto file = values.text("CONFIG", "");
  auto config = config::Config::load(file, values.texts("--set"));
  const auto seed = static_cast<std::uint64_t>(values.integer("--seed").value_or(config.integer("run.seed")));
  std::vector<study::Objective> objectives;
  for (const auto& [metric, node] : config.node("objectives").items())
    objectives.push_back({.metric = metric, .maximise = node.at("goal").string() == "max"});
  if (objectives.empty()) objectives.push_back({.metric = "accuracy"});

  search::SimulationSettings settings{.seed = seed};
  settings.op_seconds = number(values, "--op-ms", 5, 0) / 1000;
  settings.lag = number(values, "--lag", 30, 0);
  settings.ramp = number(values, "--ramp", 0, 0);
  settings.heartbeat = config.seconds("study.heartbeat");
  if (values.text("--planner-ms")) settings.planner_seconds = number(values, "--planner-ms", 0, 0) / 1000;
  const auto trials = values.integer("--trials");
  if (trials && *trials < 1) base::fail(Exit::config, "--trials {}: a number from 1 is expected", *trials);

  const auto training = config.section("training", "search");
  const study::Fidelity full{.epochs = training.at("epochs").is_number() ? training.at("epochs").get<int>() : 0};
  const auto space = std::make_shared<const space::Space>(space::Space::load(config, "search"));
  const Trials evaluate(config, space, seed, objectives, full, values);
  const auto judge = study::judge_of(objectives, config);
  const bool json = values.flag("--json");
  auto rows = Json::array();
  bool first = true;
  for (const auto workers : worker_counts(values)) {
    settings.workers = workers;
    settings.trials = trials.value_or(trials_per_worker * workers);
    const auto sized = config.with({fmt::format("search.max_trials={}", settings.trials)});
    const auto planner = [&] {
      return search::make_planner(sized, space, seed, {{.params = space->defaults(), .note = "defaults"}});
    };
    const auto algorithm = planner()->describe().value("algorithm", "planner");
    if (first && !json) print_head(algorithm, evaluate.durations(), settings);
    first = false;
    base::set_verbosity(base::Level::quiet);  // every worker's planner would say what it chose
    for (const bool collector : {false, true}) {
      settings.collector = collector;
      const double start = base::steady_seconds();
      const auto figures = search::simulate(settings, planner, evaluate, judge, {full});
      if (json)
        rows.push_back(to_json(figures, collector, base::steady_seconds() - start));
      else
        print_row(figures, collector);
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
            .help = "configuration: space, [search] algorithm, [trial.table] if there is one",
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
           {.kind = Kind::flag, .name = "--json", .help = "as JSON, with the best objective against trials"}},
          simulate};
}

}  // namespace assay::apps
