// What the planners have in common that draw one new point of the space for each number: proposals to begin with, no
// point twice, and an end when all points or all numbers are used up.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "search/algorithms.hpp"
#include "search/history.hpp"
#include "search/own_numbers.hpp"
#include "search/seen.hpp"
#include "trial/planner.hpp"

namespace assay::search {

class PointSearch : public trial::Planner {
 public:
  explicit PointSearch(const Setup& setup);

  trial::Decision next(const trial::StudyView& view) override;
  std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId trial, base::Rng& rng) override;
  base::Json describe() const override;

 protected:
  const space::Space& space() const { return *space_; }
  /// Of the view that draw() is asked with.
  const History& history() const { return history_; }
  /// So many trials take the proposals given to begin with: the first that are measured here.
  trial::TrialId begin() const { return static_cast<trial::TrialId>(first_.size()); }

  /// True if the view that draw() is asked with holds this point: it is not proposed again.
  bool proposed_before(const space::Params& params) const { return seen_.contains(params); }

  /// A point for this number; called again, up to 20 times, while it was proposed before. Then the last one is mutated,
  /// in the end points are drawn evenly.
  virtual trial::Proposal draw(trial::TrialId trial, base::Rng& rng) = 0;

 private:
  /// Fills all_ where there are few points enough.
  void list_all();
  /// One of those that are left, another one for each of the numbers that are being proposed for at once.
  std::optional<trial::Proposal> unseen_point(trial::TrialId trial) const;
  /// Of the points listed, so few are left that workers which propose at once would meet.
  bool running_out(trial::TrialId trial);
  /// All points of a small space, and of any that can be listed once half of it was tried; else nullptr. By the view
  /// alone: what this process listed before changes no proposal.
  const std::vector<space::Params>* listed();

  std::shared_ptr<const space::Space> space_;
  std::vector<trial::Proposal> first_;
  std::string description_;
  std::uint64_t seed_;
  std::optional<std::vector<space::Params>> all_;  ///< of a discrete space, once it is listed: shuffled, alike for all
  bool small_;                                     ///< listed from the beginning
  std::optional<double> half_;                     ///< of the number of points
  std::size_t most_listed_;                        ///< spaces with more points are not listed; 0: this one is not
  History history_;
  Seen seen_;
  OwnNumbers own_;
};

}  // namespace assay::search
