#include "search/algorithms.hpp"
#include "search/points/point_search.hpp"
#include "search/points/sobol_points.hpp"

namespace assay::search {
namespace {

class Sobol final : public PointSearch {
 public:
  explicit Sobol(const Setup& setup) : PointSearch(setup), points_(setup.space->parameters().size(), setup.seed) {}

 private:
  trial::Proposal draw(trial::TrialId trial, base::Rng& rng) override {
    auto params = space().decode(points_.at(static_cast<std::uint64_t>(trial)));
    if (space().satisfies_constraints(params) && !proposed_before(params))
      return {.params = std::move(params), .note = "sobol"};
    return {.params = space().sample(rng), .note = "random"};
  }

  SobolPoints points_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_sobol(const Setup& setup) { return std::make_unique<Sobol>(setup); }

}  // namespace assay::search
