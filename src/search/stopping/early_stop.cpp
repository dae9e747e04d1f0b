#include "search/stopping/early_stop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/log.hpp"
#include "stats/summary.hpp"

namespace assay::search {
namespace {

/// Median stopping rule (Golovin et al., "Google Vizier", KDD 2017, section 3.2.2; as NNI's Medianstop): the trial's
/// best so far at step S is strictly worse than the median of the finished trials' averages up to S. Of an even
/// number of averages the worse of the two in the middle counts.
class MedianStop final : public CurveRule {
 public:
  using CurveRule::CurveRule;

 private:
  std::optional<std::string> judge(const Question& question) override {
    std::vector<double> averages;
    for (const auto* peer : question.peers) averages.push_back(peer->average[peer->count_until(question.step()) - 1]);
    const auto middle = averages.begin() + static_cast<std::ptrdiff_t>((averages.size() - 1) / 2);
    std::nth_element(averages.begin(), middle, averages.end());
    if (question.curve.best.back() >= *middle) return std::nullopt;
    return fmt::format("median rule: the best {}, the median of {} finished trials' averages",
                       compare_text(question.objective, question.curve.best.back(), question.step(), *middle),
                       averages.size());
  }
};

/// The worst p % at the same step, by the best value so far (Optuna's PercentilePruner, Ax's
/// PercentileEarlyStoppingStrategy). As in Ax the best are protected: three are never stopped, and the rule rests
/// while it would have stopped the best of the finished trials.
class PercentileStop final : public CurveRule {
 public:
  using CurveRule::CurveRule;

 private:
  static constexpr std::ptrdiff_t protected_trials = 3;

  std::optional<std::string> judge(const Question& question) override {
    const auto values = best_until(question.peers, question.step(), nullptr);
    const double own = question.curve.best.back();
    const double bound = stats::quantile(values, settings().percentile / 100);
    const auto ahead = std::count_if(values.begin(), values.end(), [&](double value) { return value > own; });
    if (own >= bound || ahead < protected_trials || !safe(question)) return std::nullopt;
    return fmt::format("percentile rule: the best {}, where the worst {:g} % of {} finished trials end",
                       compare_text(question.objective, own, question.step(), bound), settings().percentile,
                       values.size());
  }

  static std::vector<double> best_until(const std::vector<const Curve*>& peers, std::int64_t step, const Curve* but) {
    std::vector<double> values;
    for (const auto* peer : peers) {
      const auto count = peer->count_until(step);
      if (peer != but && count > 0 && peer->steps.back() >= step) values.push_back(peer->best[count - 1]);
    }
    return values;
  }

  /// False if the best finished trial would have been stopped by the others.
  bool safe(const Question& question) {
    const auto peers = curves().finished(question.running, question.index);
    const auto by_end = [](const Curve* a, const Curve* b) { return a->values.back() < b->values.back(); };
    const auto* champion = *std::max_element(peers.begin(), peers.end(), by_end);
    Verdict& known = verdicts_[{question.running.item.rung, question.index}];
    if (known.version == curves().version() && known.champion == champion->trial) return known.safe;
    known = {curves().version(), champion->trial, true};
    for (std::size_t i = 0; i < champion->steps.size() && known.safe; ++i) {
      if (champion->steps[i] < settings().from) continue;
      const auto others = best_until(peers, champion->steps[i], champion);
      if (others.size() < settings().curves) continue;
      known.safe = champion->best[i] >= stats::quantile(others, settings().percentile / 100);
    }
    return known.safe;
  }

  struct Verdict {
    std::uint64_t version = 0;
    trial::TrialId champion = -1;
    bool safe = true;
  };
  std::map<std::pair<int, std::size_t>, Verdict> verdicts_;  ///< by rung and objective
};

}  // namespace

std::string compare_text(const trial::Objective& objective, double value, std::int64_t step, double bound) {
  const double sign = objective.maximise ? 1 : -1;
  return fmt::format("{} so far, {:.6g} at step {}, is {} {:.6g}", objective.metric, sign * value, step,
                     objective.maximise ? "below" : "above", sign * bound);
}

std::optional<std::string> CurveRule::check(const trial::StudyView& view, const trial::ItemId& item) {
  const auto* trial = view.find(item.trial);
  if (trial == nullptr || item.rung >= static_cast<int>(trial->rungs.size())) return std::nullopt;
  const auto& running = trial->rungs[static_cast<std::size_t>(item.rung)];
  if (running.reports.empty() || running.reports.back().step < settings_.from) return std::nullopt;
  curves_.update(view);
  std::optional<std::string> reason;
  for (std::size_t i = 0; i < view.objectives().size(); ++i) {
    const auto& objective = view.objectives()[i];
    if (!running.reports.back().metrics.contains(objective.metric)) {
      warn(objective.metric);
      return std::nullopt;
    }
    const auto curve = curve_of(running, objective);
    // A newest value that is no number is the trainer's to judge.
    if (curve.empty() || curve.steps.back() != running.reports.back().step) return std::nullopt;
    auto peers = curves_.finished(running, i, curve.steps.back());
    if (peers.size() < std::max<std::size_t>(1, settings_.curves)) return std::nullopt;
    const auto why = judge({running, objective, i, curve, std::move(peers)});
    if (!why) return std::nullopt;
    reason = reason ? *reason + "; " + *why : *why;
  }
  return reason;
}

void CurveRule::warn(const std::string& metric) {
  if (!warned_.insert(metric).second) return;
  base::log_warning(
      "search.early_stop: trials do not report {} at each step, which [objectives] names: without it no trial is "
      "stopped early",
      metric);
}

std::unique_ptr<trial::EarlyStop> make_median_stop(const EarlyStopSettings& settings) {
  return std::make_unique<MedianStop>(settings);
}

std::unique_ptr<trial::EarlyStop> make_percentile_stop(const EarlyStopSettings& settings) {
  return std::make_unique<PercentileStop>(settings);
}

std::unique_ptr<trial::EarlyStop> make_early_stop(const config::Config& config) {
  const auto rule = config.text("search.early_stop");
  const EarlyStopSettings settings{.from = config.integer("search.early_stop_from"),
                                   .curves = static_cast<std::size_t>(config.integer("search.early_stop_curves")),
                                   .percentile = config.number("search.early_stop_percentile"),
                                   .confidence = config.number("search.early_stop_confidence")};
  if (rule == "median") return make_median_stop(settings);
  if (rule == "percentile") return make_percentile_stop(settings);
  if (rule == "curve") return make_curve_stop(settings);
  return nullptr;
}

}  // namespace assay::search
