// What the searches with rungs have in common: some trials go up to the next fidelity, others begin anew, and at the
// end everybody waits for what may still go up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/points/point_search.hpp"
#include "search/rungs/rungs.hpp"

namespace assay::search {

class RungSearch : public PointSearch {
 public:
  explicit RungSearch(const Setup& setup) : PointSearch(setup) {}

  trial::Decision next(const trial::StudyView& view) override;
  std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId trial, base::Rng& rng) override;

 protected:
  /// Of the view that is asked with.
  const Rungs& rungs() const { return rungs_; }

  /// Numbers that are new in this view, or whose rungs changed: for what is kept on top of rungs().
  virtual void read(const trial::StudyView& /*view*/, const std::vector<trial::TrialId>& /*changed*/) {}
  /// The item that goes up now. `over`: no trial will begin any more, so that groups need not wait to fill.
  virtual std::optional<trial::Continue> promotion(bool over) = 0;
  /// Why no trial may begin now, though numbers are left.
  virtual std::optional<std::string> hold() { return std::nullopt; }

  /// The next rung of this trial.
  trial::Continue up(trial::TrialId id) const;
  /// Makes rungs() that of this view; next() and propose() do so first.
  void look(const trial::StudyView& view) { read(view, rungs_.update(view)); }

 private:
  std::optional<trial::Continue> last_promotion() const;

  Rungs rungs_;
};

}  // namespace assay::search
