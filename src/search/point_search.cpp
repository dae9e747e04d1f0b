#include "search/point_search.hpp"

#include <algorithm>

namespace assay::search {
namespace {

/// Discrete spaces up to this size are listed, so that the search knows when nothing is left.
constexpr std::size_t largest_listed_space = 2000;
constexpr int tries = 20;

}  // namespace

PointSearch::PointSearch(std::shared_ptr<const space::Space> space, std::vector<study::Proposal> first)
    : space_(std::move(space)), first_(std::move(first)), all_(space_->enumerate(largest_listed_space)) {
  for (auto& proposal : first_) proposal.params = space_->normalise(proposal.params);
}

study::Decision PointSearch::next(const study::StudyView& view) {
  if (all_claimed(view, view.max_trials())) return study::Finished{"all trials are claimed"};
  seen_.update(view);
  if (all_ && seen_.size() >= all_->size() && all_claimed(view, begin())) {
    return study::Finished{"every point of the space has been tried"};
  }
  return study::New{};
}

std::optional<study::Proposal> PointSearch::propose(const study::StudyView& view, study::TrialId trial,
                                                    base::Rng& rng) {
  if (trial < begin()) return first_[static_cast<std::size_t>(trial)];
  seen_.update(view);
  study::Proposal proposal;
  for (int attempt = 0; attempt < tries; ++attempt) {
    proposal = draw(view, trial, rng);
    if (!seen_.contains(proposal.params)) return proposal;
  }
  if (all_) return unseen_point(rng);
  proposal.note += ", a repetition";
  return proposal;
}

std::optional<study::Proposal> PointSearch::unseen_point(base::Rng& rng) const {
  std::vector<const space::Params*> left;
  for (const auto& params : *all_) {
    if (!seen_.contains(params)) left.push_back(&params);
  }
  if (left.empty()) return std::nullopt;
  return study::Proposal{.params = *left[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(left.size())))],
                         .note = "one of the last points"};
}

}  // namespace assay::search
