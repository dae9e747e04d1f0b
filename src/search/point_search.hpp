// What the planners have in common that draw one new point of the space for each number: proposals to begin with, no
// point twice, and an end when all points or all numbers are used up.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "search/seen.hpp"
#include "study/planner.hpp"

namespace assay::search {

class PointSearch : public study::Planner {
 public:
  PointSearch(std::shared_ptr<const space::Space> space, std::vector<study::Proposal> first);

  study::Decision next(const study::StudyView& view) override;
  std::optional<study::Proposal> propose(const study::StudyView& view, study::TrialId trial, base::Rng& rng) override;

 protected:
  const space::Space& space() const { return *space_; }
  /// Numbers below take the proposals given to begin with.
  study::TrialId begin() const { return static_cast<study::TrialId>(first_.size()); }

  /// A point for this number; called again, up to 20 times, while it was proposed before.
  virtual study::Proposal draw(const study::StudyView& view, study::TrialId trial, base::Rng& rng) = 0;

 private:
  std::optional<study::Proposal> unseen_point(base::Rng& rng) const;

  std::shared_ptr<const space::Space> space_;
  std::vector<study::Proposal> first_;
  std::optional<std::vector<space::Params>> all_;  ///< of a small discrete space
  Seen seen_;
};

}  // namespace assay::search
