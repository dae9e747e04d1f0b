#include "trial/view_builder.hpp"

#include <utility>

namespace assay::trial {

ViewBuilder& ViewBuilder::objectives(std::vector<Objective> objectives) { return judge(Judge(std::move(objectives))); }

ViewBuilder& ViewBuilder::judge(std::shared_ptr<const Judge> judge) {
  view_.judge_ = std::move(judge);
  return *this;
}

ViewBuilder& ViewBuilder::fidelities(std::vector<Fidelity> fidelities) {
  view_.fidelities_ = std::move(fidelities);
  return *this;
}

ViewBuilder& ViewBuilder::max_trials(std::int64_t count) {
  view_.max_trials_ = count;
  return *this;
}

ViewBuilder& ViewBuilder::imported(std::int64_t count) {
  view_.imported_ = count;
  return *this;
}

ViewBuilder& ViewBuilder::closed(bool closed, std::string reason) {
  view_.closed_ = closed;
  view_.end_reason_ = std::move(reason);
  return *this;
}

ViewBuilder& ViewBuilder::generation(int number, std::shared_ptr<const Members> before) {
  view_.generation_ = number;
  view_.before_ = std::move(before);
  return *this;
}

ViewBuilder& ViewBuilder::workers(std::vector<WorkerInfo> workers) {
  view_.workers_ = std::move(workers);
  return *this;
}

ViewBuilder& ViewBuilder::trial(Trial trial) { return this->trial(std::make_shared<const Trial>(std::move(trial))); }

ViewBuilder& ViewBuilder::trial(std::shared_ptr<const Trial> trial) {
  const auto number = trial->id;
  trials_.set(number, std::move(trial));
  return *this;
}

ViewBuilder& ViewBuilder::trials(TrialList trials) {
  trials_ = TrialListBuilder(std::move(trials));
  return *this;
}

ViewBuilder& ViewBuilder::done(TrialId id, space::Params params, Metrics metrics) {
  Trial trial;
  trial.id = id;
  trial.first.params = std::move(params);
  trial.proposed = true;
  Measurement measurement;
  measurement.item = {id, 0};
  measurement.attempt = 1;
  measurement.state = State::done;
  measurement.metrics = std::move(metrics);
  trial.rungs.push_back(std::move(measurement));
  return this->trial(std::move(trial));
}

StudyView ViewBuilder::build() {
  view_.trials_ = trials_.list();
  return view_;
}

}  // namespace assay::trial
