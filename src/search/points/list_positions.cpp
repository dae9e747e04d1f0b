#include "search/points/list_positions.hpp"

#include <charconv>

namespace assay::search {
namespace {

constexpr const char* tag = "place";

/// Nothing for a trial that was put in by hand.
std::optional<std::size_t> place_of(const trial::Trial& trial) {
  const auto& tags = trial.first.tags;
  if (tags.contains(trial::origin_tag) || trial.state() == trial::State::voided) return std::nullopt;
  auto place = static_cast<std::size_t>(trial.id);
  if (const auto found = tags.find(tag); found != tags.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), place);
  }
  return place;
}

void set(std::vector<bool>& flags, std::size_t place, std::size_t& all) {
  if (place >= flags.size()) flags.resize(place + 1);
  flags[place] = true;
  while (all < flags.size() && flags[all]) ++all;
}

}  // namespace

void ListPositions::update(const trial::StudyView& view) {
  const auto& trials = view.trials();
  trials.visit_changes(last_, [&](std::size_t i) {
    const auto& trial = trials[i];
    if (!trial || (!trial->proposed && trial->state() != trial::State::voided)) return;
    set(settled_, i, all_settled_);
    if (const auto place = place_of(*trial)) set(taken_, *place, all_taken_);
  });
  last_ = trials;
  while (claimed_ < static_cast<trial::TrialId>(trials.size()) && trials[static_cast<std::size_t>(claimed_)]) {
    ++claimed_;
  }
}

std::optional<std::size_t> ListPositions::of(trial::TrialId trial, std::size_t count) const {
  const auto own = static_cast<std::size_t>(trial);
  if (own < settled_.size() && settled_[own]) return last_[own] ? place_of(*last_[own]) : std::nullopt;
  std::size_t before = 0;
  for (auto number = all_settled_; number < own; ++number) {
    before += number >= settled_.size() || !settled_[number];
  }
  for (auto place = all_taken_; place < count; ++place) {
    if (place < taken_.size() && taken_[place]) continue;
    if (before == 0) return place;
    --before;
  }
  return std::nullopt;
}

trial::Decision ListPositions::end(const std::string& done) const {
  if (all_settled_ < last_.size()) return trial::Wait{"the last points are being handed out"};
  return trial::Finished{done};
}

trial::Proposal ListPositions::marked(trial::Proposal proposal, trial::TrialId trial, std::size_t place) {
  if (static_cast<std::size_t>(trial) != place) proposal.tags[tag] = std::to_string(place);
  return proposal;
}

}  // namespace assay::search
