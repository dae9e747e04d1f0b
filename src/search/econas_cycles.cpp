// EcoNAS as published, cycle after cycle: a cycle's networks all end before the next one's quotas are decided, from
// what was committed by then.
#include <fmt/format.h>

#include <algorithm>

#include "search/algorithms.hpp"
#include "search/econas.hpp"

namespace assay::search {
namespace {

class Cycles final : public Econas {
 public:
  using Econas::Econas;

 private:
  struct Net {
    study::TrialId id = 0;
    std::int64_t last = 0;  ///< cycle in which it was trained
  };
  /// What is under way: new trials [begin, end) and these items.
  struct Batch {
    std::int64_t begin = 0, end = 0;
    std::vector<study::ItemId> further;
  };

  void read(const study::StudyView& view, const std::vector<study::TrialId>&) override {
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

  bool ended(study::TrialId id, std::size_t level) const {
    if (id >= static_cast<study::TrialId>(rungs().climbs().size())) return false;
    const auto* result = rungs().at(id).at(level);
    return result != nullptr && result->state != RungResult::State::open;
  }

  bool ended() const {
    for (auto id = batch_.begin; id < batch_.end; ++id) {
      if (!ended(id, 0)) return false;
    }
    return std::all_of(batch_.further.begin(), batch_.further.end(),
                       [&](const auto& item) { return ended(item.trial, static_cast<std::size_t>(item.rung)); });
  }

  /// The batch's networks enter their pools; those that failed are gone.
  void harvest() {
    const auto enter = [&](study::TrialId id, std::size_t level) {
      if (rungs().at(id).at(level)->state == RungResult::State::scored)
        pools_[level].push_back({id, std::max<std::int64_t>(0, cycle_number_)});
    };
    for (auto id = batch_.begin; id < batch_.end; ++id) enter(id, 0);
    for (const auto& item : batch_.further) enter(item.trial, static_cast<std::size_t>(item.rung));
  }

  void begin_cycle() {
    Batch next{batch_.end, batch_.end, {}};
    parents_.clear();
    for (std::size_t level = 0; level < pools_.size(); ++level) {
      auto& pool = pools_[level];
      std::erase_if(pool, [&](const Net& net) { return cycle_number_ - net.last >= static_cast<std::int64_t>(age()); });
      std::vector<study::TrialId> members;
      for (const auto& net : pool) members.push_back(net.id);
      parents_.push_back(best_first(members, level));
    }
    for (std::size_t level = 0; level + 1 < pools_.size(); ++level) {
      const auto count = std::min(parents_[level].size(), cycle() >> (level + 1));
      for (std::size_t i = 0; i < count; ++i) {
        const auto id = parents_[level][i];
        next.further.push_back({id, static_cast<int>(level) + 1});
        std::erase_if(pools_[level], [id](const Net& net) { return net.id == id; });
      }
    }
    for (std::size_t child = 0; child < cycle(); ++child) next.end += !parents_[pool_of(child)].empty();
    // Nothing but failures: 16 anew.
    if (next.end == next.begin && next.further.empty()) next.end += static_cast<std::int64_t>(cycle());
    next.end = std::min(next.end, max_trials_);
    batch_ = std::move(next);
  }

  std::optional<study::Continue> promotion(bool) override {
    for (const auto& item : batch_.further) {
      if (rungs().at(item.trial).highest() < static_cast<std::size_t>(item.rung)) return study::Continue{item};
    }
    return std::nullopt;
  }

  std::optional<std::string> hold() override {
    for (auto id = batch_.begin; id < batch_.end; ++id) {
      if (id >= static_cast<std::int64_t>(rungs().climbs().size()) || !rungs().at(id).started()) return std::nullopt;
    }
    return fmt::format("cycle {} is not over", cycle_number_);
  }

  /// The n-th child of a cycle, where empty pools have none.
  study::Proposal draw(study::TrialId trial, base::Rng& rng) override {
    auto place = trial - batch_.begin;
    for (std::size_t child = 0; child < cycle(); ++child) {
      const auto level = pool_of(child);
      if (parents_[level].empty() || place-- > 0) continue;
      return child_of(parents_[level], level, rng);
    }
    return {.params = space().sample(rng), .note = "random"};
  }

  std::uint64_t rewinds_ = 0;
  std::int64_t max_trials_ = -1;
  std::int64_t cycle_number_ = -1;
  std::vector<std::vector<Net>> pools_;               ///< as the cycle began, less what goes on in it
  std::vector<std::vector<study::TrialId>> parents_;  ///< all of them, best first
  Batch batch_;
};

}  // namespace

std::unique_ptr<study::Planner> make_econas(const Setup& setup) {
  if (setup.config.flag("search.econas.barrier")) return std::make_unique<Cycles>(setup);
  return std::make_unique<Econas>(setup);
}

}  // namespace assay::search
