// What the genetic algorithms have in common: children of two parents, which come from those that live.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "search/points/point_search.hpp"

namespace assay::search {

/// Steady state, for any number of workers: each child's parents come from the best of all trials that have ended by
/// then, so that nobody waits for the end of a generation. The first `search.population` numbers are random.
class Genetic : public PointSearch {
 public:
  explicit Genetic(const Setup& setup);

 protected:
  /// Those that live, `count` at most, of `trials`, which are all that were measured, by number. Called again when the
  /// study has changed.
  virtual std::vector<trial::Scored> survivors(std::vector<trial::Scored> trials, std::size_t count) const = 0;
  /// Place of a parent in what survivors() gave; `living` is not empty.
  virtual std::size_t select(const std::vector<trial::Scored>& living, base::Rng& rng) const = 0;

 private:
  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) final;

  std::int64_t population_;
  std::vector<trial::Scored> living_;
  std::uint64_t version_ = 0;
};

}  // namespace assay::search
