#include "search/stopping/stop_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "base/json.hpp"
#include "base/text.hpp"
#include "stats/hypervolume.hpp"
#include "stats/intervals.hpp"
#include "stats/summary.hpp"

namespace assay::search {
namespace {

constexpr std::int64_t fewest_ended = 50;
constexpr double most_invalid = 0.2;
constexpr std::size_t fewest_for_progress = 500;
constexpr double significant = 0.05;

/// Robust: the standard deviation of a normal sample with this interquartile range.
double spread_of(const std::vector<double>& values) {
  return (stats::quantile(values, 0.75) - stats::quantile(values, 0.25)) / 1.349;
}

/// Chance of a difference of means as large as mean(b) - mean(a) if there is none (Welch's test, one-sided).
double chance_of_rise(const std::vector<double>& a, const std::vector<double>& b) {
  const double va = stats::variance(a) / static_cast<double>(a.size());
  const double vb = stats::variance(b) / static_cast<double>(b.size());
  const double rise = stats::mean(b) - stats::mean(a);
  if (!(va + vb > 0)) return rise > 0 ? 0 : 1;
  const double freedom = (va + vb) * (va + vb) /
                         (va * va / static_cast<double>(a.size() - 1) + vb * vb / static_cast<double>(b.size() - 1));
  return boost::math::cdf(boost::math::complement(boost::math::students_t(freedom), rise / std::sqrt(va + vb)));
}

/// For a comparison of spreads (Brown and Forsythe, 1974).
std::vector<double> deviations(std::vector<double> values) {
  const double middle = stats::median(values);
  for (auto& value : values) value = std::abs(value - middle);
  return values;
}

/// Expected maximum of `count` values drawn from these without replacement.
double expected_best(std::vector<double> values, std::size_t count) {
  std::sort(values.rbegin(), values.rend());
  const auto all = static_cast<double>(values.size()), drawn = static_cast<double>(count);
  double expected = 0, none_before = 1;
  for (std::size_t rank = 0; rank < values.size(); ++rank) {
    const double left = all - static_cast<double>(rank);
    const double chance = std::min(1.0, drawn / left);
    expected += none_before * chance * values[rank];
    none_before *= 1 - chance;
  }
  return expected;
}

std::string trials_text(std::size_t count) { return base::with_commas(static_cast<long long>(count)) + " trials"; }

/// As it was measured.
double raw(const trial::Objective& objective, double value) { return objective.maximise ? value : -value; }

}  // namespace

StopSettings::StopSettings(const config::Config& config, bool enumerates)
    : window(static_cast<std::size_t>(config.integer("search.stop_window"))),
      tolerance(config.number("search.stop_tolerance")),
      noise(config.number("search.noise")) {
  for (const auto& rule : config.texts("search.stop")) {
    if (rule == "target") target = true;
    if (enumerates) continue;
    if (rule == "converged") converged = true;
    if (rule == "invalid") invalid = true;
    if (rule == "no-progress") no_progress = true;
    if (rule == "gain") gain = true;
  }
  bool any = false;
  for (const auto& [name, objective] : config.node("objectives").items()) {
    const auto goal = objective.at("target");
    goals.push_back(goal ? goal.number() : NAN);
    any = any || goal;
  }
  target = target && any;
}

std::optional<std::string> StopRules::check(const trial::StudyView& view) {
  progress_.update(view);
  if (judged_ != progress_.version()) {
    judged_ = progress_.version();
    reason_ = judge();
  }
  return reason_;
}

void StopRules::set(StopSettings settings) {
  settings_ = std::move(settings);
  reason_ = judge();
}

std::optional<std::string> StopRules::judge() {
  std::optional<std::string> reason;
  if (settings_.target) reason = target();
  if (!reason && settings_.invalid) reason = invalid();
  if (!reason && settings_.gain) reason = gain();
  if (!reason && settings_.converged) reason = converged();
  if (!reason && settings_.no_progress) reason = no_progress();
  return reason;
}

std::optional<std::string> StopRules::invalid() const {
  const auto bad = progress_.failed() + progress_.infeasible(), all = progress_.ended();
  if (all < fewest_ended) return std::nullopt;
  const auto share = stats::wilson(static_cast<double>(bad) / static_cast<double>(all), static_cast<double>(all));
  if (share.lo <= most_invalid) return std::nullopt;
  return fmt::format(
      "invalid: {} of {} trials failed and {} are infeasible, surely more than {:.0f} %; space or training need a look",
      base::with_commas(progress_.failed()), base::with_commas(all), base::with_commas(progress_.infeasible()),
      100 * most_invalid);
}

std::optional<std::string> StopRules::target() {
  const auto& objectives = progress_.objectives();
  if (settings_.goals.size() != objectives.size()) return std::nullopt;
  const auto reached = [&](const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double goal = settings_.goals[i], value = raw(objectives[i], values[i]);
      if (objectives[i].maximise ? value < goal : value > goal) return false;
    }
    return true;
  };
  // What reaches all targets is on the front, or something on the front is better.
  const auto front = progress_.front();
  if (std::none_of(front->begin(), front->end(), reached)) return std::nullopt;
  for (const auto& result : progress_.results()) {
    const auto& score = result.score;
    if (!reached(score.values)) continue;
    std::string text;
    for (std::size_t i = 0; i < objectives.size(); ++i) {
      if (std::isnan(settings_.goals[i])) continue;
      const double penalty = i == 0 ? score.penalty : 0;
      text += fmt::format("{}{} {:.6g}{} (target {:.6g})", text.empty() ? "" : ", ", objectives[i].metric,
                          raw(objectives[i], score.values[i] + penalty),
                          penalty > 0 ? fmt::format(" less a penalty of {:.6g}", penalty) : "", settings_.goals[i]);
    }
    return fmt::format("target: trial {} has {}", result.trial, text);
  }
  return std::nullopt;
}

