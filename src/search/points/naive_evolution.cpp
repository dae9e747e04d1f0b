#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "search/algorithms.hpp"
#include "search/points/point_search.hpp"

namespace assay::search {
namespace {

/// Tag of a child: the number of the trial that lost the duel which its parent won.
constexpr const char* loser_tag = "loser";

class NaiveEvolution final : public PointSearch {
 public:
  explicit NaiveEvolution(const Setup& setup)
      : PointSearch(setup), population_(static_cast<std::size_t>(setup.config.integer("search.population"))) {}

 private:
  trial::Proposal draw(trial::TrialId, base::Rng& rng) override {
    count_living();
    // A trial that failed makes room for a random one.
    if (living_.size() < 2 || living_.size() + history().pending().size() < population_)
      return {.params = space().sample(rng), .note = "random"};
    const auto size = static_cast<std::int64_t>(living_.size());
    const auto first = rng.below(size), other = rng.below(size - 1);
    auto winner = living_[static_cast<std::size_t>(first)];
    auto loser = living_[static_cast<std::size_t>(other < first ? other : other + 1)];
    if (wins(loser, winner)) std::swap(winner, loser);
    return {.params = space().mutate(history().at(winner).trial->first.params, rng),
            .note = fmt::format("child of {}", winner),
            .tags = {{loser_tag, fmt::format("{}", loser)}}};
  }

  /// Everything measured, less the losers that children tell of.
  void count_living() {
    if (version_ == history().version()) return;
    version_ = history().version();
    std::vector<bool> lost(history().trials().size());
    std::vector<trial::Scored> trials;
    for (const auto& entry : history().trials()) {
      if (!entry.trial) continue;
      const auto tag = entry.trial->first.tags.find(loser_tag);
      if (tag == entry.trial->first.tags.end()) continue;
      std::size_t number = lost.size();
      std::from_chars(tag->second.data(), tag->second.data() + tag->second.size(), number);
      if (number < lost.size()) lost[number] = true;
    }
    living_.clear();
    for (const auto id : history().scored()) {
      if (!lost[static_cast<std::size_t>(id)]) living_.push_back(id);
    }
    rank_.assign(history().trials().size(), 0);
    for (const auto id : living_) trials.push_back({history().at(id).trial.get(), *history().at(id).score});
    const auto count = trials.size();
    const auto order = trial::ranked(std::move(trials), count);
    for (std::size_t i = 0; i < order.size(); ++i) rank_[static_cast<std::size_t>(order[i].trial->id)] = i;
  }

  bool wins(trial::TrialId a, trial::TrialId b) const {
    return rank_[static_cast<std::size_t>(a)] < rank_[static_cast<std::size_t>(b)];
  }

  std::size_t population_;
  std::vector<trial::TrialId> living_;
  std::vector<std::size_t> rank_;  ///< of the living, by trial number; 0: the best
  std::uint64_t version_ = 0;
};

}  // namespace

std::unique_ptr<trial::Planner> make_naive_evolution(const Setup& setup) {
  return std::make_unique<NaiveEvolution>(setup);
}

}  // namespace assay::search
