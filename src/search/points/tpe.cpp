// Tree-structured Parzen estimator: draws from a density of the good trials where that of the bad ones is low. Bergstra
// et al., "Algorithms for hyper-parameter optimization", NIPS 2011; for several objectives Ozaki et al.,
// "Multiobjective tree-structured Parzen estimator", JAIR 2022.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "search/algorithms.hpp"
#include "search/points/parzen.hpp"
#include "search/points/point_search.hpp"
#include "search/points/quality_split.hpp"
#include "search/points/sobol_points.hpp"
#include "space/domain.hpp"

namespace assay::search {
namespace {

struct Recipe {
  std::size_t startup = 10;
  bool sobol = true;  ///< to begin with; else random
  std::size_t candidates = 48;
  double gamma = 0.15;
  bool root = false;  ///< good trials: gamma times the root of their number
  /// Share of the proposals whose parameters are modelled together. Along a front some parameters change together, and
  /// others not at all: with several objectives half of them.
  double joint_share = 1;
  bool pending_good = false;
  KernelSettings kernels;
};

Recipe recipe_of(const config::Config& config, bool several) {
  const auto name = config.text("search.tpe.recipe");
  Recipe recipe;
  recipe.candidates = several || name != "assay" ? 24 : 48;
  recipe.joint_share = !several ? 1 : name == "assay" ? 0.5 : 0;
  recipe.sobol = name == "assay";
  if (name == "optuna") recipe.gamma = 0.1;
  if (name == "nni") {
    recipe.startup = 20;
    recipe.gamma = 0.25;
    recipe.joint_share = 0;
    recipe.root = recipe.pending_good = recipe.kernels.prior_is_neighbour = true;
  }
  const auto count = [&](const char* key, std::size_t otherwise) {
    const auto value = config.integer(key);
    return value > 0 ? static_cast<std::size_t>(value) : otherwise;
  };
  recipe.startup = count("search.tpe.startup", recipe.startup);
  recipe.candidates = count("search.tpe.candidates", recipe.candidates);
  if (const auto gamma = config.number("search.tpe.gamma"); gamma > 0) recipe.gamma = gamma;
  const auto multivariate = config.text("search.tpe.multivariate");
  if (multivariate != "auto") recipe.joint_share = multivariate == "on" ? 1 : 0;
  recipe.kernels.prior_weight = config.number("search.tpe.prior_weight");
  return recipe;
}

/// Densities of good and bad trials, block by block; the blocks without axes have none.
struct Model {
  std::vector<Block> blocks;
  std::vector<std::optional<Parzen>> good, bad;
  KernelMemory good_memory, bad_memory;
  std::uint64_t version = 0;  ///< of the history that it was made from
};

class Tpe final : public PointSearch {
 public:
  explicit Tpe(const Setup& setup)
      : PointSearch(setup),
        one_(recipe_of(setup.config, false)),
        several_(recipe_of(setup.config, true)),
        sobol_(setup.space->parameters().size(), setup.seed),
        columns_(setup.space) {
    joint_.blocks = columns_.blocks(true);
    single_.blocks = columns_.blocks(false);
  }

 private:
  bool several() const { return history().objectives().size() > 1; }
  const Recipe& recipe() const { return several() ? several_ : one_; }

  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) override {
    const auto ended = history().scored().size() + history().stopped().size();
    if (ended < recipe().startup) return first_draw(trial, rng);
    auto& model = rng.uniform() < recipe().joint_share ? joint_ : single_;
    update(model);
    // Each try is less greedy than the one before.
    for (auto count = recipe().candidates; count > 0; count /= 2) {
      if (auto params = point(model, count, rng)) return {.params = std::move(*params), .note = "tpe"};
    }
    return {.params = space().sample(rng), .note = "random"};
  }

  trial::Proposal first_draw(trial::TrialId trial, base::Rng& rng) const {
    if (recipe().sobol) {
      auto params = space().decode(sobol_.at(static_cast<std::uint64_t>(trial)));
      if (acceptable(params)) return {.params = std::move(params), .note = "sobol"};
    }
    return {.params = space().sample(rng), .note = "random"};
  }