std::optional<std::string> StopRules::converged() {
  const auto n = progress_.results().size(), w = settings_.window;
  if (progress_.measured_here() < 2 * w) return std::nullopt;
  const auto& objectives = progress_.objectives();
  if (objectives.size() > 1) {
    const double growth = volume_growth(n - w);
    if (growth > settings_.tolerance) return std::nullopt;
    return fmt::format("converged: the last {} added {:.2g} % to the hypervolume of the front of {}", trials_text(w),
                       100 * growth, progress_.front()->size());
  }
  const auto first = progress_.values(0, w), before = progress_.values(n - 2 * w, n - w),
             last = progress_.values(n - w, n);
  const auto& best = progress_.results()[progress_.best_of(n)].score;
  const auto& earlier = progress_.results()[progress_.best_of(n - w)].score;
  const double at_first = spread_of(first), now = spread_of(last);
  const double grown = best.values.front() - earlier.values.front();
  if (trial::class_of(best) != trial::class_of(earlier) || grown > settings_.tolerance * at_first) return std::nullopt;
  if (now > 0.5 * at_first || chance_of_rise(before, last) < significant) return std::nullopt;
  const auto since = n - 1 - progress_.best_of(n);
  const auto growth = since >= w ? fmt::format("no better than {:.6g} for {}",
                                               raw(objectives.front(), best.values.front()), trials_text(since))
                                 : fmt::format("{:.6g} is better by only {:.2g} than {} ago",
                                               raw(objectives.front(), best.values.front()), grown, trials_text(w));
  return fmt::format("converged: {}, spread of the last {} down to {:.2g} from {:.2g}", growth, w, now, at_first);
}

std::optional<std::string> StopRules::no_progress() {
  const auto n = progress_.results().size(), half = fewest_for_progress / 2;
  if (progress_.measured_here() < fewest_for_progress) return std::nullopt;
  if (progress_.objectives().size() > 1) {
    if (volume_growth(n - half) > 0) return std::nullopt;
    return fmt::format("no progress: {}, and the front of {} has not changed for {}", trials_text(n),
                       progress_.front()->size(), trials_text(half));
  }
  const auto since = n - 1 - progress_.best_of(n);
  if (since < half) return std::nullopt;
  const auto first = progress_.values(n - 2 * half, n - half), last = progress_.values(n - half, n);
  const bool rises = chance_of_rise(first, last) < significant;
  const bool narrows = chance_of_rise(deviations(last), deviations(first)) < significant;
  if (rises || narrows) return std::nullopt;
  const auto& objective = progress_.objectives().front();
  const double best = progress_.results()[progress_.best_of(n)].score.values.front();
  return fmt::format(
      "no progress: {}, none better than {:.6g} for {}; over {} trials the mean was {:.4g} and is {:.4g}, the spread "
      "was "
      "{:.2g} and is {:.2g}",
      trials_text(n), raw(objective, best), trials_text(since), half, raw(objective, stats::mean(first)),
      raw(objective, stats::mean(last)), spread_of(first), spread_of(last));
}

