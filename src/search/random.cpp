#include "search/algorithms.hpp"
#include "search/point_search.hpp"

namespace assay::search {
namespace {

class Random final : public PointSearch {
 public:
  using PointSearch::PointSearch;

 private:
  study::Proposal draw(study::TrialId, base::Rng& rng) override {
    return {.params = space().sample(rng), .note = "random"};
  }
};

}  // namespace

std::unique_ptr<study::Planner> make_random(const Setup& setup) { return std::make_unique<Random>(setup); }

}  // namespace assay::search
