// Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning", Machine
// Learning 8, 1992, as Zoph, Le, "Neural architecture search with reinforcement learning", ICLR 2017 (3.2) use it: one
// step uphill per batch, rewards against their moving average; with a bonus for entropy (Bello et al., 2016).
#include "search/algorithms.hpp"
#include "search/points/policy_search.hpp"

namespace assay::search {
namespace {

class Reinforce final : public PolicySearch {
 public:
  explicit Reinforce(const Setup& setup)
      : PolicySearch(setup, static_cast<std::size_t>(setup.config.integer("search.reinforce.hidden")),
                     static_cast<std::size_t>(setup.config.integer("search.reinforce.batch"))),
        rate_(setup.config.number("search.reinforce.rate")),
        bonus_(setup.config.number("search.reinforce.entropy")) {}

 private:
  void learn(Learned& learned, const std::vector<Lesson>& batch) const override {
    constexpr double keep = 0.8;  // of the baseline
    const auto count = static_cast<double>(batch.size());
    double mean = 0;
    for (const auto& lesson : batch) mean += lesson.reward / count;
    if (learned.updates == 0) learned.baseline = mean;
    std::vector<double> gradient(learned.weights.size(), 0.0);
    for (const auto& [decisions, reward] : batch) {
      policy().add_gradient(learned.weights, decisions, (reward - learned.baseline) / count, bonus_ / count, gradient);
    }
    learned.ascent.step(learned.weights, gradient, rate_);
    learned.baseline = keep * learned.baseline + (1 - keep) * mean;
  }

  double rate_, bonus_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_reinforce(const Setup& setup) { return std::make_unique<Reinforce>(setup); }

}  // namespace assay::search
