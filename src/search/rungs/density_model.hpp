// The model of BOHB: Falkner, Klein, Hutter, "BOHB: Robust and efficient hyperparameter optimization at scale", ICML
// 2018, section 3.2. At the highest fidelity that has enough results: a density of the good points, one of the bad
// ones; of many points drawn near good ones the one with the best ratio is proposed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "search/algorithms.hpp"
#include "search/history.hpp"
#include "search/rungs/density.hpp"
#include "search/rungs/rungs.hpp"

namespace assay::search {

class DensityModel {
 public:
  explicit DensityModel(const Setup& setup);

  /// A point of the model, or at random: where there is none yet, and for a share of all draws.
  trial::Proposal draw(const Rungs& rungs, const History& history, base::Rng& rng);

 private:
  struct Fit {
    std::size_t level;
    Density good, bad;
  };
  void fit(const Rungs& rungs, const History& history);

  std::shared_ptr<const space::Space> space_;
  std::vector<std::size_t> categories_;
  double random_share_, good_share_;
  std::int64_t candidates_;
  std::optional<Fit> fit_;
  std::uint64_t fitted_ = 0;  ///< version of the history
};

}  // namespace assay::search
