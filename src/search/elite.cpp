#include "search/elite.hpp"

#include <algorithm>
#include <utility>

namespace assay::search {
namespace {

/// True if a comes before b in any ranking that holds both.
bool beats(const trial::Scored& a, const trial::Scored& b) {
  const int ours = trial::class_of(a.score), theirs = trial::class_of(b.score);
  if (ours != theirs) return ours < theirs;
  if (a.score.violation != b.score.violation) return a.score.violation < b.score.violation;
  bool better = false;
  for (std::size_t i = 0; i < a.score.values.size(); ++i) {
    if (a.score.values[i] < b.score.values[i]) return false;
    better = better || a.score.values[i] > b.score.values[i];
  }
  return better || a.trial->id > b.trial->id;
}

}  // namespace

const std::vector<trial::Scored>& Elite::update(const History& history) {
  const auto& changes = history.changes();
  const bool known = generation_ == history.generation();
  const bool again = std::any_of(changes.begin() + static_cast<std::ptrdiff_t>(known ? read_ : 0), changes.end(),
                                 [&](trial::TrialId id) {
                                   const auto place = static_cast<std::size_t>(id);
                                   return place < added_.size() && added_[place];
                                 });
  if (!known || again) {
    pool_.clear();
    added_.clear();
    read_ = 0;
    generation_ = history.generation();
  } else if (read_ == changes.size()) {
    return best_;
  }
  added_.resize(history.trials().size());
  for (; read_ < changes.size(); ++read_) {
    const auto id = changes[read_];
    const auto& seen = history.at(id);
    if (seen.status != Observation::Status::scored || added_[static_cast<std::size_t>(id)]) continue;
    added_[static_cast<std::size_t>(id)] = true;
    add({seen.trial.get(), *seen.score});
  }
  best_.clear();
  for (const auto& candidate : pool_) best_.push_back(candidate.scored);
  // Crowding distances of equal points depend on their order, which must not be that of arrival.
  std::sort(best_.begin(), best_.end(), [](const auto& a, const auto& b) { return a.trial->id < b.trial->id; });
  best_ = trial::ranked(std::move(best_), count_);
  return best_;
}

void Elite::add(trial::Scored scored) {
  Candidate fresh{std::move(scored), 0};
  for (auto& other : pool_) {
    if (beats(fresh.scored, other.scored)) {
      ++other.beaten;
    } else if (beats(other.scored, fresh.scored)) {
      ++fresh.beaten;
    }
  }
  std::erase_if(pool_, [&](const Candidate& candidate) { return candidate.beaten >= count_; });
  if (fresh.beaten < count_) pool_.push_back(std::move(fresh));
}

}  // namespace assay::search
