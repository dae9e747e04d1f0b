// EcoNAS's hierarchical evolution, see econas.cpp.
#pragma once

#include <vector>

#include "search/rungs/rung_search.hpp"

namespace assay::search {

class Econas : public RungSearch {
 public:
  explicit Econas(const Setup& setup);

 protected:
  std::optional<trial::Continue> promotion(bool over) override;
  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) override;

  std::size_t cycle() const { return cycle_; }
  std::size_t age() const { return age_; }
  std::size_t pool_of(std::size_t child) const;
  /// By their scores at this level, which all of them have.
  std::vector<trial::TrialId> best_first(const std::vector<trial::TrialId>& members, std::size_t level) const;
  /// `members`: best first.
  trial::Proposal child_of(const std::vector<trial::TrialId>& members, std::size_t level, base::Rng& rng) const;

 private:
  std::vector<trial::TrialId> pool(std::size_t level) const;

  std::size_t cycle_, age_;
};

}  // namespace assay::search
