// What each stage hands to the later ones, as types: the `figures` of its done.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "trial/trial.hpp"
#include "trial/view.hpp"

namespace assay::run {

struct Interval {
  double estimate = 0, lo = 0, hi = 0;  ///< 95 %
};

struct SplitFigures {
  std::int64_t train = 0, valid = 0, untouched = 0;
  std::string data_hash;
  double p_value = 1;
  std::string verdict;
  std::string task = "classification";  ///< or "regression": what the data turned out to be
  std::int64_t outputs = 0;             ///< of a network on these data: classes, 1 for a regression; 0: not recorded
};

struct BatchPoint {
  std::int64_t batch = 0;
  double examples_per_second = 0, seconds_per_step = 0;
  bool out_of_memory = false;
};

struct BaselineFigures {
  trial::Metrics metrics;  ///< at the last epoch, on the search-validation part
  Interval score;          ///< of the first objective
  std::int64_t parameters = 0, multiply_adds = 0;
  double training_seconds = 0;  ///< one full training
  double device_seconds = 0;
  std::int64_t best_batch = 0;
  std::vector<BatchPoint> sweep;
  std::vector<trial::Report> curve;
};

struct CandidateFigures {
  trial::Fidelity fidelity;
  std::string name;  ///< for people: "4 epochs, full data"
  Interval spearman, kendall;
  double seconds = 0;   ///< mean device-seconds per network that this and full training have
  double speed_up = 1;  ///< of the same networks: full seconds / these
  int networks = 0;     ///< pairs used
  double chance = 1;    ///< that an order drawn at random agrees as well (Kendall, exact)
  bool passes = false;
};

struct ProxyFigures {
  std::vector<CandidateFigures> candidates;
  std::optional<trial::Fidelity> chosen;  ///< nothing: none passed; the search then trains in full
  std::string verdict;
  double full_seconds = 0;  ///< mean device-seconds of a full training
  double agreement_wanted = 0;
  std::vector<std::map<std::string, double>> scatter;  ///< per network: "full", and candidate index -> score
};

struct FinalistFigures {
  trial::TrialId trial = -1;  ///< number in the search; -1: the baseline (control)
  space::Params params;
  std::vector<double> scores;  ///< first objective, per seed, on the untouched validation set
  Interval score;
  double search_score = 0;  ///< what the search had measured
  std::int64_t parameters = 0, multiply_adds = 0;
  std::map<std::string, double> metrics;  ///< means over the seeds, the derived ones among them
  bool feasible = true;                   ///< these means keep every hard limit
  double violation = 0;
  bool defaults = false;                  ///< its parameters are the defaults: it is the baseline, whatever its trial
  std::vector<std::int64_t> seeds;        ///< of each score
  std::vector<trial::TrialId> trainings;  ///< numbers in the study of the full stage, per seed
  std::vector<trial::Metrics> measured;   ///< all that was measured, per seed

  bool is_baseline() const { return trial < 0 || defaults; }
};

/// By the one truth about a trial (study/standing).
struct SearchFigures {
  trial::Counts counts;
  trial::Fidelity fidelity;                   ///< of a whole trial
  std::optional<trial::Fidelity> reached;     ///< that trials are compared at; below `fidelity` if no trial got there
  trial::TrialId best = -1;                   ///< -1: no trial is feasible and comparable
  double best_score = 0;                      ///< its objective (the reward where there is one)
  std::vector<trial::TrialId> pareto;         ///< one objective: the best alone
  std::int64_t comparable = 0, feasible = 0;  ///< trials, at the compared fidelity
  trial::TrialId least = -1;                  ///< nothing is feasible: the trial that breaks its limits least
  std::string least_text;                     ///< by what
  double device_seconds = 0, mean_trial_seconds = 0;
  std::string reason;                     ///< why it ended
  std::vector<trial::TrialId> finalists;  ///< that [full] top_k trains, as they were when these figures were derived
};

struct FullFigures {
  std::vector<FinalistFigures> finalists;  ///< best first; the baseline is the one with trial -1
  trial::TrialId winner = -1;              ///< -2: none is feasible
  double device_seconds = 0;
  std::vector<std::string> missing;  ///< trainings that failed
  bool untouched = true;             ///< scored on [data] valid; false: a command validates on data of its own
};

base::Json to_json(const SplitFigures&);
base::Json to_json(const BaselineFigures&);
base::Json to_json(const ProxyFigures&);
base::Json to_json(const SearchFigures&);
base::Json to_json(const FullFigures&);
SplitFigures split_figures(const base::Json&);
BaselineFigures baseline_figures(const base::Json&);
ProxyFigures proxy_figures(const base::Json&);
SearchFigures search_figures(const base::Json&);
FullFigures full_figures(const base::Json&);

}  // namespace assay::run
