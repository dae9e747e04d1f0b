// Early stopping inside trials ([search] early_stop): which running trial need not be trained to its end.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "config/config.hpp"
#include "search/stopping/curves.hpp"
#include "trial/early_stop.hpp"

namespace assay::search {

/// nullptr for "none".
std::unique_ptr<trial::EarlyStop> make_early_stop(const config::Config& config);

struct EarlyStopSettings {
  std::int64_t from = 1;     ///< first step that is judged
  std::size_t curves = 5;    ///< fewest finished trials to compare with
  double percentile = 50;    ///< of the rule "percentile"
  double confidence = 0.95;  ///< of the rule "curve"
};

/// What the rules share: they judge one objective's curve against those of trials that finished the same rung. A trial
/// is stopped only if it would be for every objective, so that a weak but small network lives on; an objective that
/// trials do not report at each step forbids to stop any, which is said once.
class CurveRule : public trial::EarlyStop {
 public:
  explicit CurveRule(const EarlyStopSettings& settings) : settings_(settings) {}
  std::optional<std::string> check(const trial::StudyView& view, const trial::ItemId& item) final;

 protected:
  struct Question {
    const trial::Measurement& running;
    const trial::Objective& objective;
    std::size_t index;  ///< of the objective
    const Curve& curve;
    std::vector<const Curve*> peers;  ///< finished, and at least as far as the step
    std::int64_t step() const { return curve.steps.back(); }
  };
  virtual std::optional<std::string> judge(const Question& question) = 0;

  const EarlyStopSettings& settings() const { return settings_; }
  const Curves& curves() const { return curves_; }

 private:
  void warn(const std::string& metric);

  EarlyStopSettings settings_;
  Curves curves_;
  std::set<std::string> warned_;
};

/// "accuracy 0.71 at step 12 is below 0.78": value and bound are turned, the text shows them as they were measured.
std::string compare_text(const trial::Objective& objective, double value, std::int64_t step, double bound);

std::unique_ptr<trial::EarlyStop> make_median_stop(const EarlyStopSettings& settings);
std::unique_ptr<trial::EarlyStop> make_percentile_stop(const EarlyStopSettings& settings);
std::unique_ptr<trial::EarlyStop> make_curve_stop(const EarlyStopSettings& settings);

}  // namespace assay::search
