#include "search/points/point_search.hpp"

#include <algorithm>
#include <cmath>

#include "base/json.hpp"
#include "base/text.hpp"

namespace assay::search {
namespace {

/// Discrete spaces up to this size are listed from the beginning, so that the search knows when nothing is left.
constexpr std::size_t largest_small_space = 2000;
/// Up to this size, and to so many points per trial, they are listed when the draws find nothing new.
constexpr std::size_t largest_listed_space = 1'000'000;
constexpr std::size_t listed_per_trial = 4;
constexpr int tries = 20;
/// Even draws, where nothing can be listed, before the search takes it that nothing new is left.
constexpr int last_tries = 200;

using Points = std::optional<std::vector<space::Params>>;

Points shuffled(Points points, std::uint64_t seed) {
  base::Rng rng(seed, "search", 0, "last points");
  if (points) rng.shuffle(*points);
  return points;
}

}  // namespace

PointSearch::PointSearch(const Setup& setup)
    : space_(setup.space),
      first_(setup.first),
      description_(setup.description),
      seed_(setup.seed),
      all_(shuffled(space_->enumerate(largest_small_space), seed_)),
      small_(all_.has_value()),
      history_(setup.space) {
  const auto trials = static_cast<std::size_t>(setup.config.integer("search.max_trials"));
  most_listed_ = std::min(largest_listed_space, std::max(largest_small_space, listed_per_trial * trials));
  for (auto& proposal : first_) proposal.params = space_->normalise(proposal.params);
}

base::Json PointSearch::describe() const { return base::Json::parse(description_); }

trial::Decision PointSearch::next(const trial::StudyView& view) {
  history_.update(view);
  if (history_.all_claimed(view.max_trials())) return trial::Finished{"all trials are claimed"};
  seen_.update(view);
  if (const auto* points = listed(); points != nullptr && history_.all_claimed(begin())) {
    if (seen_.size() >= points->size()) {
      return trial::Finished{
          fmt::format("space exhausted: all {} points have been tried", base::with_commas(points->size()))};
    }
    if (seen_.size() + seen_.open_before(view.max_trials()) >= points->size())
      return trial::Wait{"the last points are being handed out"};
  }
  if (seen_.ran_dry()) {
    return trial::Finished{fmt::format("space exhausted: {} points have been tried, and {} further draws gave no other",
                                       base::with_commas(seen_.size()), 2 * tries + last_tries)};
  }
  return trial::New{};
}

std::optional<trial::Proposal> PointSearch::propose(const trial::StudyView& view, trial::TrialId trial,
                                                    base::Rng& rng) {
  history_.update(view);
  seen_.update(view);
  own_.update(view);
  if (const auto place = own_.place(trial); place < begin()) {
    const auto& first = first_[static_cast<std::size_t>(place)];
    const bool imported = place < trial && seen_.contains(first.params);
    if (!imported) return first;
  }
  if (running_out(trial)) return unseen_point(trial);
  trial::Proposal proposal;
  for (int attempt = 0; attempt < tries; ++attempt) {
    proposal = draw(trial, rng);
    if (!seen_.contains(proposal.params)) return proposal;
  }
  list_all();
  if (all_) return unseen_point(trial);
  for (int attempt = 0; attempt < tries; ++attempt) {  // where the algorithm would be, but new
    const auto beside = space_->mutate(proposal.params, rng);
    if (seen_.contains(beside)) continue;
    proposal.params = beside;
    proposal.note += ", one step aside";
    return proposal;
  }
  for (int attempt = 0; attempt < last_tries; ++attempt) {
    proposal = {.params = space_->sample(rng), .note = "random"};
    if (!seen_.contains(proposal.params)) return proposal;
  }
  return std::nullopt;
}

void PointSearch::list_all() {
  if (all_ || most_listed_ == 0) return;
  const auto size = space_->valid_size();
  const bool few = size.exact ? *size.exact <= most_listed_
                              : space_->log10_size() <= std::log10(static_cast<double>(most_listed_)) + 1;
  if (few) all_ = shuffled(space_->enumerate(most_listed_), seed_);
  if (!all_) most_listed_ = 0;
}

const std::vector<space::Params>* PointSearch::listed() {
  if (small_) return &*all_;
  const auto tried = seen_.size();
  if (tried < largest_small_space / 2) return nullptr;
  if (!half_) {
    const auto size = space_->valid_size();
    half_ = size.exact ? static_cast<double>(*size.exact) / 2 : std::pow(10, size.log10) / 2;
  }
  if (static_cast<double>(tried) < *half_) return nullptr;
  list_all();
  return all_ ? &*all_ : nullptr;
}

bool PointSearch::running_out(trial::TrialId trial) {
  const auto others = seen_.open_before(trial);
  if (others == 0) return false;
  const auto* points = listed();
  return points != nullptr && points->size() <= seen_.size() + 8 * others;
}

std::optional<trial::Proposal> PointSearch::unseen_point(trial::TrialId trial) const {
  std::vector<const space::Params*> left;
  for (const auto& params : *all_) {
    if (!seen_.contains(params)) left.push_back(&params);
  }
  if (left.empty()) return std::nullopt;
  return trial::Proposal{.params = *left[seen_.open_before(trial) % left.size()], .note = "one of the last points"};
}

}  // namespace assay::search
