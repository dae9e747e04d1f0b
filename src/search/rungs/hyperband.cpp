#include "search/rungs/hyperband.hpp"

#include <algorithm>
#include <cmath>

namespace assay::search {

using State = RungResult::State;

namespace {

/// Many rungs make brackets that no study fills, and shares of them that are less than one; their numbers must still
/// fit.
constexpr std::int64_t largest_bracket = std::int64_t{1} << 40;

}  // namespace

Hyperband::Hyperband(const Setup& setup) : RungSearch(setup), eta_(setup.config.integer("search.eta")) {}

std::vector<Hyperband::Bracket> Hyperband::round_of(std::size_t levels, std::int64_t eta) {
  std::vector<Bracket> round;
  std::int64_t begin = 0;
  for (std::size_t level = 0; level < levels; ++level) {
    const auto s = static_cast<std::int64_t>(levels - 1 - level);
    std::int64_t power = 1;
    for (std::int64_t i = 0; i < s; ++i) power = std::min(power * eta, largest_bracket);
    const auto size = (static_cast<std::int64_t>(levels) * power + s) / (s + 1);
    round.push_back({level, begin, size});
    begin += size;
  }
  return round;
}

Hyperband::Bracket Hyperband::bracket_at(std::int64_t place) const {
  const auto length = round_.back().begin + round_.back().size;
  const auto within = place % length;
  const auto after = std::upper_bound(round_.begin(), round_.end(), within,
                                      [](auto number, const Bracket& bracket) { return number < bracket.begin; });
  auto bracket = *std::prev(after);
  bracket.begin += place - within;
  bracket.size = std::clamp<std::int64_t>(max_trials_ - bracket.begin, 0, bracket.size);
  return bracket;
}

void Hyperband::read(const trial::StudyView& view, const std::vector<trial::TrialId>& changed) {
  const auto trials = view.max_trials() - view.imported();
  const bool moved = own_.update(view);
  const bool other = moved || fidelities_ != view.fidelities() || max_trials_ != trials;
  fidelities_ = view.fidelities();
  max_trials_ = trials;
  if (other) round_ = round_of(rungs().levels(), eta_);
  if (other) looked_for_.clear();
  if (other) look_for_all();
  for (const auto id : changed) {
    if (!own_.imported(id)) looked_for_.insert(bracket_at(own_.place(id)).begin);
  }
}

void Hyperband::look_for_all() {
  for (std::size_t place = 0; place < own_.all().size(); ++place)
    looked_for_.insert(bracket_at(static_cast<std::int64_t>(place)).begin);
}

/// The trial of a bracket that goes up, if one does: rung by rung, once all its members have a result there, the best
/// 1 / eta of them (n_i = floor(n x eta^-i)), at least one. Members that began higher, put in by hand, count from
/// there.
std::optional<trial::TrialId> Hyperband::ready(const Bracket& bracket, bool over) const {
  const auto& own = own_.all();
  const auto end = std::min(bracket.begin + bracket.size, static_cast<std::int64_t>(own.size()));
  std::vector<trial::TrialId> members;
  for (auto place = bracket.begin; place < end; ++place) {
    const auto id = own[static_cast<std::size_t>(place)];
    if (rungs().at(id).started()) members.push_back(id);
  }
  if (!over && static_cast<std::int64_t>(members.size()) < bracket.size) return std::nullopt;
  std::int64_t size = 0, divisor = 1;
  for (auto level = bracket.level; level < rungs().top(); ++level) {
    std::vector<trial::Scored> scored;
    for (const auto id : members) {
      const auto* result = rungs().at(id).at(level);
      if (result == nullptr) continue;
      if (result->state == State::open) return std::nullopt;
      const auto first = std::max(rungs().at(id).first, bracket.level);
      if (level == first) size += result->state != State::invalid;
      if (result->state == State::scored) scored.push_back({rungs().at(id).trial.get(), *result->score});
    }
    divisor = std::min(divisor * eta_, largest_bracket);
    if (scored.empty()) continue;
    const auto quota = static_cast<std::size_t>(std::max<std::int64_t>(1, size / divisor));
    for (const auto& one : trial::ranked(std::move(scored), quota)) {
      if (rungs().at(one.trial->id).highest() == level) return one.trial->id;
    }
  }
  return std::nullopt;
}

std::optional<trial::Continue> Hyperband::promotion(bool over) {
  if (over != over_) {
    over_ = over;
    look_for_all();
  }
  for (auto begin = looked_for_.begin(); begin != looked_for_.end(); begin = looked_for_.erase(begin)) {
    if (const auto id = ready(bracket_at(*begin), over)) return up(*id);
  }
  return std::nullopt;
}

std::optional<trial::Proposal> Hyperband::propose(const trial::StudyView& view, trial::TrialId trial, base::Rng& rng) {
  auto proposal = RungSearch::propose(view, trial, rng);
  if (!proposal || fidelities_.empty()) return proposal;
  if (const auto level = bracket_at(own_.place(trial)).level; level > 0) proposal->at = fidelities_[level];
  return proposal;
}

trial::Proposal Hyperband::draw(trial::TrialId, base::Rng& rng) {
  return {.params = space().sample(rng), .note = "random"};
}

std::unique_ptr<trial::Planner> make_hyperband(const Setup& setup) { return std::make_unique<Hyperband>(setup); }

}  // namespace assay::search
