#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <tuple>

#include "search/stopping/curve_fit.hpp"
#include "search/stopping/early_stop.hpp"

namespace assay::search {
namespace {

/// Learning-curve extrapolation (curve_fit.hpp): stops when the curve, continued to the last step of the finished
/// trials, beats the best of their ends with a chance of less than 1 - confidence. How far to trust a continuation is
/// learnt from the finished trials: their curves, cut at the same step, are continued the same way, and the mean square
/// of these errors widens the forecast where it is larger than the forecast's own variance. (Families alone are too
/// sure of themselves; in NNI they threw good trials away.)
class CurveStop final : public CurveRule {
 public:
  using CurveRule::CurveRule;

 private:
  /// So many of the youngest finished trials are continued for their errors.
  static constexpr std::size_t most_checked = 20;

  std::optional<std::string> judge(const Question& question) override {
    const auto finished = curves().finished(question.running, question.index);
    std::int64_t end = 0;
    double best = -INFINITY;
    for (const auto* peer : finished) end = std::max(end, peer->steps.back());
    for (const auto* peer : finished) best = std::max(best, peer->values.back());
    const auto step = question.step();
    if (step >= end) return std::nullopt;
    const auto forecast = continued(question.curve, question.curve.steps.size(), end);
    if (!forecast) return std::nullopt;

    double squares = 0;
    int checked = 0;
    for (auto peer = question.peers.rbegin(); peer != question.peers.rend(); ++peer) {
      if (checked == most_checked) break;
      const auto error = past_error(**peer, step, end, question);
      if (!error) continue;
      squares += *error * *error;
      ++checked;
    }
    if (checked < static_cast<int>(std::min(settings().curves, most_checked))) return std::nullopt;
    const double deviation = std::max(forecast->deviation, std::sqrt(squares / checked));
    if (!(deviation > 0)) return std::nullopt;
    const boost::math::students_t_distribution<double> errors(checked);
    const double chance = boost::math::cdf(boost::math::complement(errors, (best - forecast->mean) / deviation));
    if (chance >= 1 - settings().confidence) return std::nullopt;
    const double sign = question.objective.maximise ? 1 : -1;
    return fmt::format(
        "curve rule: {} is {:.6g} at step {} and heads for {:.6g} +- {:.2g} at step {}; the chance to beat {:.6g} is "
        "{:.2g} %",
        question.objective.metric, sign * question.curve.values.back(), step, sign * forecast->mean, deviation, end,
        sign * best, 100 * chance);
  }

  static std::optional<Forecast> continued(const Curve& curve, std::size_t count, std::int64_t end) {
    std::vector<double> steps(curve.steps.begin(), curve.steps.begin() + static_cast<std::ptrdiff_t>(count));
    return extrapolate(steps, std::span(curve.values).first(count), static_cast<double>(end));
  }

  /// Of a finished trial's end as forecast at the step; kept, since many trials are judged at the same one.
  std::optional<double> past_error(const Curve& peer, std::int64_t step, std::int64_t end, const Question& question) {
    if (peer.steps.back() != end) return std::nullopt;
    const auto count = peer.count_until(step);
    const auto key = std::tuple(peer.trial, question.running.item.rung, question.index, end, count);
    const auto known = past_.find(key);
    if (known != past_.end()) return known->second;
    const auto forecast = continued(peer, count, end);
    const auto error = forecast ? std::optional(forecast->mean - peer.values.back()) : std::nullopt;
    past_.emplace(key, error);
    return error;
  }

  std::map<std::tuple<trial::TrialId, int, std::size_t, std::int64_t, std::size_t>, std::optional<double>> past_;
};

}  // namespace

std::unique_ptr<trial::EarlyStop> make_curve_stop(const EarlyStopSettings& settings) {
  return std::make_unique<CurveStop>(settings);
}

}  // namespace assay::search
