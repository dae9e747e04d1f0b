// Population-based training: Jaderberg, Dalibard, Osindero, Czarnecki et al., "Population based training of neural
// networks", arXiv 1711.09846, sections 3 and 4.1 (truncation selection, perturbation or resampling). A member is a
// trial, a step one of its rungs. A member that ended a step is ranked among those that ended it, too: one of the last
// 20 % goes on from a copy of the checkpoint and of the parameters of one of the first 20 %, whose training it then
// explores; the others go on from their own. Members that failed are last, and live on with what they copy.
//
// Nobody waits for the slowest: a step goes on once `quorum` of the members have ended the one before (1: a barrier, as
// in NNI). More trials than a population has make further populations, one after another by number, each for itself.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/log.hpp"
#include "search/algorithms.hpp"
#include "search/rungs/explore.hpp"
#include "search/rungs/rung_search.hpp"

namespace assay::search {
namespace {

using State = RungResult::State;

class Pbt final : public RungSearch {
 public:
  explicit Pbt(const Setup& setup)
      : RungSearch(setup),
        seed_(setup.seed),
        size_(setup.config.integer("search.pbt.population")),
        fraction_(setup.config.number("search.pbt.fraction")),
        quorum_(setup.config.number("search.pbt.quorum")),
        how_{setup.config.number("search.pbt.resample"), setup.config.number("search.pbt.factor")} {
    if (!can_explore(*setup.space)) {
      base::log_warning(
          "search.algorithm pbt explores parameters of training and augmentation, and this space has "
          "none: it only weeds out networks");
    }
  }

 private:
  /// A population at one step.
  struct Step {
    std::vector<trial::TrialId> members;  ///< that began, and may end, this step
    std::vector<trial::TrialId> ended;    ///< best first, the failed ones last
    std::size_t scored = 0;               ///< of `ended`

    std::size_t place(trial::TrialId id) const {
      return static_cast<std::size_t>(std::find(ended.begin(), ended.end(), id) - ended.begin());
    }
  };

  trial::Proposal draw(trial::TrialId, base::Rng& rng) override {
    return {.params = space().sample(rng), .note = "member, random"};
  }

  void read(const trial::StudyView& view, const std::vector<trial::TrialId>& changed) override {
    const auto trials = view.max_trials() - view.imported();
    const bool moved = own_.update(view);
    if (moved || trials != max_trials_) over_.clear();
    max_trials_ = trials;
    for (const auto id : changed) {
      if (own_.imported(id)) continue;
      const auto population = static_cast<std::size_t>(own_.place(id) / size_);
      if (over_.size() <= population) over_.resize(population + 1, false);
      over_[population] = false;
    }
  }

  std::optional<trial::Continue> promotion(bool over) override {
    const auto count = static_cast<std::int64_t>(own_.all().size());
    over_.resize(static_cast<std::size_t>((count + size_ - 1) / size_), false);
    for (std::int64_t begin = 0; begin < count; begin += size_) {
      const auto end = std::min(begin + size_, max_trials_);
      if (over_[static_cast<std::size_t>(begin / size_)]) continue;
      if (!over && !complete(begin, end)) continue;
      for (std::size_t level = 0; level < rungs().top(); ++level) {
        if (auto further = step(begin, std::min(end, count), level)) return further;
      }
      if (ended(begin, std::min(end, count))) over_[static_cast<std::size_t>(begin / size_)] = true;
    }
    return std::nullopt;
  }

  /// Populations are counted through those that are measured here.
  trial::TrialId member(std::int64_t place) const { return own_.all()[static_cast<std::size_t>(place)]; }

  bool complete(std::int64_t begin, std::int64_t end) const {
    if (end > static_cast<std::int64_t>(own_.all().size())) return false;
    for (auto place = begin; place < end; ++place) {
      if (!rungs().at(member(place)).started()) return false;
    }
    return true;
  }

  /// Nobody of this population is under way.
  bool ended(std::int64_t begin, std::int64_t end) const {
    for (auto place = begin; place < end; ++place) {
      const auto& progress = rungs().at(member(place));
      if (progress.started() && progress.results.back().state == State::open) return false;
    }
    return true;
  }

