// NSGA-III (Deb, Jain 2014, see niching.hpp): as NSGA-II, but the last Pareto layer that has room is cut by reference
// directions spread evenly over the trade-offs: for three objectives and more, where crowding says little. Constraints:
// Jain, Deb, part II of the paper.
#include <algorithm>

#include "search/algorithms.hpp"
#include "search/points/genetic.hpp"
#include "search/points/niching.hpp"
#include "stats/reference_points.hpp"

namespace assay::search {
namespace {

/// More directions than that cost time and say nothing.
constexpr std::size_t most_directions = 10'000;

/// The most divisions of the simplex that give no more directions than `most`; at least one.
std::size_t divisions_for(std::size_t axes, std::size_t most) {
  double directions = 1;
  std::size_t divisions = 0;
  while (divisions < most) {
    const auto next = static_cast<double>(divisions + 1);
    directions *= (next + static_cast<double>(axes) - 1) / next;
    if (directions > static_cast<double>(most)) break;
    ++divisions;
  }
  return std::max<std::size_t>(divisions, 1);
}

class Nsga3 final : public Genetic {
 public:
  explicit Nsga3(const Setup& setup)
      : Genetic(setup),
        seed_(setup.seed),
        divisions_(static_cast<std::size_t>(setup.config.integer("search.nsga3.divisions"))) {}

 private:
  std::vector<trial::Scored> survivors(std::vector<trial::Scored> trials, std::size_t count) const override {
    if (trials.empty() || trials.front().score.values.size() < 2) return trial::ranked(std::move(trials), count);
    base::Rng rng(seed_, "nsga3", static_cast<std::int64_t>(trials.size()), "niching");
    std::vector<std::vector<trial::Scored>> classes(3);
    for (auto& trial : trials)
      classes[static_cast<std::size_t>(trial::class_of(trial.score))].push_back(std::move(trial));
    std::vector<trial::Scored> living;
    for (auto& members : classes) {
      const auto room = count - living.size();
      if (room == 0 || members.empty()) continue;
      if (!members.front().score.feasible()) members = trial::ranked(std::move(members), room);
      for (const auto i : niche(members, room, rng)) living.push_back(members[i]);
    }
    return living;
  }

  std::vector<std::size_t> niche(const std::vector<trial::Scored>& trials, std::size_t count, base::Rng& rng) const {
    stats::Points costs;
    for (const auto& trial : trials) {
      costs.push_back(trial.score.values);
      for (auto& value : costs.back()) value = -value;
    }
    const auto axes = costs.front().size();
    // The paper has as many directions as places in the population.
    const auto most = divisions_for(axes, divisions_ == 0 ? count : most_directions);
    const auto divisions = divisions_ == 0 ? most : std::min(divisions_, most);
    return niche_survivors(costs, count, stats::das_dennis(axes, divisions), rng);
  }

  /// Any of them; between one that breaks constraints and another, the better one.
  std::size_t select(const std::vector<trial::Scored>& living, base::Rng& rng) const override {
    const auto count = static_cast<std::int64_t>(living.size());
    const auto one = static_cast<std::size_t>(rng.below(count)), other = static_cast<std::size_t>(rng.below(count));
    return living[other].score.violation < living[one].score.violation ? other : one;
  }

  std::uint64_t seed_;
  std::size_t divisions_;
};

}  // namespace

std::unique_ptr<trial::Planner> make_nsga3(const Setup& setup) { return std::make_unique<Nsga3>(setup); }

}  // namespace assay::search
