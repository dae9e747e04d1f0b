#include "search/reuse.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.hpp"
#include "base/json.hpp"

namespace assay::search {

std::optional<trial::Proposal> ReusingPlanner::propose(const trial::StudyView& view, trial::TrialId trial,
                                                       base::Rng& rng) {
  auto proposal = planner_->propose(view, trial, rng);
  if (!proposal || proposal->at || view.fidelities().size() > 1) return proposal;
  update(view);
  const auto key = base::sha256(key_(proposal->params)).substr(0, 16);
  proposal->tags[trial::network_tag] = key;
  if (const auto found = measured_.find(key); found != measured_.end()) {
    proposal->tags[trial::same_as_tag] = std::to_string(found->second);
    proposal->note += fmt::format(", the network of trial {}", found->second);
  }
  return proposal;
}

base::Json ReusingPlanner::describe() const { return planner_->describe(); }

void ReusingPlanner::update(const trial::StudyView& view) {
  const auto& now = view.trials();
  if (now.size() < seen_.size()) {
    seen_ = {};
    measured_.clear();
  }
  now.visit_changes(seen_, [&](std::size_t place) {
    const auto& trial = now[place];
    if (!trial || !trial->proposed || trial->result() == nullptr || trial->first.tags.contains(trial::same_as_tag))
      return;
    const auto tag = trial->first.tags.find(trial::network_tag);
    if (tag == trial->first.tags.end()) return;
    const auto [entry, fresh] = measured_.emplace(tag->second, trial->id);
    if (!fresh) entry->second = std::min(entry->second, trial->id);
  });
  seen_ = now;
}

}  // namespace assay::search
