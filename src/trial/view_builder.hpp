// Makes a StudyView from trials in memory: used by the log reader, and by tests of planners.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trial/view.hpp"

namespace assay::trial {

class ViewBuilder {
 public:
  ViewBuilder() = default;
  /// Goes on from a view.
  explicit ViewBuilder(const StudyView& view) : view_(view), trials_(view.trials()) {}

  /// Judged by these alone, without limits or rewards.
  ViewBuilder& objectives(std::vector<Objective> objectives);
  /// The metrics of trials are taken as they are: what is derived must be among them.
  ViewBuilder& judge(Judge judge) { return this->judge(std::make_shared<const Judge>(std::move(judge))); }
  ViewBuilder& judge(std::shared_ptr<const Judge> judge);
  ViewBuilder& fidelities(std::vector<Fidelity> fidelities);
  ViewBuilder& max_trials(std::int64_t count);
  ViewBuilder& imported(std::int64_t count);
  ViewBuilder& closed(bool closed, std::string reason = {});
  ViewBuilder& generation(int number, std::shared_ptr<const Members> before);
  ViewBuilder& workers(std::vector<WorkerInfo> workers);
  /// Puts the trial at its number (replacing what was there); numbers between stay gaps.
  ViewBuilder& trial(Trial trial);
  ViewBuilder& trial(std::shared_ptr<const Trial> trial);
  ViewBuilder& trials(TrialList trials);
  /// Shorthand: a trial with one rung that ended `done` with these metrics.
  ViewBuilder& done(TrialId id, space::Params params, Metrics metrics);

  /// A snapshot; the builder can go on.
  StudyView build();

 private:
  StudyView view_;  ///< all but the trials
  TrialListBuilder trials_;
};

}  // namespace assay::trial