/// Gains shrink: another window brings hardly more than the last one did, nor than doubling the sample did, whatever
/// its order. The larger of the two is taken.
std::optional<std::string> StopRules::gain() const {
  const auto n = progress_.results().size(), w = settings_.window;
  if (progress_.measured_here() < 2 * w || progress_.objectives().size() != 1) return std::nullopt;
  const auto& best = progress_.results()[progress_.best_of(n)].score;
  const auto& earlier = progress_.results()[progress_.best_of(n - w)].score;
  if (trial::class_of(best) != trial::class_of(earlier)) return std::nullopt;
  const double grown = best.values.front() - earlier.values.front();
  const auto recent = progress_.values(n - 2 * w, n);
  const double doubled = *std::max_element(recent.begin(), recent.end()) - expected_best(recent, w);
  const double expected = std::max(grown, doubled);
  if (expected >= settings_.noise) return std::nullopt;
  return fmt::format(
      "gain: the last {} improved the best by {:.2g}; {} more are expected to bring no more than {:.2g}, training the "
      "same network again moves the result by {:.2g}",
      trials_text(w), grown, w, expected, settings_.noise);
}

double StopRules::volume_growth(std::size_t count) {
  const auto old = progress_.front_before(progress_.results()[count].trial), now = progress_.front();
  if (old == now) return 0;
  if (old == volume_old_ && now == volume_new_) return volume_growth_;
  volume_old_ = old;
  volume_new_ = now;
  auto objectives = progress_.objectives();
  const std::vector<bool> maximise(objectives.size(), true);
  auto reference = reference_point(*now, objectives);
  double all = stats::hypervolume(*now, reference, maximise);
  if (!(all > 0)) {
    // Nothing meets all thresholds yet: the front may still move towards them.
    for (auto& objective : objectives) objective.threshold.reset();
    reference = reference_point(*now, objectives);
    all = stats::hypervolume(*now, reference, maximise);
  }
  const double before = stats::hypervolume(*old, reference, maximise);
  volume_growth_ = all > 0 ? (all - before) / all : 0;
  return volume_growth_;
}

std::vector<double> reference_point(const stats::Points& front, const std::vector<trial::Objective>& objectives) {
  std::vector<double> reference;
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    const auto& objective = objectives[i];
    if (objective.threshold) {
      reference.push_back(objective.maximise ? *objective.threshold : -*objective.threshold);
      continue;
    }
    double lo = INFINITY, hi = -INFINITY;
    for (const auto& point : front) lo = std::min(lo, point[i]), hi = std::max(hi, point[i]);
    if (front.empty()) lo = hi = 0;
    const double range = hi > lo ? hi - lo : std::max(std::abs(lo), 1e-7);
    reference.push_back(lo - 0.1 * range);
  }
  return reference;
}

StoppingPlanner::StoppingPlanner(std::unique_ptr<trial::Planner> planner, const config::Config& config, bool enumerates)
    : planner_(std::move(planner)), enumerates_(enumerates), rules_(StopSettings(config, enumerates)) {}

void StoppingPlanner::configure(const config::Config& config) { rules_.set(StopSettings(config, enumerates_)); }

trial::Decision StoppingPlanner::next(const trial::StudyView& view) {
  if (auto reason = rules_.check(view)) return trial::Finished{std::move(*reason)};
  return planner_->next(view);
}

std::optional<trial::Proposal> StoppingPlanner::further(const trial::StudyView& view, const trial::ItemId& item) {
  return planner_->further(view, item);
}

base::Json StoppingPlanner::describe() const { return planner_->describe(); }

}  // namespace assay::search
