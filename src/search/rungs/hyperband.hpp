// Hyperband: Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar, "Hyperband: a novel bandit-based approach to
// hyperparameter optimization", JMLR 18 (2018), algorithm 1.
#pragma once

#include <set>
#include <vector>

#include "search/rungs/rung_search.hpp"

namespace assay::search {

/// Brackets one after another by trial number, the most aggressive first. Within a bracket a rung waits for all its
/// members, as published, so that what goes up does not depend on who was first; workers that find nothing to promote
/// begin the next bracket. Trials go on from their checkpoints instead of from zero. Failed ones count as the worst.
class Hyperband : public RungSearch {
 public:
  explicit Hyperband(const Setup& setup);

  std::optional<trial::Proposal> propose(const trial::StudyView& view, trial::TrialId trial, base::Rng& rng) override;

  /// A bracket: `size` trials from the `begin`-th on that are measured here, whose first rung lies at `level`.
  struct Bracket {
    std::size_t level = 0;
    std::int64_t begin = 0, size = 0;
  };
  /// The brackets of one round, for so many fidelities: with s = levels - 1 - level, size = ceil(levels / (s + 1) x
  /// eta^s).
  static std::vector<Bracket> round_of(std::size_t levels, std::int64_t eta);

 protected:
  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) override;

 private:
  void read(const trial::StudyView& view, const std::vector<trial::TrialId>& changed) override;
  std::optional<trial::Continue> promotion(bool over) override;
  /// Of the trial with so many before it.
  Bracket bracket_at(std::int64_t place) const;
  void look_for_all();
  std::optional<trial::TrialId> ready(const Bracket& bracket, bool over) const;

  std::int64_t eta_;
  std::vector<Bracket> round_;
  std::vector<trial::Fidelity> fidelities_;
  std::int64_t max_trials_ = 0;  ///< to be measured here
  OwnNumbers own_;
  bool over_ = false;                  ///< as in the last promotion()
  std::set<std::int64_t> looked_for_;  ///< first places of the brackets to look at again
};

}  // namespace assay::search
