// EcoNAS as published, cycle after cycle: a cycle's networks all end before the next one's quotas are decided, from
// what was committed by then.
#include <fmt/format.h>

#include <algorithm>

#include "search/algorithms.hpp"
#include "search/rungs/econas.hpp"

namespace assay::search {
namespace {

class Cycles final : public Econas {
 public:
  using Econas::Econas;

 private:
  struct Net {
    trial::TrialId id = 0;
    std::int64_t last = 0;  ///< cycle in which it was trained
  };
  struct Step {
    trial::TrialId id = 0;
    std::size_t level = 0;
  };
  /// What is under way: new trials [begin, end), and networks that go on to these levels.
  struct Batch {
    std::int64_t begin = 0, end = 0;
    std::vector<Step> further;
  };

  void read(const trial::StudyView& view, const std::vector<trial::TrialId>&) override {
    if (rungs().rewinds() != rewinds_ || view.max_trials() != max_trials_) {
      rewinds_ = rungs().rewinds();
      max_trials_ = view.max_trials();
      cycle_number_ = -1;
      pools_.assign(rungs().levels(), {});
      parents_.assign(rungs().levels(), {});
      batch_ = {0, std::min<std::int64_t>(max_trials_, static_cast<std::int64_t>(cycle())), {}};
    }
    while (batch_.end < max_trials_ && ended()) {
      harvest();
      ++cycle_number_;
      begin_cycle();
    }
  }

  bool has_started(trial::TrialId id) const {
    return id < static_cast<trial::TrialId>(rungs().trials().size()) && rungs().at(id).started();
  }

  bool ended(const Step& step) const {
    if (!has_started(step.id)) return false;
    const auto* result = rungs().at(step.id).at(step.level);
    return result != nullptr && result->state != RungResult::State::open;
  }

  /// Level at which a new trial has its first result: above the lowest where it was put in by hand.
  Step first_of(trial::TrialId id) const { return {id, rungs().at(id).first}; }

  bool ended() const {
    for (auto id = batch_.begin; id < batch_.end; ++id) {
      if (!has_started(id) || !ended(first_of(id))) return false;
    }
    return std::all_of(batch_.further.begin(), batch_.further.end(), [&](const auto& step) { return ended(step); });
  }

  /// The batch's networks enter their pools; those that failed are gone.
  void harvest() {
    const auto enter = [&](const Step& step) {
      if (rungs().at(step.id).at(step.level)->state == RungResult::State::scored)
        pools_[step.level].push_back({step.id, std::max<std::int64_t>(0, cycle_number_)});
    };
    for (auto id = batch_.begin; id < batch_.end; ++id) enter(first_of(id));
    for (const auto& step : batch_.further) enter(step);
  }

  void begin_cycle() {
    Batch next{batch_.end, batch_.end, {}};
    parents_.clear();
    for (std::size_t level = 0; level < pools_.size(); ++level) {
      auto& pool = pools_[level];
      std::erase_if(pool, [&](const Net& net) { return cycle_number_ - net.last >= static_cast<std::int64_t>(age()); });
      std::vector<trial::TrialId> members;
      for (const auto& net : pool) members.push_back(net.id);
      parents_.push_back(best_first(members, level));
    }
    for (std::size_t level = 0; level + 1 < pools_.size(); ++level) {
      const auto count = std::min(parents_[level].size(), cycle() >> (level + 1));
      for (std::size_t i = 0; i < count; ++i) {
        const auto id = parents_[level][i];
        next.further.push_back({id, level + 1});
        std::erase_if(pools_[level], [id](const Net& net) { return net.id == id; });
      }
    }
    for (std::size_t child = 0; child < cycle(); ++child) next.end += !parents_[pool_of(child)].empty();
    // Nothing but failures: 16 anew.
    if (next.end == next.begin && next.further.empty()) next.end += static_cast<std::int64_t>(cycle());
    next.end = std::min(next.end, max_trials_);
    batch_ = std::move(next);
  }

  std::optional<trial::Continue> promotion(bool) override {
    for (const auto& step : batch_.further) {
      if (rungs().at(step.id).highest() < step.level) return up(step.id);
    }
    return std::nullopt;
  }

  std::optional<std::string> hold() override {
    for (auto id = batch_.begin; id < batch_.end; ++id) {
      if (!has_started(id)) return std::nullopt;
    }
    return fmt::format("cycle {} is not over", cycle_number_);
  }

  /// The n-th child of a cycle, where empty pools have none. Beyond the last one, where others took up the batch after
  /// this view: the first ones again.
  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) override {
    std::vector<std::size_t> pools;
    for (std::size_t child = 0; child < cycle(); ++child) {
      if (const auto level = pool_of(child); !parents_[level].empty()) pools.push_back(level);
    }
    if (pools.empty()) return {.params = space().sample(rng), .note = "random"};
    const auto place = static_cast<std::size_t>(std::max<std::int64_t>(0, trial - batch_.begin));
    const auto level = pools[place % pools.size()];
    return child_of(parents_[level], level, rng);
  }

  std::uint64_t rewinds_ = 0;
  std::int64_t max_trials_ = -1;
  std::int64_t cycle_number_ = -1;
  std::vector<std::vector<Net>> pools_;               ///< as the cycle began, less what goes on in it
  std::vector<std::vector<trial::TrialId>> parents_;  ///< all of them, best first
  Batch batch_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_econas(const Setup& setup) {
  if (setup.config.flag("search.econas.barrier")) return std::make_unique<Cycles>(setup);
  return std::make_unique<Econas>(setup);
}

}  // namespace assay::search
