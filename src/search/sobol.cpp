#include "search/algorithms.hpp"
#include "search/point_search.hpp"
#include "search/sobol_points.hpp"

namespace assay::search {
namespace {

class Sobol final : public PointSearch {
 public:
  explicit Sobol(const Setup& setup) : PointSearch(setup), points_(setup.space->parameters().size(), setup.seed) {}

 private:
  study::Proposal draw(study::TrialId trial, base::Rng& rng) override {
    auto params = space().decode(points_.at(static_cast<std::uint64_t>(trial)));
    if (space().satisfies_constraints(params) && !proposed_before(params))
      return {.params = std::move(params), .note = "sobol"};
    return {.params = space().sample(rng), .note = "random"};
  }

  SobolPoints points_;
};

}  // namespace

std::unique_ptr<study::Planner> make_sobol(const Setup& setup) { return std::make_unique<Sobol>(setup); }

}  // namespace assay::search
