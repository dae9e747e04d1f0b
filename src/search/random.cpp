#include "base/json.hpp"
#include "search/algorithms.hpp"
#include "search/point_search.hpp"

namespace assay::search {
namespace {

class Random final : public PointSearch {
 public:
  using PointSearch::PointSearch;
  base::Json describe() const override { return {{"algorithm", "random"}}; }

 private:
  study::Proposal draw(const study::StudyView&, study::TrialId, base::Rng& rng) override {
    return {.params = space().sample(rng), .note = "random"};
  }
};

}  // namespace

std::unique_ptr<study::Planner> make_random(std::shared_ptr<const space::Space> space,
                                            std::vector<study::Proposal> first) {
  return std::make_unique<Random>(std::move(space), std::move(first));
}

}  // namespace assay::search
