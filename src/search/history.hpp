// What planners know of a study, kept from view to view: reading a new view costs what changed in it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "space/space.hpp"
#include "trial/ranking.hpp"
#include "trial/view.hpp"

namespace assay::search {

/// A trial as planners see it.
struct Observation {
  enum class Status {
    absent,   ///< the number is free, or claimed and not proposed yet
    pending,  ///< proposed; no result at any rung
    scored,   ///< measured: `score` is that of the highest rung that is done
    stopped,  ///< ended early, by a rule; `score` is that of its last report, if that has all objectives
    failed,   ///< the model's fault: nan, memory, crash, invalid, infeasible, or an objective that is no number
    voided    ///< nobody measures it
  };
  Status status = Status::absent;
  trial::TrialList::Item trial;
  std::optional<trial::Score> score;
  bool waiting = false;       ///< a rung of it is being measured (also while `scored`)
  std::vector<double> point;  ///< Space::encode, once it is proposed
};

/// A cache only: the same view gives the same history, whatever was read before.
class History {
 public:
  explicit History(std::shared_ptr<const space::Space> space);

  void update(const trial::StudyView& view);

  /// Indexed by trial number.
  const std::vector<Observation>& trials() const { return trials_; }
  const Observation& at(trial::TrialId id) const { return trials_[static_cast<std::size_t>(id)]; }

  /// Numbers of trials, ascending.
  const std::vector<trial::TrialId>& scored() const { return scored_; }
  const std::vector<trial::TrialId>& stopped() const { return stopped_; }
  const std::vector<trial::TrialId>& pending() const { return pending_; }
  const std::vector<trial::TrialId>& failed() const { return failed_; }

  /// True if every number below `count` is claimed.
  bool all_claimed(std::int64_t count) const;
  const std::vector<trial::Objective>& objectives() const { return judge_.objectives(); }
  /// Numbers of the entries that changed, in the order in which they were read: for caches built on top.
  const std::vector<trial::TrialId>& changes() const { return changes_; }
  /// Another one where changes() began anew.
  std::uint64_t generation() const { return generation_; }
  /// Another one after every change.
  std::uint64_t version() const { return (generation_ << 40) + changes_.size(); }

 private:
  void read(std::size_t place, const trial::TrialList::Item& trial);
  std::vector<trial::TrialId>* list_of(Observation::Status status);

  std::shared_ptr<const space::Space> space_;
  trial::TrialList seen_;
  trial::Judge judge_;
  std::vector<Observation> trials_;
  std::vector<trial::TrialId> scored_, stopped_, pending_, failed_;
  mutable std::size_t first_free_ = 0;
  std::vector<trial::TrialId> changes_;
  std::uint64_t generation_ = 1;
};

}  // namespace assay::search
