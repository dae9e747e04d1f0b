#include "trial/trial_list.hpp"

#include <algorithm>
#include <utility>

namespace assay::trial {

void TrialListBuilder::set(TrialId number, TrialList::Item trial) {
  const auto place = static_cast<std::size_t>(number);
  if (!trial && place >= list_.size_) return;
  auto& chunks = list_.chunks_;
  while (chunks.size() <= place / TrialList::chunk_size) {
    chunks.push_back(std::make_shared<TrialList::Chunk>());
    own_.push_back(true);
  }
  const auto c = place / TrialList::chunk_size;
  if (!own_[c]) {
    chunks[c] = std::make_shared<TrialList::Chunk>(*chunks[c]);
    own_[c] = true;
  }
  (*chunks[c])[place % TrialList::chunk_size] = std::move(trial);
  list_.size_ = std::max(list_.size_, place + 1);
  while (list_.size_ > 0 && !list_.back()) --list_.size_;
}

TrialList TrialListBuilder::list() {
  std::fill(own_.begin(), own_.end(), false);
  return list_;
}

}  // namespace assay::trial
