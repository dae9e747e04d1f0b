// Tree-structured Parzen estimator: draws from a density of the good trials where that of the bad ones is low. Bergstra
// et al., "Algorithms for hyper-parameter optimization", NIPS 2011; for several objectives Ozaki et al.,
// "Multiobjective tree-structured Parzen estimator", JAIR 2022.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "search/algorithms.hpp"
#include "search/parzen.hpp"
#include "search/point_search.hpp"
#include "search/split.hpp"
#include "space/domain.hpp"

namespace assay::search {
namespace {

/// What settings leave open.
struct Recipe {
  std::int64_t startup = 10;
  double gamma = 0.1;
  std::size_t most_good = 25;  ///< one objective
  bool root = false;           ///< good trials: gamma times the root of their number
  bool pending_good = false;
  KernelSettings kernels;
};

Recipe recipe_of(const config::Config& config) {
  Recipe recipe;
  if (config.text("search.tpe.recipe") == "nni") {
    recipe.startup = 20;
    recipe.gamma = 0.25;
    recipe.root = recipe.pending_good = recipe.kernels.prior_is_neighbour = true;
  }
  if (const auto startup = config.integer("search.tpe.startup"); startup > 0) recipe.startup = startup;
  if (const auto gamma = config.number("search.tpe.gamma"); gamma > 0) recipe.gamma = gamma;
  recipe.kernels.prior_weight = config.number("search.tpe.prior_weight");
  return recipe;
}

class Tpe final : public PointSearch {
 public:
  explicit Tpe(const Setup& setup)
      : PointSearch(setup),
        recipe_(recipe_of(setup.config)),
        candidates_(static_cast<std::size_t>(setup.config.integer("search.tpe.candidates"))),
        nni_(setup.config.text("search.tpe.recipe") == "nni"),
        multivariate_(setup.config.text("search.tpe.multivariate")),
        space_(setup.space) {}

 private:
  study::Proposal draw(study::TrialId, base::Rng& rng) override {
    const auto ended = history().scored().size() + history().stopped().size();
    if (static_cast<std::int64_t>(ended) < recipe_.startup) return {.params = space().sample(rng), .note = "random"};
    update();
    // Each try is less greedy than the one before.
    for (auto count = candidates_; count > 0; count /= 2) {
      if (auto params = point(count, rng)) return {.params = std::move(*params), .note = "tpe"};
    }
    return {.params = space().sample(rng), .note = "random"};
  }

  void update() {
    if (columns_ && version_ == history().version()) return;
    version_ = history().version();
    const bool several = history().objectives().size() > 1;
    const bool together = multivariate_ == "on" || (multivariate_ == "auto" && !nni_ && !several);
    if (!columns_ || together != together_) {
      columns_.emplace(space_, together);
      together_ = together;
      good_memory_ = bad_memory_ = {};
    }
    columns_->update(history().trials());
    const auto ended = static_cast<double>(history().scored().size() + history().stopped().size());
    auto good = static_cast<std::size_t>(std::ceil(recipe_.gamma * (recipe_.root ? std::sqrt(ended) : ended)));
    if (!several || recipe_.root) good = std::min(good, recipe_.most_good);
    const auto trials = split(history(), good, recipe_.pending_good);
    models_.clear();
    for (const auto& block : columns_->blocks()) {
      auto& [below, above] = models_.emplace_back();
      if (block.axes.empty()) continue;
      below = estimator(block, trials.good, several, good_memory_);
      above = estimator(block, trials.bad, false, bad_memory_);
    }
  }

  std::optional<Parzen> estimator(const Block& block, const std::vector<study::TrialId>& trials, bool equal,
                                  KernelMemory& memory) const {
    std::vector<study::TrialId> members;
    for (const auto id : trials) {
      if (columns_->contains(block, id)) members.push_back(id);
    }
    const auto weights = equal ? std::vector<double>(members.size(), 1) : age_weights(members.size());
    return Parzen(*columns_, block, members, weights, recipe_.kernels, memory);
  }

  /// Block by block the best of `count` draws; nothing if a constraint is broken.
  std::optional<space::Params> point(std::size_t count, base::Rng& rng) const {
    space::Params params;
    std::vector<double> coordinates(columns_->axes().size());
    for (std::size_t i = 0; i < columns_->blocks().size(); ++i) {
      const auto& block = columns_->blocks()[i];
      if (!space().active(space().parameters()[block.parameters.front()], params)) continue;
      if (const auto& [below, above] = models_[i]; below) {
        const auto points = below->sample(count, rng);
        auto gain = below->log_density(points);
        const auto loss = above->log_density(points);
        for (std::size_t k = 0; k < count; ++k) gain[k] -= loss[k];
        const auto best = static_cast<std::size_t>(std::max_element(gain.begin(), gain.end()) - gain.begin());
        for (std::size_t k = 0; k < block.axes.size(); ++k)
          coordinates[block.axes[k]] = points.values[k * count + best];
      }
      for (const auto parameter : block.parameters) {
        auto value = columns_->value_of(parameter, coordinates);
        const auto& domain = space().parameters()[parameter].domain;
        if (!space::contains(domain, value)) return std::nullopt;  // an empty subset
        params[space().parameters()[parameter].name] = std::move(value);
      }
    }
    if (!space().satisfies_constraints(params)) return std::nullopt;
    return params;
  }

  Recipe recipe_;
  std::size_t candidates_;
  bool nni_;
  std::string multivariate_;
  std::shared_ptr<const space::Space> space_;

  std::optional<Columns> columns_;
  bool together_ = false;
  std::uint64_t version_ = 0;
  std::vector<std::pair<std::optional<Parzen>, std::optional<Parzen>>> models_;  ///< good and bad, by block
  KernelMemory good_memory_, bad_memory_;
};

}  // namespace

std::unique_ptr<study::Planner> make_tpe(const Setup& setup) { return std::make_unique<Tpe>(setup); }

}  // namespace assay::search
