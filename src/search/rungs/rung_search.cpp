#include "search/rungs/rung_search.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace assay::search {

trial::Continue RungSearch::up(trial::TrialId id) const {
  return {{id, static_cast<int>(rungs_.at(id).results.size())}};
}

std::optional<trial::Proposal> RungSearch::propose(const trial::StudyView& view, trial::TrialId trial, base::Rng& rng) {
  look(view);
  return PointSearch::propose(view, trial, rng);
}

trial::Decision RungSearch::next(const trial::StudyView& view) {
  look(view);
  auto decision = PointSearch::next(view);
  const bool over = !std::holds_alternative<trial::New>(decision);
  if (auto further = promotion(over)) return std::move(*further);
  if (!over) {
    if (auto reason = hold()) return trial::Wait{std::move(*reason)};
    return decision;
  }
  if (const auto open = rungs_.open_below_top(); open > 0)
    return trial::Wait{fmt::format("{} trials under way may go on at the next rung", open)};
  if (auto further = last_promotion()) return std::move(*further);
  return decision;
}

/// With few trials no group is large enough for a share of it to go up to the top: the best goes all the same. (What
/// began at the top, put in by hand perhaps, says nothing of the others.)
std::optional<trial::Continue> RungSearch::last_promotion() const {
  const auto arrived = [this](std::size_t level) {
    const auto scored = rungs_.all_scored(level);
    return std::any_of(scored.begin(), scored.end(), [&](auto id) { return rungs_.at(id).first < level; });
  };
  for (auto level = rungs_.top(); level > 0; --level) {
    if (arrived(level)) return std::nullopt;
    if (rungs_.open(level) > 0) return std::nullopt;
    for (const auto id : rungs_.best(level - 1, rungs_.scored(level - 1))) {
      if (rungs_.at(id).highest() == level - 1) return up(id);
    }
  }
  return std::nullopt;
}

}  // namespace assay::search
