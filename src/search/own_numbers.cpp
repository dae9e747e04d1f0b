#include "search/own_numbers.hpp"

#include <algorithm>

namespace assay::search {

bool OwnNumbers::update(const trial::StudyView& view) {
  const auto& now = view.trials();
  const auto known = static_cast<trial::TrialId>(seen_.size());
  bool moved = now.size() < seen_.size();
  if (moved) *this = {};
  std::vector<trial::TrialId> found;
  now.visit_changes(seen_, [&](std::size_t place) {
    const auto& trial = now[place];
    const auto id = static_cast<trial::TrialId>(place);
    if (trial && trial->proposed && trial::imported(trial->first, 0) && !imported(id)) found.push_back(id);
  });
  for (const auto id : found) imports_.insert(std::lower_bound(imports_.begin(), imports_.end(), id), id);
  const bool among_known = std::any_of(found.begin(), found.end(), [&](auto id) { return id < known; });
  auto next = static_cast<trial::TrialId>(seen_.size());
  if (among_known) {
    own_.clear();
    next = 0;
  }
  for (; next < static_cast<trial::TrialId>(now.size()); ++next) {
    if (!imported(next)) own_.push_back(next);
  }
  seen_ = now;
  return moved || among_known;
}

std::int64_t OwnNumbers::place(trial::TrialId trial) const {
  return trial - (std::lower_bound(imports_.begin(), imports_.end(), trial) - imports_.begin());
}

bool OwnNumbers::imported(trial::TrialId trial) const {
  return std::binary_search(imports_.begin(), imports_.end(), trial);
}

}  // namespace assay::search
