// EcoNAS's hierarchical evolution: Zhou, Zhou, Zhang, Loy, Yi, Zhang, Ouyang, "EcoNAS: Finding proxies for economical
// neural architecture search", CVPR 2020, section 4. Networks live in three pools by how far they are trained. A cycle
// begins 16 new ones, trains the 8 best of the first pool and the 4 best of the second on by one stage, from their
// checkpoints; parents come 6 : 5 : 5 from the three pools, each the best of floor(pool / 4) + 1 draws; what was not
// trained for 10 cycles dies out.
//
// The released code has a barrier after each cycle. Here the same quotas hold by counts instead, so that nobody waits:
// a network goes on from the first pool for every two that ended there, from the second for every four, and of a pool
// those live that are among its youngest 10 cycles' worth, by number. search.econas.barrier brings the cycles back,
// and with them the published stages, thirds of all epochs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "search/algorithms.hpp"
#include "search/rungs/econas.hpp"

namespace assay::search {

Econas::Econas(const Setup& setup)
    : RungSearch(setup),
      cycle_(static_cast<std::size_t>(setup.config.integer("search.econas.cycle"))),
      age_(static_cast<std::size_t>(setup.config.integer("search.econas.age"))) {}

/// Best first: those with a result at this level that are young enough and have not gone on.
std::vector<trial::TrialId> Econas::pool(std::size_t level) const {
  std::vector<trial::TrialId> members;
  auto places = std::max<std::size_t>(1, age_ * (cycle_ >> level));
  for (auto id = rungs().trials().size(); id-- > 0 && places > 0;) {
    const auto& progress = rungs().trials()[id];
    const auto* result = progress.started() ? progress.at(level) : nullptr;
    if (result == nullptr || result->state != RungResult::State::scored) continue;
    --places;
    if (progress.highest() == level) members.push_back(static_cast<trial::TrialId>(id));
  }
  return best_first(members, level);
}

std::vector<trial::TrialId> Econas::best_first(const std::vector<trial::TrialId>& members, std::size_t level) const {
  std::vector<trial::Scored> scored;
  for (const auto id : members) {
    const auto& progress = rungs().at(id);
    scored.push_back({progress.trial.get(), *progress.at(level)->score});
  }
  std::vector<trial::TrialId> order;
  for (const auto& one : trial::ranked(std::move(scored), members.size())) order.push_back(one.trial->id);
  return order;
}

std::optional<trial::Continue> Econas::promotion(bool) {
  const auto ended = rungs().scored(0) + rungs().lost(0);
  for (auto level = rungs().top(); level-- > 0;) {
    // Level k is first fed when cycle k begins.
    const auto fed = ended - std::min(ended, level * cycle_);
    const auto quota = fed < cycle_ ? 0 : fed >> (level + 1);
    if (rungs().risen(level + 1) >= quota) continue;
    if (const auto members = pool(level); !members.empty()) return up(members.front());
  }
  return std::nullopt;
}

/// The pool that the parent of a cycle's n-th child comes from: of 16 children 6 from the first, 5 from each other.
std::size_t Econas::pool_of(std::size_t child) const {
  const auto pools = rungs().levels();
  const auto first = (cycle_ * 3 + 7) / 8;
  if (child < first || pools == 1) return 0;
  return 1 + (child - first) * (pools - 1) / (cycle_ - first);
}

trial::Proposal Econas::child_of(const std::vector<trial::TrialId>& members, std::size_t level, base::Rng& rng) const {
  const auto draws = members.size() / 4 + 1;
  auto winner = members.size();
  for (std::size_t i = 0; i < draws; ++i)
    winner = std::min(winner, static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(members.size()))));
  const auto parent = members[winner];
  return {.params = space().mutate(rungs().at(parent).trial->first.params, rng),
          .note = fmt::format("child of {}, stage {}", parent, level + 1)};
}

trial::Proposal Econas::draw(trial::TrialId trial, base::Rng& rng) {
  const auto number = static_cast<std::size_t>(trial);
  if (number >= cycle_) {
    // An empty pool: the one below.
    for (auto level = pool_of(number % cycle_) + 1; level-- > 0;) {
      if (const auto members = pool(level); !members.empty()) return child_of(members, level, rng);
    }
  }
  return {.params = space().sample(rng), .note = "random"};
}

}  // namespace assay::search