  void update(Model& model) {
    if (split_version_ != history().version()) {
      split_version_ = history().version();
      columns_.update(history().trials());
      const auto ended = history().scored().size() + history().stopped().size();
      const auto& recipe = this->recipe();
      const auto good = good_count(ended, recipe.gamma, recipe.root, several());
      split_ = split_by_quality(history(), good, recipe.pending_good);
    }
    if (model.version == history().version()) return;
    model.version = history().version();
    model.good.clear();
    model.bad.clear();
    for (const auto& block : model.blocks) {
      model.good.push_back(estimator(block, split_.good, several(), model.good_memory));
      model.bad.push_back(estimator(block, split_.bad, false, model.bad_memory));
    }
  }

  std::optional<Parzen> estimator(const Block& block, const std::vector<trial::TrialId>& trials, bool equal,
                                  KernelMemory& memory) const {
    if (block.axes.empty()) return std::nullopt;
    std::vector<trial::TrialId> members;
    for (const auto id : trials) {
      if (columns_.contains(block, id)) members.push_back(id);
    }
    const auto weights = equal ? std::vector<double>(members.size(), 1) : age_weights(members.size());
    return Parzen(columns_, block, members, weights, recipe().kernels, memory);
  }

  /// Block by block the best of `count` draws; nothing if a constraint is broken, or the point was proposed before.
  std::optional<space::Params> point(const Model& model, std::size_t count, base::Rng& rng) const {
    space::Params params;
    std::vector<double> coordinates(columns_.axes().size());
    for (std::size_t i = 0; i < model.blocks.size(); ++i) {
      const auto& block = model.blocks[i];
      if (!space().active(space().parameters()[block.parameters.front()], params)) continue;
      if (!model.good[i]) {
        put(block, coordinates, params);
        continue;
      }
      const auto points = model.good[i]->sample(count, rng);
      const auto order = by_gain(*model.good[i], *model.bad[i], points);
      // Where one block is everything, the next best draws will do as well.
      const auto tries = model.blocks.size() == 1 ? count : 1;
      for (std::size_t k = 0; k < tries; ++k) {
        for (std::size_t j = 0; j < block.axes.size(); ++j)
          coordinates[block.axes[j]] = points.values[j * count + order[k]];
        const bool complete = put(block, coordinates, params);
        if (tries > 1 && complete && acceptable(params)) return params;
        if (tries == 1 && !complete) return std::nullopt;
      }
    }
    if (!acceptable(params)) return std::nullopt;
    return params;
  }

  bool acceptable(const space::Params& params) const {
    return space().satisfies_constraints(params) && !proposed_before(params);
  }

  static std::vector<std::size_t> by_gain(const Parzen& good, const Parzen& bad, const Candidates& points) {
    auto gain = good.log_density(points);
    const auto loss = bad.log_density(points);
    std::vector<std::size_t> order(points.count);
    for (std::size_t k = 0; k < points.count; ++k) {
      gain[k] -= loss[k];
      order[k] = k;
    }
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return gain[a] > gain[b]; });
    return order;
  }

  /// False if one of the values is none of its domain: an empty subset.
  bool put(const Block& block, const std::vector<double>& coordinates, space::Params& params) const {
    for (const auto place : block.parameters) {
      const auto& parameter = space().parameters()[place];
      auto value = columns_.value_of(place, coordinates);
      if (!space::contains(parameter.domain, value)) return false;
      params[parameter.name] = std::move(value);
    }
    return true;
  }

  Recipe one_, several_;  ///< for one objective, and for several
  SobolPoints sobol_;     ///< to begin with
  Columns columns_;
  QualitySplit split_;
  std::uint64_t split_version_ = 0;
  Model joint_, single_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_tpe(const Setup& setup) { return std::make_unique<Tpe>(setup); }

}  // namespace assay::search
