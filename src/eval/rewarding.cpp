#include "eval/rewarding.hpp"

#include <utility>

#include "study/reward.hpp"

namespace assay::eval {
namespace {

/// Reports lack the reward as long as the trainer does not report what it is made from.
class RewardingReporter final : public study::Reporter {
 public:
  RewardingReporter(const study::Reward& reward, study::Reporter& reporter) : reward_(reward), reporter_(reporter) {}
  study::Verdict report(std::int64_t step, const study::Metrics& metrics) override {
    auto all = metrics;
    reward_.add(all);
    return reporter_.report(step, all);
  }

 private:
  const study::Reward& reward_;
  study::Reporter& reporter_;
};

class RewardingEvaluator final : public study::Evaluator {
 public:
  RewardingEvaluator(std::unique_ptr<study::Evaluator> evaluator, study::Reward reward)
      : evaluator_(std::move(evaluator)), reward_(std::move(reward)) {}

  study::Outcome run(const study::Work& work, study::Reporter& reporter) override {
    RewardingReporter rewarding(reward_, reporter);
    auto outcome = evaluator_->run(work, rewarding);
    const auto wrong = reward_.add(outcome.metrics);
    if (wrong && outcome.state == study::State::done && !outcome.again) {
      outcome.state = study::State::failed;
      outcome.failure = study::Failure::nan;
      outcome.reason = *wrong;
    }
    return outcome;
  }

 private:
  std::unique_ptr<study::Evaluator> evaluator_;
  study::Reward reward_;
};

}  // namespace

std::unique_ptr<study::Evaluator> with_reward(std::unique_ptr<study::Evaluator> evaluator,
                                              const config::Config& config) {
  study::Reward reward(config);
  if (reward.empty()) return evaluator;
  return std::make_unique<RewardingEvaluator>(std::move(evaluator), std::move(reward));
}

}  // namespace assay::eval
