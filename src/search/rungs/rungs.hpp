// The fidelities of a search with rungs, and what is known at each of them, kept from view to view.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "trial/ranking.hpp"
#include "trial/view.hpp"

namespace assay::search {

/// [search] rungs, in epochs; else the epochs of `top` divided by search.eta again and again, rounded, down to
/// search.min_epochs, which is the first rung itself where the last quotient is not near it (50: 1, 2, 6, 17, 50).
/// Data, width and resolution are those of `top`, which is the last. Error(config) where the epochs
/// themselves are searched.
std::vector<trial::Fidelity> divided_rungs(const config::Config& config, const trial::Fidelity& top);

/// [search] rungs, else every `step` epochs up to those of `top`.
std::vector<trial::Fidelity> even_rungs(const config::Config& config, const trial::Fidelity& top, double step);

/// How one rung of a trial ended.
struct RungResult {
  enum class State {
    open,    ///< claimed or running
    scored,  ///< measured, with every objective
    lost,    ///< the model's fault, or stopped early: worse than any score
    invalid  ///< never measured: infeasible, void, or given up for no fault of the model. Counts nowhere
  };
  State state = State::open;
  std::optional<trial::Score> score;
};

/// "Level": a place in the study's fidelities. A trial's rung 0 may lie above level 0.
struct TrialProgress {
  trial::TrialList::Item trial;
  std::size_t first = 0;            ///< level of rung 0
  std::vector<RungResult> results;  ///< by rung

  bool started() const { return !results.empty(); }
  /// The highest level that is claimed; started().
  std::size_t highest() const { return first + results.size() - 1; }
  /// nullptr if there is none.
  const RungResult* at(std::size_t level) const;
};

/// A cache only: the same view gives the same answers, whatever was read before.
class Rungs {
 public:
  /// Returns the numbers that changed, ascending.
  std::vector<trial::TrialId> update(const trial::StudyView& view);

  /// Grows when a result is not what it was: a view of another study, or an older one. What was made of results is
  /// void.
  std::uint64_t rewinds() const { return rewinds_; }

  std::size_t levels() const { return levels_.size(); }
  std::size_t top() const { return levels_.size() - 1; }
  /// By number; what nobody claimed has not started.
  const std::vector<TrialProgress>& trials() const { return trials_; }
  const TrialProgress& at(trial::TrialId id) const { return trials_[static_cast<std::size_t>(id)]; }

  std::size_t scored(std::size_t level) const { return levels_[level].scored.size(); }
  std::size_t lost(std::size_t level) const { return levels_[level].lost; }
  std::size_t open(std::size_t level) const { return levels_[level].open; }
  /// Trials that went on to this level from the one below, invalid ones left out; not those that began there.
  std::size_t risen(std::size_t level) const { return levels_[level].risen; }
  /// Items under way at a level that is not the top: their trials may go on.
  std::size_t open_below_top() const;
  /// Numbers of the best `count` at a level, best first, as `ranked` orders them.
  std::vector<trial::TrialId> best(std::size_t level, std::size_t count) const;
  /// Numbers of all that have a score at a level; in what order is left open.
  std::vector<trial::TrialId> all_scored(std::size_t level) const { return best(level, scored(level)); }

 private:
  struct Standing {
    int group = 0;  ///< class_of
    double violation = 0, value = 0;
    trial::TrialId id = 0;
    bool before(const Standing& other) const;
  };
  struct Level {
    std::vector<Standing> scored;  ///< best first by the first objective
    std::size_t risen = 0, lost = 0, open = 0;
    std::uint64_t version = 0;
    mutable std::vector<trial::TrialId> order;  ///< several objectives: the best, best first
    mutable std::uint64_t ordered = 0;          ///< version of `order`
    mutable std::size_t depth = 0;              ///< for which `order` was made
  };

  TrialProgress progress_of(const trial::TrialList::Item& trial) const;
  void count(const TrialProgress& progress, bool in, bool sorted = true);
  void count_all();
  const std::vector<trial::TrialId>& several_best(std::size_t level, std::size_t count) const;

  trial::TrialList seen_;
  trial::Judge judge_;
  std::vector<trial::Fidelity> fidelities_;
  std::vector<TrialProgress> trials_;
  std::vector<Level> levels_{1};
  std::uint64_t rewinds_ = 0;
};

}  // namespace assay::search
