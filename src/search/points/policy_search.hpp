// Reinforcement learning as a planner: batch by batch of ended trials, in the order of their numbers, the policy
// learns; each proposal is drawn from the newest one.
#pragma once

#include <cstddef>
#include <vector>

#include "search/points/point_search.hpp"
#include "search/points/policy.hpp"

namespace assay::search {

/// What has been learned.
struct Learned {
  std::vector<double> weights;
  Ascent ascent;
  double baseline = 0;
  std::size_t updates = 0;
};

/// A trial that ended, and how good it was.
struct Lesson {
  Decisions decisions;
  double reward = 0;
};

/// The policy is a function of the ended trials alone: a worker that lags draws from an older one, and a trial that
/// ends after those with higher numbers is put in its place, and what follows learned again.
///
/// The reward of a trial is the share of the last 100, up to the end of its batch, that it beats: at most 1, a failed
/// one's is 0. So scales of metrics do not matter, and several objectives count by Pareto layer and crowding.
class PolicySearch : public PointSearch {
 public:
  PolicySearch(const Setup& setup, std::size_t hidden, std::size_t batch);

 protected:
  const Policy& policy() const { return policy_; }
  std::uint64_t seed() const { return seed_; }
  virtual void learn(Learned& learned, const std::vector<Lesson>& batch) const = 0;

 private:
  struct Ended {
    trial::TrialId id = 0;
    std::optional<trial::Score> score;  ///< nothing: failed
  };
  struct Snapshot {
    std::size_t length = 0;  ///< trials learned from
    Learned learned;
  };

  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) final;
  void follow();
  std::vector<Ended> ended() const;
  std::vector<Lesson> batch_until(std::size_t end) const;

  std::uint64_t seed_;
  std::size_t batch_;
  Policy policy_;
  std::vector<Ended> ended_;  ///< in the order of their numbers
  std::vector<Snapshot> snapshots_;
  std::uint64_t version_ = static_cast<std::uint64_t>(-1);
};

}  // namespace assay::search
