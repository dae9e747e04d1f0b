// BOHB: Hyperband that draws new points from a model of the results so far instead of at random (Falkner, Klein,
// Hutter, "BOHB: Robust and efficient hyperparameter optimization at scale", ICML 2018, section 3).
#include "search/rungs/density_model.hpp"
#include "search/rungs/hyperband.hpp"

namespace assay::search {
namespace {

class Bohb final : public Hyperband {
 public:
  explicit Bohb(const Setup& setup) : Hyperband(setup), model_(setup) {}

 private:
  trial::Proposal draw(trial::TrialId, base::Rng& rng) override { return model_.draw(rungs(), history(), rng); }

  DensityModel model_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_bohb(const Setup& setup) { return std::make_unique<Bohb>(setup); }

}  // namespace assay::search
