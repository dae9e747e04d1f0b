// Known results instead of equal trainings: a proposal whose network was measured before says so.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "study/planner.hpp"

namespace assay::search {

/// Equal for points that mean the same training (arch::canonical).
using KeyOf = std::function<std::string(const space::Params&)>;

/// Marks every new proposal with its key (study::network_tag) and, if a trial with this key is done, with that trial
/// (study::same_as_tag): the worker takes its result. Only in studies of one fidelity: a trial that has not been
/// trained has no checkpoint to go on from.
class ReusingPlanner final : public study::Planner {
 public:
  ReusingPlanner(std::unique_ptr<study::Planner> planner, KeyOf key)
      : planner_(std::move(planner)), key_(std::move(key)) {}

  study::Decision next(const study::StudyView& view) override { return planner_->next(view); }
  std::optional<study::Proposal> propose(const study::StudyView& view, study::TrialId trial, base::Rng& rng) override;
  std::optional<study::Proposal> further(const study::StudyView& view, const study::ItemId& item) override {
    return planner_->further(view, item);
  }
  base::Json describe() const override;

 private:
  void update(const study::StudyView& view);

  std::unique_ptr<study::Planner> planner_;
  KeyOf key_;
  study::TrialList seen_;
  std::unordered_map<std::string, study::TrialId> measured_;  ///< the first trial that is done, by key
};

}  // namespace assay::search
