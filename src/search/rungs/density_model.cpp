#include "search/rungs/density_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::search {
namespace {

constexpr double wider = 3;  ///< bandwidths of the draws, section 3.2: "to encourage more exploration"
constexpr double least_density = 1e-32;

/// Best first, then those without a score: the model's fault.
std::vector<trial::TrialId> worst_last(const Rungs& rungs, std::size_t level) {
  auto numbers = rungs.all_scored(level);
  if (rungs.lost(level) == 0) return numbers;
  for (std::size_t id = 0; id < rungs.trials().size(); ++id) {
    const auto& progress = rungs.trials()[id];
    const auto* result = progress.started() ? progress.at(level) : nullptr;
    if (result != nullptr && result->state == RungResult::State::lost && progress.trial->proposed)
      numbers.push_back(static_cast<trial::TrialId>(id));
  }
  return numbers;
}

}  // namespace

DensityModel::DensityModel(const Setup& setup)
    : space_(setup.space),
      categories_(categories_of(*setup.space)),
      random_share_(setup.config.number("search.bohb.random")),
      good_share_(setup.config.number("search.bohb.good")),
      candidates_(setup.config.integer("search.bohb.candidates")) {}

/// Of the n results at a fidelity the best max(d + 1, 15 %) are good, the others bad, at least d + 1 as well.
void DensityModel::fit(const Rungs& rungs, const History& history) {
  fit_.reset();
  const auto least = categories_.size() + 1;
  for (auto level = rungs.levels(); level-- > 0;) {
    const auto count = rungs.scored(level) + rungs.lost(level);
    const auto good = std::max(least, static_cast<std::size_t>(good_share_ * static_cast<double>(count)));
    if (rungs.scored(level) < good || count < good + least) continue;
    std::vector<Row> rows;
    for (const auto id : worst_last(rungs, level))
      rows.push_back(row_of(*space_, history.at(id).trial->first.params, history.at(id).point));
    std::vector<const Row*> pointers;
    for (const auto& row : rows) pointers.push_back(&row);
    const auto middle = pointers.begin() + static_cast<std::ptrdiff_t>(good);
    fit_.emplace(
        Fit{level, Density(categories_, {pointers.begin(), middle}), Density(categories_, {middle, pointers.end()})});
    return;
  }
}

trial::Proposal DensityModel::draw(const Rungs& rungs, const History& history, base::Rng& rng) {
  if (fitted_ != history.version()) {
    fit(rungs, history);
    fitted_ = history.version();
  }
  if (!fit_ || rng.uniform() < random_share_) return {.params = space_->sample(rng), .note = "random"};
  std::optional<space::Params> best;
  double best_ratio = 0;
  for (std::int64_t i = 0; i < candidates_; ++i) {
    auto params = space_->decode(fit_->good.draw(rng, wider));
    if (!space_->satisfies_constraints(params)) continue;
    const auto row = row_of(*space_, params, space_->encode(params));
    const double ratio = std::max(fit_->bad.at(row), least_density) / std::max(fit_->good.at(row), least_density);
    if (best && ratio >= best_ratio) continue;
    best = std::move(params);
    best_ratio = ratio;
  }
  if (!best) return {.params = space_->sample(rng), .note = "random: the constraints refuse what the model draws"};
  return {.params = std::move(*best), .note = fmt::format("model at level {}", fit_->level)};
}

}  // namespace assay::search
