// Schulman, Wolski, Dhariwal, Radford, Klimov, "Proximal policy optimization algorithms", 2017 (arXiv 1707.06347):
// several epochs over each batch, in small parts, on the clipped objective (equation 7). A trial is one episode whose
// reward comes at its end; the rewards' moving average takes the place of a critic.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/algorithms.hpp"
#include "search/points/policy_search.hpp"

namespace assay::search {
namespace {

class Ppo final : public PolicySearch {
 public:
  explicit Ppo(const Setup& setup)
      : PolicySearch(setup, static_cast<std::size_t>(setup.config.integer("search.ppo.hidden")),
                     static_cast<std::size_t>(setup.config.integer("search.ppo.batch"))),
        rate_(setup.config.number("search.ppo.rate")),
        bonus_(setup.config.number("search.ppo.entropy")),
        clip_(setup.config.number("search.ppo.clip")),
        epochs_(setup.config.integer("search.ppo.epochs")),
        part_(static_cast<std::size_t>(setup.config.integer("search.ppo.minibatch"))) {}

 private:
  void learn(Learned& learned, const std::vector<Lesson>& batch) const override {
    const auto advantages = advantages_of(learned, batch);
    std::vector<double> before;
    for (const auto& lesson : batch) before.push_back(policy().log_probability(learned.weights, lesson.decisions));
    std::vector<std::size_t> order(batch.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    base::Rng rng(seed(), "ppo", static_cast<std::int64_t>(learned.updates), "parts");
    for (std::int64_t epoch = 0; epoch < epochs_; ++epoch) {
      rng.shuffle(order);
      for (std::size_t begin = 0; begin < order.size(); begin += part_) {
        const auto end = std::min(order.size(), begin + part_);
        const double share = 1 / static_cast<double>(end - begin);
        std::vector<double> gradient(learned.weights.size(), 0.0);
        for (auto i = begin; i < end; ++i) {
          const auto& decisions = batch[order[i]].decisions;
          const double ratio = std::exp(policy().log_probability(learned.weights, decisions) - before[order[i]]);
          const double advantage = advantages[order[i]];
          // Beyond the clip, the objective is flat.
          const bool flat = advantage > 0 ? ratio > 1 + clip_ : ratio < 1 - clip_;
          policy().add_gradient(learned.weights, decisions, flat ? 0 : share * advantage * ratio, share * bonus_,
                                gradient);
        }
        learned.ascent.step(learned.weights, gradient, rate_);
      }
    }
  }

  /// Above the baseline, in standard deviations of the batch.
  static std::vector<double> advantages_of(Learned& learned, const std::vector<Lesson>& batch) {
    constexpr double keep = 0.8;  // of the baseline
    const auto count = static_cast<double>(batch.size());
    double mean = 0, squares = 0;
    for (const auto& lesson : batch) mean += lesson.reward / count;
    for (const auto& lesson : batch) squares += (lesson.reward - mean) * (lesson.reward - mean) / count;
    if (learned.updates == 0) learned.baseline = mean;
    std::vector<double> advantages;
    for (const auto& lesson : batch)
      advantages.push_back((lesson.reward - learned.baseline) / (std::sqrt(squares) + 1e-3));
    learned.baseline = keep * learned.baseline + (1 - keep) * mean;
    return advantages;
  }

  double rate_, bonus_, clip_;
  std::int64_t epochs_;
  std::size_t part_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_ppo(const Setup& setup) { return std::make_unique<Ppo>(setup); }

}  // namespace assay::search
