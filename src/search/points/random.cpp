#include "search/algorithms.hpp"
#include "search/points/point_search.hpp"

namespace assay::search {
namespace {

class Random final : public PointSearch {
 public:
  using PointSearch::PointSearch;

 private:
  trial::Proposal draw(trial::TrialId, base::Rng& rng) override {
    return {.params = space().sample(rng), .note = "random"};
  }
};

}  // namespace

std::unique_ptr<trial::Planner> make_random(const Setup& setup) { return std::make_unique<Random>(setup); }

}  // namespace assay::search
