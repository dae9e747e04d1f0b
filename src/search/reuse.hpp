// Known results instead of equal trainings: a proposal whose network was measured before says so.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trial/planner.hpp"

namespace assay::search {

/// Equal for points that mean the same training (arch::canonical).
using KeyOf = std::function<std::string(const space::Params&)>;

/// Marks every new proposal with its key (study::network_tag) and, if a trial with this key is done, with that trial
/// (study::same_as_tag): the worker takes its result. Only in studies of one fidelity: a trial that has not been
/// trained has no checkpoint to go on from.
class ReusingPlanner final : public trial::Planner {
 public:
  ReusingPlanner(std::unique_ptr<trial::Planner> planner, KeyOf key)
      : planner_(std::move(planner)), key_(std::move(key)) {}

  trial::Decision next(const trial::StudyView& view) override { return planner_->next(view); }
  std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId trial, base::Rng& rng) override;
  std::optional<trial::Proposal> further(const trial::StudyView& view, const trial::ItemId& item) override {
    return planner_->further(view, item);
  }
  base::Json describe() const override;

 private:
  void update(const trial::StudyView& view);

  std::unique_ptr<trial::Planner> planner_;
  KeyOf key_;
  trial::TrialList seen_;
  std::unordered_map<std::string, trial::TrialId> measured_;  ///< the first trial that is done, by key
};

}  // namespace assay::search
