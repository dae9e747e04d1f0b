// Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE Transactions on
// Evolutionary Computation 6, 2002. Who lives (III-C): by Pareto layer, the last one that has room by crowding. Who has
// children (III-C): the better of two drawn at random. What breaks a constraint stands behind all that do not, by how
// far it does (VI). Crossover and mutation: genetic.hpp.
#include <algorithm>

#include "search/algorithms.hpp"
#include "search/points/genetic.hpp"

namespace assay::search {
namespace {

class Nsga2 final : public Genetic {
 public:
  using Genetic::Genetic;

 private:
  std::vector<trial::Scored> survivors(std::vector<trial::Scored> trials, std::size_t count) const override {
    return trial::ranked(std::move(trials), count);
  }

  /// They stand in order: the better one is the one that stands first.
  std::size_t select(const std::vector<trial::Scored>& living, base::Rng& rng) const override {
    const auto count = static_cast<std::int64_t>(living.size());
    const auto one = rng.below(count), other = rng.below(count);
    return static_cast<std::size_t>(std::min(one, other));
  }
};

}  // namespace

std::unique_ptr<trial::Planner> make_nsga2(const Setup& setup) { return std::make_unique<Nsga2>(setup); }

}  // namespace assay::search
