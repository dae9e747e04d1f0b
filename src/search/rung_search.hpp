// What the searches with rungs have in common: some trials go up to the next fidelity, others begin anew, and at the
// end everybody waits for what may still go up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/point_search.hpp"
#include "search/rungs.hpp"

namespace assay::search {

class RungSearch : public PointSearch {
 public:
  explicit RungSearch(const Setup& setup) : PointSearch(setup) {}

  study::Decision next(const study::StudyView& view) override;
  std::optional<study::Proposal> propose(const study::StudyView& view, study::TrialId trial, base::Rng& rng) override;

 protected:
  /// Of the view that is asked with.
  const Rungs& rungs() const { return rungs_; }

  /// Numbers that are new in this view, or whose rungs changed: for what is kept on top of rungs().
  virtual void read(const study::StudyView& /*view*/, const std::vector<study::TrialId>& /*changed*/) {}
  /// The item that goes up now. `over`: no trial will begin any more, so that groups need not wait to fill.
  virtual std::optional<study::Continue> promotion(bool over) = 0;
  /// Why no trial may begin now, though numbers are left.
  virtual std::optional<std::string> hold() { return std::nullopt; }

  /// The next rung of this trial.
  study::Continue up(study::TrialId id) const;
  /// Makes rungs() that of this view; next() and propose() do so first.
  void look(const study::StudyView& view) { read(view, rungs_.update(view)); }

 private:
  std::optional<study::Continue> last_promotion() const;

  Rungs rungs_;
};

}  // namespace assay::search