  std::optional<trial::Proposal> further(const trial::StudyView& view, const trial::ItemId& item) override {
    look(view);
    const auto place = own_.place(item.trial);
    const auto begin = place / size_ * size_;
    const auto end = std::min({begin + size_, max_trials_, static_cast<std::int64_t>(own_.all().size())});
    if (own_.imported(item.trial) || place >= end) return std::nullopt;
    const auto level = rungs().at(item.trial).first + static_cast<std::size_t>(item.rung) - 1;
    return copy(at(begin, end, level), item.trial, level);
  }

  /// The first member that may go on from this level.
  std::optional<trial::Continue> step(std::int64_t begin, std::int64_t end, std::size_t level) const {
    const auto step = at(begin, end, level);
    if (step.ended.empty()) return std::nullopt;
    if (static_cast<double>(step.ended.size()) < quorum_ * static_cast<double>(step.members.size()))
      return std::nullopt;
    auto waiting = step.ended;
    std::sort(waiting.begin(), waiting.end());
    for (const auto id : waiting) {
      if (rungs().at(id).highest() != level) continue;
      auto further = up(id);
      further.what = copy(step, id, level);
      // A failed one that has nobody to copy stays where it is.
      if (further.what || step.place(id) < step.scored) return further;
    }
    return std::nullopt;
  }

  Step at(std::int64_t begin, std::int64_t end, std::size_t level) const {
    Step step;
    std::vector<trial::Scored> scored;
    std::vector<trial::TrialId> failed;
    for (auto place = begin; place < end; ++place) {
      const auto id = member(place);
      const auto& progress = rungs().at(id);
      const auto* result = progress.started() ? progress.at(level) : nullptr;
      // Who did not come so far yet is awaited; who began above (put in by hand) is past this step.
      const bool below = result == nullptr && progress.started() && progress.first <= level;
      if (below && progress.trial->proposed) step.members.push_back(id);
      if (result == nullptr || !progress.trial->proposed) continue;
      step.members.push_back(id);
      if (result->state == State::scored) scored.push_back({progress.trial.get(), *result->score});
      if (result->state == State::lost || result->state == State::invalid) failed.push_back(id);
    }
    step.scored = scored.size();
    for (const auto& one : trial::ranked(std::move(scored), step.scored)) step.ended.push_back(one.trial->id);
    step.ended.insert(step.ended.end(), failed.begin(), failed.end());
    return step;
  }

  /// What a member that is one of the last takes over; nothing: it goes on from its own.
  std::optional<trial::Proposal> copy(const Step& step, trial::TrialId id, std::size_t level) const {
    const auto tail = static_cast<std::size_t>(std::ceil(fraction_ * static_cast<double>(step.ended.size())));
    const auto donors = std::min(tail, step.scored);
    const auto place = step.place(id);
    const bool last = place >= std::max(step.ended.size() - tail, donors) || place >= step.scored;
    if (!last || donors == 0) return std::nullopt;
    base::Rng rng(seed_, "search", id, fmt::format("explore {}", level));
    const auto donor = step.ended[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(donors)))];
    const auto& progress = rungs().at(donor);
    const auto& rung = progress.trial->rungs[level - progress.first];
    trial::Proposal what{.params = progress.trial->what_of(rung).params};
    what.params = explore(space(), what.params, how_, rng);
    what.from = rung.item;
    what.note = fmt::format("copy of {} at step {}", donor, level + 1);
    return what;
  }

  std::uint64_t seed_;
  std::int64_t size_;
  double fraction_, quorum_;
  Exploration how_;
  std::int64_t max_trials_ = 0;  ///< to be measured here
  OwnNumbers own_;
  std::vector<bool> over_;  ///< by population: nothing can go on there until something changes
};

}  // namespace

std::unique_ptr<trial::Planner> make_pbt(const Setup& setup) { return std::make_unique<Pbt>(setup); }

}  // namespace assay::search
