// ASHA: Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht, Talwalkar, "A system for massively parallel
// hyperparameter tuning", MLSys 2020 (arXiv 1810.05934), algorithm 2: a worker promotes a trial that is among the best
// 1/eta of its rung, the highest rung first; where there is none it begins a new trial. Nobody waits. Several
// objectives: the best by non-dominated sorting (Schmucker et al., "Multi-objective asynchronous successive halving",
// arXiv 2106.12639), of one layer the least crowded.
//
// Failed trials count in their rung as the worst. A trial goes on from its own checkpoint.
#include "search/algorithms.hpp"
#include "search/rungs/density_model.hpp"
#include "search/rungs/rung_search.hpp"

namespace assay::search {
namespace {

class Asha final : public RungSearch {
 public:
  explicit Asha(const Setup& setup)
      : RungSearch(setup), eta_(static_cast<std::size_t>(setup.config.integer("search.eta"))) {
    if (setup.config.text("search.asha.sampler") == "model") model_.emplace(setup);
  }

 private:
  std::optional<trial::Continue> promotion(bool) override {
    for (auto level = rungs().top(); level-- > 0;) {
      const auto quota = (rungs().scored(level) + rungs().lost(level)) / eta_;
      for (const auto id : rungs().best(level, quota)) {
        if (rungs().at(id).highest() == level) return up(id);
      }
    }
    return std::nullopt;
  }

  trial::Proposal draw(trial::TrialId, base::Rng& rng) override {
    if (model_) return model_->draw(rungs(), history(), rng);
    return {.params = space().sample(rng), .note = "random"};
  }

  std::size_t eta_;
  std::optional<DensityModel> model_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_asha(const Setup& setup) { return std::make_unique<Asha>(setup); }

}  // namespace assay::search
